"""Days folded side by side by Spark's Python workers, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from sparkstream.folding import Day, FoldedDay, fold_day
from sparkstream.session import spark_errors
from sparkstream.stores import open_master
from sparkstream.stores.protocols import MasterStore

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POSTS: Final = 20_000
"""About as many of one round: their sums are some 10 MB here. Two rounds are under way while a third is written."""
_AHEAD: Final = 2
_FIRST: Final = 2
_GROWTH: Final = 4
_WAITED: Final = 5.0


@dataclass(frozen=True, slots=True)
class SparkFolding:
    """A `ParallelFolding`. `start` makes the session, once it is needed; `master` is the URL of the master set."""

    start: Callable[[], SparkSession]
    master: str

    def __call__(self, days: Iterable[Day], waiting: Callable[[], None]) -> Iterator[FoldedDay]:
        left, size = iter(days), _FIRST
        rounds: list[Future[list[FoldedDay]]] = []
        with spark_errors():
            session = self.start()
        with ThreadPoolExecutor(_AHEAD) as pool:
            try:
                while True:
                    while len(rounds) < _AHEAD and (some := list(islice(left, size))):
                        rounds.append(pool.submit(self._round, session, some))
                    if not rounds:
                        return
                    while not wait(rounds[:1], _WAITED).done:
                        waiting()
                    folded = rounds.pop(0).result()
                    size = _next(size, len(folded), sum(day.posts for day in folded))
                    yield from folded
            finally:
                session.sparkContext.cancelAllJobs()

    def _round(self, session: SparkSession, days: list[Day]) -> list[FoldedDay]:
        with spark_errors():
            context = session.sparkContext
            parts = min(len(days), 2 * context.defaultParallelism)
            folded: list[FoldedDay] = context.parallelize(days, parts).map(_Fold(self.master)).collect()
        return folded


@dataclass(frozen=True, slots=True)
class _Fold:
    """What crosses to a worker."""

    master: str

    def __call__(self, day: Day) -> FoldedDay:
        return fold_day(_master(self.master), day)


@lru_cache(maxsize=1)
def _master(url: str) -> MasterStore:
    return open_master(url)[0]


def _next(size: int, days: int, posts: int) -> int:
    """How many days the next round has, by the size of those of the last one."""
    return max(1, min(size * _GROWTH, POSTS * days // max(posts, 1)))
