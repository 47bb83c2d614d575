"""The real servers keep what a test of durability relies on: acknowledged is there after kill -9, on the same port."""

import asyncio
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cassandra.cluster import Cluster
from redis import Redis as RedisClient
from servers import Cassandra, Kafka, Redis
from servers.process import answers

ROWS = 200


def test_kafka_has_after_kill_minus_nine_what_it_acknowledged(kafka_server: Kafka, kafka_url: str) -> None:
    topic = kafka_url.rpartition("/")[2]

    async def write() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap, enable_idempotence=True) as producer:
            for number in range(ROWS):
                await producer.send(topic, b"%d" % number)
            await producer.flush()

    async def read() -> list[bytes]:
        async with AIOKafkaConsumer(bootstrap_servers=kafka_server.bootstrap) as consumer:
            consumer.assign([TopicPartition(topic, 0)])
            await consumer.seek_to_beginning()
            return [(await consumer.getone()).value for _ in range(ROWS)]

    asyncio.run(write())
    before = kafka_server.bootstrap
    kafka_server.kill()
    assert not kafka_server.is_running
    kafka_server.restart()
    assert kafka_server.bootstrap == before
    assert asyncio.run(asyncio.wait_for(read(), 30)) == [b"%d" % number for number in range(ROWS)]


def test_cassandra_has_after_kill_minus_nine_what_it_acknowledged(
    cassandra_server: Cassandra, cassandra_url: str
) -> None:
    keyspace = cassandra_url.rpartition("/")[2]
    with Cluster(["127.0.0.1"], port=cassandra_server.port) as cluster:
        session = cluster.connect()
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        session.execute(f"create keyspace {keyspace} with replication = {replication}")
        session.execute(f"create table {keyspace}.rows (id int primary key)")
        for number in range(ROWS):
            session.execute(f"insert into {keyspace}.rows (id) values (%s)", [number])
    cassandra_server.kill()
    cassandra_server.restart()
    with Cluster(["127.0.0.1"], port=cassandra_server.port) as cluster:
        found = cluster.connect().execute(f"select id from {keyspace}.rows")
        assert sorted(row.id for row in found) == list(range(ROWS))


def test_redis_has_after_kill_minus_nine_what_it_acknowledged(redis_server: Redis, redis_url: str) -> None:
    with RedisClient.from_url(redis_url) as client:
        for number in range(ROWS):
            client.rpush("rows", number)
        redis_server.kill()
        redis_server.restart()
        assert client.lrange("rows", 0, -1) == [b"%d" % number for number in range(ROWS)]


def test_a_test_run_that_is_killed_leaves_no_server(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys, pathlib, signal
        from servers import Redis
        with Redis(pathlib.Path(sys.argv[1])) as server:
            print(server.port, flush=True)
            signal.pause()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin"},
        text=True,
    ) as run:
        assert run.stdout is not None
        port = int(run.stdout.readline())
        run.kill()
        assert run.wait() == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline, "the server has outlived the test run that started it"
