"""Promise 1 in CI: three rounds. `benchmarks/chaos.py --rounds 20` plays more of them.

Between them the job dies at points at which test_simulated_day does not kill it, a batch goes on while it dies, and
what it reads from and writes to dies under it.
"""

from pathlib import Path

import pytest
from servers import Cassandra, Kafka, Redis, fetch

from chaos import Embedded, OnServers, Setting, plan, play

ON_SQLITE = (2, 4)
ON_SERVERS = 3


def assert_as_the_seed_says(seed: int, setting: Setting) -> None:
    verdict = play(plan(seed), setting)
    assert verdict.wrong is None, verdict.story()


@pytest.mark.parametrize("seed", ON_SQLITE)
def test_on_sqlite_whatever_is_killed_every_number_is_what_the_seed_says(seed: int, tmp_path: Path) -> None:
    assert_as_the_seed_says(seed, Embedded(tmp_path))


def test_on_servers_whatever_is_killed_every_number_is_what_the_seed_says(
    kafka_server: Kafka, cassandra_server: Cassandra, redis_server: Redis, redis_url: str, tmp_path: Path
) -> None:
    setting = OnServers(
        tmp_path, kafka_server, cassandra_server, redis_server, speed=redis_url, jars=str(fetch("spark"))
    )
    assert_as_the_seed_says(ON_SERVERS, setting)
