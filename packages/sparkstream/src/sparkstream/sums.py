"""Stored periods put together: what the views say of a stretch of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sparkstream.annotation import SENTIMENTS
from sparkstream.rollups import DIMENSIONS, Rollup
from sparkstream.schema import Gap
from sparkstream.sketches import Distinct, distinct, union
from sparkstream.stores.base import Period
from sparkstream.stores.summing import SKETCHES
from sparkstream.times import MINUTE

Coverage = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Sums:
    """Of some periods. `authors` and `messages` by sentiment label and `all`, those that were asked for."""

    posts: int
    counts: dict[str, Counter[str]]
    authors: dict[str, Distinct]
    messages: dict[str, Distinct]
    cut: bool

    @property
    def exact(self) -> bool:
        return all(found.exact for column in (self.authors, self.messages) for found in column.values())


def add_up(periods: Sequence[Period], labels: Sequence[str] = SKETCHES) -> Sums:
    """Distinct authors and messages only of some labels: these cost most of it."""
    counts: dict[str, Counter[str]] = {dimension: Counter() for dimension in DIMENSIONS}
    for period in periods:
        for dimension, posts in period.counts.items():
            into = counts[dimension]
            for label, number in posts.items():  # `update` looks at what it is given: too long for a minute's few
                into[label] += number
    return Sums(
        posts=sum(period.posts for period in periods),
        counts=counts,
        authors={label: _united(period.authors[label] for period in periods) for label in labels},
        messages={label: _united(period.messages[label] for period in periods) for label in labels},
        cut=any(period.cut for period in periods),
    )


def _united(sketches: Iterable[bytes | None]) -> Distinct:
    some = [sketch for sketch in sketches if sketch is not None]
    return distinct(some[0] if len(some) == 1 else union(some))


def of_rollup(rollup: Rollup) -> Sums:
    """Of posts that were folded: nothing of it is an estimate."""
    return Sums(rollup.posts, rollup.counts, _distinct(rollup.authors), _distinct(rollup.messages), cut=False)


def _distinct(by_label: Mapping[str, set[str]]) -> dict[str, Distinct]:
    columns = {label: by_label.get(label, set[str]()) for label in SENTIMENTS}
    columns["all"] = set[str]().union(*columns.values())
    return {label: Distinct(len(keys), exact=True) for label, keys in columns.items()}


def count(periods: Iterable[Period], dimension: str, label: str) -> int:
    """The posts of one label."""
    return sum(period.counts.get(dimension, {}).get(label, 0) for period in periods)


def coverage(gaps: Iterable[Gap], start: int, end: int) -> Coverage:
    """How much of [start, end) was listened to: `none` when unfilled gaps cover all of it, `partial` when some."""
    unheard, reached = 0, start
    for gap in sorted((gap for gap in gaps if not gap.filled), key=lambda gap: gap.start):
        begin, stop = max(gap.start, reached), min(gap.end, end)
        if begin < stop:
            unheard += stop - begin
            reached = stop
    if unheard == 0:
        return "full"
    return "none" if unheard >= end - start else "partial"


def group(periods: Iterable[Period], step: int) -> dict[int, list[Period]]:
    """Periods by the start of the `step` they lie in."""
    groups: dict[int, list[Period]] = {}
    for period in periods:
        groups.setdefault(period.start - period.start % step, []).append(period)
    return groups


def stored_step(step: int) -> int:
    """The coarsest stored step that a step is made of."""
    return step if step % (60 * MINUTE) == 0 else MINUTE
