"""The one place that knows aiokafka: a connection to a topic, and its errors as ours."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from twitterhandler.errors import MissingExtraError, SinkError, SinkRefusedError
from twitterhandler.sinks.kafka_place import Compression, KafkaAccess, KafkaPlace, KafkaTopic

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

MAX_RECORD: Final = 1_000_000
"""Bytes of a record: what a broker takes unless it was told otherwise, with room for its own."""
LINGER_MS: Final = 20
"""Records of this time go together: a request each would cost more than all else that is done for one."""
BATCH_BYTES: Final = 256 * 1024
REQUEST_SECONDS: Final = 30.0
"""A change of leaders takes up to 15 s."""
GIVE_UP_SECONDS: Final = 2.0
_EXISTS: Final = 36
_REFUSED_TOPIC: Final = frozenset({17, 37, 38, 40, 42, 44})
"""Invalid name, partitions, replication, configuration, request; against a policy."""
_FORBIDDEN: Final = frozenset({29, 31})
_ANOTHER_NAME: Final = frozenset({62, 64})
"""OpenSSL's codes of a certificate that is good, but of another host or address."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    topic: KafkaTopic = field(default_factory=KafkaTopic)
    access: KafkaAccess = field(default_factory=KafkaAccess)
    compression: Compression = "zstd"  # measured: a third less on disk than lz4, and less work


class KafkaConnection:
    """Sends to one topic, idempotent and acknowledged by all replicas in sync; records of a key keep their order.

    Nothing is given up by itself: a record whose broker is away is sent again until `abandon`.
    """

    def __init__(self, place: KafkaPlace, producer: "AIOKafkaProducer") -> None:
        self._place = place
        self._producer = producer

    @classmethod
    async def open(cls, place: KafkaPlace, options: KafkaOptions, *, patience: float) -> "KafkaConnection":
        """Makes the topic if it is missing.

        Raises:
            SinkError: nobody answers within `patience` seconds.
            SinkRefusedError: they answer, and do not let us in.
            MissingExtraError: aiokafka is not installed.
        """
        aiokafka = _vendor()
        client = _client_settings(place, options.access)
        with kafka_errors(place):
            async with asyncio.timeout(patience):
                await _knock(place, client)
                await _make_topic(place, options.topic, client)
                producer = aiokafka.AIOKafkaProducer(
                    **client,
                    enable_idempotence=True,
                    acks="all",
                    compression_type=None if options.compression == "none" else options.compression,
                    linger_ms=LINGER_MS,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=2 * MAX_RECORD,
                )
                connection = cls(place, producer)
                try:
                    await producer.start()
                except BaseException:
                    await connection.abandon()
                    raise
        return connection

    async def send(self, key: bytes, value: bytes) -> "asyncio.Future[Any]":
        """Takes a record; the future is done when all replicas in sync have it. Waits while a batch is full."""
        with kafka_errors(self._place):
            future: asyncio.Future[Any] = await self._producer.send(self._place.topic, value, key)
            return future

    async def abandon(self) -> None:
        """Lets go at once; what was not acknowledged may or may not have arrived."""
        # `stop` waits for brokers that may never come back; this is what it does beside that.
        producer = self._producer
        closing = asyncio.ensure_future(producer._sender.close())
        await asyncio.wait({closing}, timeout=GIVE_UP_SECONDS)
        closing.cancel()
        producer._closed = True
        await producer.client.close()


def failure(place: KafkaPlace, exc: BaseException) -> SinkError:
    """What the vendor, or the system below it, says: as ours, with what to do. Whatever is not a refusal may pass."""
    from aiokafka import errors  # noqa: PLC0415 - an extra

    refusals: Mapping[type[BaseException], str] = {
        errors.SaslAuthenticationFailed: "does not know the user or the password; check TWITTERHANDLER_KAFKA_USER",
        errors.AuthenticationFailedError: "does not know the user or the password; check TWITTERHANDLER_KAFKA_USER",
        errors.UnsupportedSaslMechanismError: "wants another way to log in; set TWITTERHANDLER_KAFKA_MECHANISM",
        errors.TopicAuthorizationFailedError: f"does not let us write to {place.topic}; ask for the right to",
        errors.ClusterAuthorizationFailedError: "does not let us in; ask for the right to write",
        errors.MessageSizeTooLargeError: f"takes no record of 1 MB; set max.message.bytes of {place.topic} to 1048588",
        errors.InvalidTopicError: f"takes no topic named {place.topic}; use letters, digits, `.`, `_` and `-`",
        errors.IncompatibleBrokerVersion: "is too old for this client; bring it up to date",
    }
    for kind, words in refusals.items():
        if isinstance(exc, kind):
            return SinkRefusedError(f"{place} {words}")
    if isinstance(exc, ssl.SSLError):
        return SinkRefusedError(f"{place} {_distrust(exc)}")
    if isinstance(exc, TimeoutError):
        return SinkError(f"{place} does not answer; start it, or check the address")
    if isinstance(exc, errors.KafkaConnectionError | ConnectionResetError):
        return SinkError(f"{place} hangs up; start it, or check the address and TWITTERHANDLER_KAFKA_TLS")
    if isinstance(exc, OSError):
        return SinkError(f"{place} cannot be reached; start it, or check the address")
    return SinkError(f"{place}: {type(exc).__name__}; it is tried again")


def _distrust(exc: ssl.SSLError) -> str:
    if not isinstance(exc, ssl.SSLCertVerificationError):
        return (
            f"and we do not come to speak TLS ({exc.reason}); check TWITTERHANDLER_KAFKA_TLS, _CERTIFICATE and the port"
        )
    if exc.verify_code in _ANOTHER_NAME:
        return f"shows a certificate of another host ({exc.verify_message}); write the address that it names"
    return (
        f"shows a certificate that is not trusted ({exc.verify_message}); set TWITTERHANDLER_KAFKA_CA to who signed it"
    )


@contextlib.contextmanager
def kafka_errors(place: KafkaPlace) -> Iterator[None]:
    from aiokafka.errors import IllegalArgumentError, KafkaError  # noqa: PLC0415 - an extra

    try:
        yield
    except (SinkError, IllegalArgumentError):  # is ours; is our fault
        raise
    except (KafkaError, OSError) as exc:  # TimeoutError is an OSError
        raise failure(place, exc) from exc


def _vendor() -> Any:
    if find_spec("aiokafka") is None or find_spec("cramjam") is None:  # the second compresses
        raise MissingExtraError("Kafka needs an extra: pip install 'twitterhandler[kafka]'")
    import aiokafka  # noqa: PLC0415 - an extra

    return aiokafka


def _client_settings(place: KafkaPlace, access: KafkaAccess) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "bootstrap_servers": list(place.servers),
        "client_id": "twitterhandler",
        "request_timeout_ms": int(REQUEST_SECONDS * 1_000),
        "security_protocol": access.protocol,
        "ssl_context": access.context(),
    }
    if access.user is not None:
        settings["sasl_mechanism"] = access.mechanism
        settings["sasl_plain_username"] = access.user
        settings["sasl_plain_password"] = access.password
    return settings


async def _knock(place: KafkaPlace, client: Mapping[str, Any]) -> None:
    """Raises what keeps us out of the last server, if it is all of them: a client tells only that it got nowhere."""
    from aiokafka.conn import create_conn  # noqa: PLC0415 - an extra
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - an extra

    settings = {name: value for name, value in client.items() if name != "bootstrap_servers"}
    for left, server in reversed([*enumerate(reversed(place.servers))]):
        host, _, port = server.rpartition(":")
        try:
            connection = await create_conn(host.strip("[]"), int(port), **settings)
        except (KafkaError, OSError):
            if not left:
                raise
        else:
            connection.close()
            return


async def _make_topic(place: KafkaPlace, topic: KafkaTopic, client: Mapping[str, Any]) -> None:
    from aiokafka.admin import NewTopic  # noqa: PLC0415 - an extra

    new = NewTopic(
        place.topic,
        num_partitions=topic.partitions,
        replication_factor=topic.replication or -1,
        replica_assignments=None if topic.replication else {},  # what aiokafka wants to see beside -1
        topic_configs={"retention.ms": str(round(topic.retention.total_seconds() * 1_000))},
    )
    async with _administration(place, client) as admin:
        answer = await admin.create_topics([new])
    [(_, code, reason, *_)] = answer.topic_errors
    if code == 0:
        log.info("made the topic %s: %d partitions, kept for %s", place.topic, topic.partitions, topic.retention)
    elif code in _REFUSED_TOPIC:
        raise SinkRefusedError(f"{place} cannot make the topic {place.topic}: {reason}; change the setting")
    elif code not in (_EXISTS, *_FORBIDDEN):  # who may not make topics may write to one that is there
        raise SinkError(f"{place} cannot make the topic {place.topic}: {reason}; it is tried again")


@contextlib.asynccontextmanager
async def _administration(place: KafkaPlace, client: Mapping[str, Any]) -> AsyncIterator[Any]:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - an extra

    admin = AIOKafkaAdminClient(**client)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
