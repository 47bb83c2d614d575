"""What tests do with topics of a real broker; a URL is `kafka://host:port/topic`."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord

Message = tuple[bytes | None, bytes | None]
"""Key and value."""


def server_and_topic(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path.removeprefix("/")


@asynccontextmanager
async def _admin(server: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=server)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def make(url: str, *, partitions: int = 1, settings: Mapping[str, str] | None = None) -> None:
    server, topic = server_and_topic(url)

    async def run() -> None:
        async with _admin(server) as admin:
            new = NewTopic(topic, partitions, 1, topic_configs=dict(settings or {}))
            answer = await admin.create_topics([new])
            assert answer.topic_errors[0][1] == 0, answer

    asyncio.run(run())


def delete(url: str) -> None:
    server, topic = server_and_topic(url)

    async def run() -> None:
        async with _admin(server) as admin:
            await admin.delete_topics([topic])

    asyncio.run(run())


def settings(url: str) -> tuple[int, dict[str, str]]:
    """The number of partitions, and the settings of the topic."""
    server, topic = server_and_topic(url)

    async def run() -> tuple[int, dict[str, str]]:
        async with _admin(server) as admin:
            [described] = await admin.describe_topics([topic])
            [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            [(*_, found)] = answer.resources
            return len(described["partitions"]), {entry[0]: entry[1] for entry in found}

    return asyncio.run(run())


def write(url: str, messages: Iterable[Message], **options: Any) -> None:
    """In order; a value may be 2 MB. The topic has to be there. `options` are the producer's."""
    server, topic = server_and_topic(url)

    async def run() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=server,
            enable_idempotence=True,
            max_request_size=4 << 20,
            max_batch_size=1 << 18,
            **options,
        )
        async with producer:
            for key, value in messages:
                await producer.send(topic, value, key)
            await producer.flush()

    asyncio.run(run())


def read(url: str) -> list[ConsumerRecord[bytes, bytes]]:
    """Everything that is in the topic: partition after partition, each in its order. None while there is no topic."""
    server, topic = server_and_topic(url)

    async def run() -> list[ConsumerRecord[bytes, bytes]]:
        async with AIOKafkaConsumer(bootstrap_servers=server, auto_offset_reset="earliest") as consumer:
            async with _admin(server) as admin:
                [described] = await admin.describe_topics([topic])
            partitions = [TopicPartition(topic, one["partition"]) for one in described["partitions"]]
            if not partitions:
                return []
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[ConsumerRecord[bytes, bytes]] = []
            while any([await consumer.position(one) < ends[one] for one in partitions]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return sorted(found, key=lambda record: (record.partition, record.offset))

    return asyncio.run(asyncio.wait_for(run(), 60))


def lines(url: str) -> list[bytes]:
    return [record.value for record in read(url) if record.value is not None]
