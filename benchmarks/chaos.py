"""kill -9 of everything at seeded instants, round after round: the numbers stay those of the seed.

    python benchmarks/chaos.py --rounds 20 --seed 1
    python benchmarks/chaos.py --round 7

A round follows from its seed: an even one plays on SQLite and the spool, an odd one on Kafka, Cassandra and Redis,
which are started here. One line a round; of a wrong one also what was killed when, and where its folder is. Exits 1
then.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]

from chaos import Embedded, OnServers, Setting, plan, play  # noqa: E402 - once its folder is on the path
from servers import Cassandra, Kafka, Redis, fetch  # noqa: E402 - as above


def main() -> int:
    arguments = argparse.ArgumentParser(allow_abbrev=False, description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=20, help="how many  [default: 20]")
    arguments.add_argument("--seed", type=int, default=1, help="of the first one  [default: 1]")
    arguments.add_argument("--round", type=int, metavar="SEED", help="only this one")
    arguments.add_argument("--on", choices=["servers", "sqlite"], help="only rounds on these")
    asked = arguments.parse_args()
    seeds = [asked.round] if asked.round is not None else islice(seeds_of(asked.seed, asked.on), asked.rounds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wrong = 0
    with Places() as places:
        for seed in seeds:
            folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
            verdict = play(plan(seed), places.setting(seed, folder))
            print(verdict if verdict.wrong is None else f"{verdict.story()}\n  its folder: {folder}", flush=True)
            if verdict.wrong is None:
                shutil.rmtree(folder)
            wrong += verdict.wrong is not None
    return min(wrong, 1)


def seeds_of(first: int, kind: str | None) -> Iterator[int]:
    return (seed for seed in count(first) if kind in (None, plan(seed).kind))


class Places:
    """Where rounds are played; the servers are started for the first that needs them, and end with the last."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._servers: tuple[Kafka, Cassandra, Redis] | None = None
        self._played = 0

    def __enter__(self) -> Places:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def setting(self, seed: int, folder: Path) -> Setting:
        if plan(seed).kind == "sqlite":
            return Embedded(folder)
        if self._servers is None:
            data = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="chaos-servers-")))
            kafka, cassandra, redis = Kafka(data / "kafka"), Cassandra(data / "cassandra"), Redis(data / "redis")
            for server in (kafka, cassandra, redis):
                self._held.enter_context(server)
            self._servers = kafka, cassandra, redis
        self._played += 1
        speed = self._servers[-1].url(self._played)
        return OnServers(folder, *self._servers, speed=speed, jars=str(fetch("spark")))


if __name__ == "__main__":
    sys.exit(main())
