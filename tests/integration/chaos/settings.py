"""Where a round is played: the URLs, the queue's writer, and the servers that can be killed."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import kafka_topics
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from servers import Cassandra, Kafka, Redis
from servers.process import Server
from sparkstream.testing import write_spool
from twitterhandler.posts import decode
from twitterhandler.sinks import KafkaPlace, KafkaSink, SpillSink

Put: TypeAlias = Callable[[bytes, bool], Awaitable[None]]
"""Takes a line, and whether it is one that the collector cannot have written."""
PARTITIONS = 3
PATIENCE = 600_000
"""Milliseconds after which a producer gives a record up."""


class Setting(Protocol):
    folder: Path
    queue: str
    store: str
    speed: str | None
    servers: Mapping[str, Server]
    jars: str

    def prepare(self) -> None:
        """Make the queue."""

    def writer(self) -> AbstractAsyncContextManager[Put]:
        """Whoever writes the queue; at the end everything is in it."""

    def is_read(self, offset: str) -> bool:
        """Whether nothing comes in the queue after this offset, as Spark has written it down."""


class Embedded:
    """The spool and SQLite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.queue, self.store, self.speed = f"spool:{folder / 'spool'}", f"sqlite:{folder / 'views.db'}", None
        self.servers: Mapping[str, Server] = {}
        self.jars = "."

    @property
    def _segment(self) -> Path:
        return self.folder / "spool" / f"{0:020d}.jsonl"

    def prepare(self) -> None:
        write_spool(self.folder / "spool", [])

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Put]:
        """Appends in two parts, so that the reader meets half lines."""
        with self._segment.open("ab", buffering=0) as segment:

            async def put(line: bytes, broken: bool) -> None:
                segment.write(line[: len(line) // 2])
                await asyncio.sleep(0)
                segment.write(line[len(line) // 2 :] + b"\n")

            yield put

    def is_read(self, offset: str) -> bool:
        return json.loads(offset)["position"] == self._segment.stat().st_size


class OnServers:
    """Kafka, Cassandra and Redis: a topic and a keyspace of its own, and the database of Redis that `speed` names.

    What the collector can write goes through its own sink, which keeps on the disk what a dead broker does not take;
    what it cannot, as torn lines, comes from another program.
    """

    def __init__(
        self, folder: Path, kafka: Kafka, cassandra: Cassandra, redis: Redis, *, speed: str, jars: str
    ) -> None:
        name = f"chaos_{uuid.uuid4().hex[:12]}"
        self.folder, self.jars = folder, jars
        self.queue, self.store, self.speed = kafka.url(name), cassandra.url(name), speed
        self.servers: Mapping[str, Server] = {"kafka": kafka, "cassandra": cassandra, "redis": redis}

    def prepare(self) -> None:
        kafka_topics.make(self.queue, partitions=PARTITIONS, settings={"max.message.bytes": str(4 << 20)})

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Put]:
        server, topic = kafka_topics.server_and_topic(self.queue)
        collector = KafkaSink(KafkaPlace.parse(self.queue), patience=3.0)
        foreign = AIOKafkaProducer(
            bootstrap_servers=server,
            enable_idempotence=True,
            max_request_size=4 << 20,
            request_timeout_ms=PATIENCE,
        )
        async with foreign, SpillSink(collector, self.folder / "spill") as sink:
            sent = []

            async def put(line: bytes, broken: bool) -> None:
                if broken:
                    sent.append(await foreign.send(topic, line))
                else:
                    await sink.put(decode(line))

            yield put
            await asyncio.gather(*sent)
            await sink.flush()
            while sink.spilled or sink.waiting or collector.unacknowledged:
                await asyncio.sleep(0.2)
                await sink.flush()

    def is_read(self, offset: str) -> bool:
        server, topic = kafka_topics.server_and_topic(self.queue)

        async def ends() -> dict[str, int]:
            async with AIOKafkaConsumer(bootstrap_servers=server) as consumer:
                found = await consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
                return {str(place.partition): end for place, end in found.items()}

        return bool(json.loads(offset)[topic] == asyncio.run(asyncio.wait_for(ends(), 30)))
