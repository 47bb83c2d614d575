"""What a day of a topic comes to, and how many of them are folded: one after the other here, or side by side by Spark's
workers. Either way who asked writes the sums, so whoever is killed or comes late has written nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

from sparkstream.annotation import AnnotatedPost
from sparkstream.rollups import fold_periods
from sparkstream.stores.packing import PackedSums, pack
from sparkstream.stores.protocols import MasterStore

FEW: Final = 50_000
"""Posts that are folded here before Spark is started for the rest: some ten seconds of work, as long as its start and
that of its workers take of two cores.
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The posts of [start, end), which lie in one day; wanted are the sums of the periods that end after `after`."""

    topic: str
    start: int
    end: int
    after: int


@dataclass(frozen=True, slots=True)
class FoldedDay:
    """`posts` is how many were read."""

    day: Day
    posts: int
    sums: list[PackedSums]


class ParallelFolding(Protocol):
    """Folds days side by side; calls `waiting` every few seconds meanwhile, on the caller's thread."""

    def __call__(self, days: Iterable[Day], waiting: Callable[[], None]) -> Iterator[FoldedDay]:
        """In the order of the days."""


@contextmanager
def _without_collector() -> Iterator[None]:
    """A fold makes millions of small lists and not one cycle; looking for some took a third of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def fold_day(master: MasterStore, day: Day, waiting: Callable[[], None] = lambda: None) -> FoldedDay:
    read = 0

    def posts() -> Iterator[AnnotatedPost]:
        nonlocal read
        for stored in master.scan(day.topic, day.start, day.end):
            read += 1
            if read % 1_000 == 0:
                waiting()
            yield stored.post

    with _without_collector():
        packed = _packed(posts(), day)
    return FoldedDay(day, read, packed)


def _packed(posts: Iterable[AnnotatedPost], day: Day) -> list[PackedSums]:
    """The rollups are gone before the collector comes back."""
    sums = fold_periods(posts)
    return [pack(period, rollup) for period, rollup in sums.items() if day.after < period.end <= day.end]


def fold_days(
    master: MasterStore, days: Iterable[Day], waiting: Callable[[], None], parallel: ParallelFolding | None = None
) -> Iterator[FoldedDay]:
    """In their order; side by side, where that is to be had, from the FEWth post on."""
    left, read = iter(days), 0
    for day in left:
        if parallel is not None and read >= FEW:
            yield from parallel(chain([day], left), waiting)
            return
        folded = fold_day(master, day, waiting)
        read += folded.posts
        yield folded
