"""How much has arrived at a queue, counted from outside while it is written."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 6


class Arrivals(Protocol):
    def posts(self) -> int:
        """How many have arrived until now."""
        ...

    def close(self) -> None: ...


def spool_arrivals(folder: Path) -> Arrivals:
    return _Spool(folder)


def kafka_arrivals(place: str) -> Arrivals:
    return _Kafka(place)


class _Spool:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._counts: Counter[str] = Counter()

    def posts(self) -> int:
        for segment in sorted(self._folder.glob("*.jsonl")):
            with segment.open("rb") as stream:
                stream.seek(self._read.get(segment, 0))
                whole = stream.read().rpartition(b"\n")[0]
            if whole:
                self._read[segment] = self._read.get(segment, 0) + len(whole) + 1
                self._counts.update(line.split(b'"', 6)[5].decode() for line in whole.split(b"\n"))
        return self._counts["post"] + self._counts["edit"]

    def close(self) -> None:
        pass


class _Kafka:
    """Makes the topic, and reads it whenever it is asked."""

    def __init__(self, place: str) -> None:
        self._posts = 0
        self._loop = asyncio.new_event_loop()
        self._consumer = self._loop.run_until_complete(_consumer(place))

    def posts(self) -> int:
        while self._loop.run_until_complete(self._read()):
            pass
        return self._posts

    def close(self) -> None:
        self._loop.run_until_complete(self._consumer.stop())
        self._loop.close()

    async def _read(self) -> int:
        found = await self._consumer.getmany(timeout_ms=50)
        records = [record.value for records in found.values() for record in records]
        self._posts += sum(value.split(b'"', 6)[5] in (b"post", b"edit") for value in records)
        return len(records)


async def _consumer(place: str) -> AIOKafkaConsumer:
    address = urlsplit(place)
    topic = address.path.strip("/")
    admin = AIOKafkaAdminClient(bootstrap_servers=address.netloc)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])
    finally:
        await admin.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=address.netloc, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
    return consumer
