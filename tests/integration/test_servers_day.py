"""Promise 1 on servers: a day through Kafka into Cassandra and Redis, and whatever is killed, the same numbers."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import kafka_topics
import orjson
import pytest
from day_views import assert_equals_the_seed
from redis import Redis as RedisClient
from servers import Cassandra, Kafka, Redis
from servers.process import Server
from sparkstream import open_store
from sparkstream.stage import AFTER_MASTER, AFTER_SPEED, BEFORE_MASTER, INSIDE_MASTER
from sparkstream.times import DAY, HOUR, MINUTE
from twitterhandler.testing import SimulatedDay, simulated_day

JOB = Path(__file__).with_name("known_job.py")
KILLS = ((BEFORE_MASTER, 0), (INSIDE_MASTER, 1), (AFTER_MASTER, 2), (AFTER_SPEED, 3))


@dataclass(frozen=True)
class Place:
    folder: Path
    queue: str
    store: str
    speed: str
    jars: str

    def run(self, *kill: object) -> int:
        urls = {"KNOWN_JOB_QUEUE": self.queue, "KNOWN_JOB_STORE": self.store, "KNOWN_JOB_SPEED": self.speed}
        command = [sys.executable, JOB, self.folder, *map(str, kill)]
        with (self.folder / "job.log").open("ab") as log:
            return subprocess.run(
                command,
                env={**os.environ, **urls, "SPARKSTREAM_JARS": self.jars},
                stderr=log,
                timeout=300,
                check=False,
            ).returncode

    def holds(self, day: SimulatedDay, tops: Sequence[int] = (MINUTE, HOUR, DAY)) -> None:
        assert_equals_the_seed(open_store(self.store, self.speed), day, tops)


@pytest.fixture(scope="module")
def day() -> SimulatedDay:
    return simulated_day(seed=23, posts=3_000, duplicates=0.08)


@pytest.fixture
def urls(kafka_url: str, cassandra_url: str, redis_url: str) -> tuple[str, str, str]:
    return kafka_url, cassandra_url, redis_url


@pytest.fixture
def place(day: SimulatedDay, urls: tuple[str, str, str], spark_jars: str, tmp_path: Path) -> Place:
    queue = urls[0]
    kafka_topics.make(queue, partitions=3)
    kafka_topics.write(queue, ((orjson.loads(line)["id"].encode(), line) for line in day.lines))
    return Place(tmp_path, *urls, spark_jars)


def test_the_job_killed_at_every_named_point_and_a_server_with_it_changes_no_number(
    place: Place, day: SimulatedDay, kafka_server: Kafka, cassandra_server: Cassandra, redis_server: Redis
) -> None:
    servers: tuple[Server, ...] = (redis_server, kafka_server, cassandra_server, redis_server)
    for (point, batch), server in zip(KILLS, servers, strict=True):
        assert place.run(point, batch) == -signal.SIGKILL, f"the job was not killed {point} of batch {batch}"
        server.kill()
        server.restart()
    assert place.run() == 0
    place.holds(day)


def test_speed_views_that_are_lost_are_folded_again_from_the_master_set(place: Place, day: SimulatedDay) -> None:
    assert place.run(AFTER_SPEED, 2) == -signal.SIGKILL
    with RedisClient.from_url(place.speed) as client:
        client.flushdb()
    assert place.run() == 0
    place.holds(day, (HOUR, DAY))  # those of a minute are questions to servers by the ten thousand
