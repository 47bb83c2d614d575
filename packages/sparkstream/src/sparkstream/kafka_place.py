"""Where a Kafka topic is and how one gets in: values, read from a URL that holds no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from sparkstream.errors import SettingsError

Mechanism: TypeAlias = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

PORT: Final = 9092
_LOGIN: Final = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


@dataclass(frozen=True, slots=True)
class KafkaPlace:
    """A topic, and the servers (`host:port`) of which one has to answer."""

    servers: tuple[str, ...]
    topic: str

    @classmethod
    def parse(cls, url: str) -> KafkaPlace:
        """Read `kafka://host:9092,other:9092/topic`; without a port it is 9092.

        Raises:
            SettingsError: it is no such URL, or holds a user or a password: URLs are shown.
        """
        if "@" in url:
            raise SettingsError(
                "a URL of Kafka holds no user; set SPARKSTREAM_KAFKA_USER and SPARKSTREAM_KAFKA_PASSWORD"
            )
        parts = urlsplit(url)
        topic = parts.path.removeprefix("/")
        servers = tuple(host if _has_port(host) else f"{host}:{PORT}" for host in parts.netloc.split(",") if host)
        if parts.scheme != "kafka" or not servers or not topic or "/" in topic or parts.query or parts.fragment:
            raise SettingsError(
                f"{url!r} is no queue; write kafka://HOST:PORT/TOPIC, as in kafka://localhost:9092/posts"
            )
        return cls(servers, topic)

    def __str__(self) -> str:
        return f"Kafka at {','.join(self.servers)}"


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How one gets in; the default is plain text without a user. `ca`: PEM, to trust instead of Java's own."""

    tls: bool = False
    ca: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: Mechanism = "PLAIN"

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise SettingsError("Kafka's user and password go together; set both or none")
        if self.ca and not self.tls:
            raise SettingsError("a certificate for Kafka means nothing without TLS; set SPARKSTREAM_KAFKA_TLS, too")

    def settings(self) -> dict[str, str]:
        """As Kafka's clients in Java want them."""
        protocol = ("SASL_" if self.user is not None else "") + ("SSL" if self.tls else "PLAINTEXT")
        found = {"security.protocol": protocol}
        if self.ca:
            found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(self.ca.absolute())}
        if self.user is not None and self.password is not None:
            login = f'username="{_quoted(self.user)}" password="{_quoted(self.password)}"'
            found |= {
                "sasl.mechanism": self.mechanism,
                "sasl.jaas.config": f"{_LOGIN[self.mechanism]} required {login};",
            }
        return found


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and not host.endswith("]")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
