"""Where a Kafka topic is and how one gets in: values, read from a URL that holds no secret."""

import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from twitterhandler.errors import SettingError

Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

PORT: Final = 9092


@dataclass(frozen=True, slots=True)
class KafkaPlace:
    """A topic, and the servers (`host:port`) of which one has to answer."""

    servers: tuple[str, ...]
    topic: str

    @classmethod
    def parse(cls, url: str) -> "KafkaPlace":
        """Reads `kafka://host:9092,other:9092/topic`; without a port it is 9092.

        Raises:
            SettingError: it is no such URL, or holds a user or a password: settings are shown in logs.
        """
        if "@" in url:
            raise SettingError("a URL of Kafka holds no user; set TWITTERHANDLER_KAFKA_USER and …_KAFKA_PASSWORD")
        parts = urlsplit(url)
        topic = parts.path.removeprefix("/")
        servers = tuple(_server(host) for host in parts.netloc.split(",") if host)
        if parts.scheme != "kafka" or not servers or not topic or "/" in topic or parts.query or parts.fragment:
            raise SettingError(f"{url!r} is no topic of Kafka; write kafka://HOST:PORT/TOPIC")
        return cls(servers, topic)

    def __str__(self) -> str:
        return f"Kafka at {','.join(self.servers)}"


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """How the topic is made when it is missing; one that is there stays as it is.

    Attributes:
        partitions: As many readers can share the work; posts of one id stay in one.
        replication: Copies of each; None leaves it to the brokers.
        retention: How long a reader may be away.
    """

    partitions: int = 6
    replication: int | None = None
    retention: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How one gets in; the default is plain text without a user.

    Attributes:
        ca: Certificates to trust instead of the system's.
        certificate: Our own, for brokers that ask for one; `key` is its private key.
    """

    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: Mechanism = "PLAIN"

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise SettingError("Kafka's user and password go together; set both or none")
        if not self.tls and (self.ca or self.certificate or self.key):
            raise SettingError("certificates for Kafka mean nothing without TLS; switch it on, or leave them out")
        if self.key and not self.certificate:
            raise SettingError("a key for Kafka is of no use without its certificate; set it as well")

    @property
    def protocol(self) -> str:
        return ("SASL_" if self.user is not None else "") + ("SSL" if self.tls else "PLAINTEXT")

    def context(self) -> ssl.SSLContext | None:
        """For TLS, host names checked.

        Raises:
            SettingError: a file cannot be used.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as exc:
            raise SettingError(f"a certificate for Kafka cannot be used: {exc}; check its path and form") from exc
        return context


def _server(host: str) -> str:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        return f"{host}:{PORT}"
    if not name or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise SettingError(f"{host!r} is no server of Kafka; write HOST:PORT")
    return host
