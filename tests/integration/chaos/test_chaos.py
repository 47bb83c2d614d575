"""Promise 1 in CI: three rounds. `benchmarks/chaos.py --rounds 20` plays more of them.

These have the named points at which neither test_simulated_day nor test_servers_day kills the job, a batch that goes on
and one that is killed, and each server killed.
"""

from pathlib import Path

import pytest
from servers import Cassandra, Kafka, Redis

from chaos import Embedded, OnServers, plan, play


@pytest.mark.parametrize("seed", [2, 6])
def test_on_sqlite_whatever_is_killed_every_number_is_what_the_seed_says(seed: int, tmp_path: Path) -> None:
    verdict = play(plan(seed), Embedded(tmp_path))
    assert verdict.wrong is None, verdict.story()


@pytest.fixture
def on_servers(kafka_server: Kafka, cassandra_server: Cassandra, redis_server: Redis) -> tuple[Kafka, Cassandra, Redis]:
    return kafka_server, cassandra_server, redis_server


def test_on_servers_whatever_is_killed_every_number_is_what_the_seed_says(
    on_servers: tuple[Kafka, Cassandra, Redis], redis_url: str, spark_jars: str, tmp_path: Path
) -> None:
    database = int(redis_url.rpartition("/")[2])
    verdict = play(plan(3), OnServers(tmp_path, *on_servers, database=database, jars=spark_jars))
    assert verdict.wrong is None, verdict.story()
