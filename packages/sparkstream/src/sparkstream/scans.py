"""What no view holds: any filters together, and what stands beside a term. It is counted from the newest posts."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sparkstream.pages import READ_AT_ONCE, newest
from sparkstream.queries import Filter, Window
from sparkstream.rollups import Rollup
from sparkstream.stores.base import Store, TermCount
from sparkstream.times import MINUTE, floor

COUNTED_POSTS: Final = 20_000
"""The newest matching posts from which a question is answered that views cannot answer."""
LOOKED_AT: Final = 50_000
"""Posts that are read for them, two seconds of work at most: rare ones are looked for no further back."""
PAGED: Final = 500
"""Posts that are looked at for one page, 30 ms of work, more where they come from a disk: of rare ones a page is short,
and its `next` goes on.
"""
_KEPT: Final = 8
"""Scans that are remembered, each of some 30 MB at most: a page asks several questions about the same posts."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The sums of the matching posts of a window, from `reached` on all of them.

    Attributes:
        whole: of all that were counted.
        minutes: the same by the start of the minute, without terms.
        reached: milliseconds, a minute's edge; the window's start when it is complete.
        complete: whether these are all of the window.
    """

    only: Filter
    whole: Rollup
    minutes: Mapping[int, Rollup]
    reached: int
    complete: bool

    def steps(self, size: int) -> dict[int, Rollup]:
        """The minutes put together, by the start of the step."""
        steps: dict[int, Rollup] = defaultdict(Rollup)
        for minute, rollup in self.minutes.items():
            steps[floor(minute, size)].merge(rollup)
        return dict(steps)

    def top(self, facet: str, hidden: frozenset[str]) -> list[TermCount]:
        """Most first, ties by term; without what is in every one of the posts and what is hidden."""
        asked = {self.only.term.term} if self.only.term and self.only.term.facet == facet else set[str]()
        if self.only.word and facet == "word":
            asked.add(self.only.word)
        counts = [
            TermCount(name, *sums)
            for (of, name), sums in self.whole.terms.items()
            if of == facet and name not in asked and _shown(facet, name) not in hidden
        ]
        return sorted(counts, key=lambda count: (-count.posts, count.term))

    def term(self, facet: str, term: str) -> int:
        """In how many of the posts it is."""
        return self.whole.terms.get((facet, term), [0])[0]


def scan(store: Store, topic: str, window: Window, only: Filter) -> Scan:
    """Of the newest COUNTED_POSTS that match, and at most LOOKED_AT looked at."""
    whole, minutes = Rollup(), dict[int, Rollup]()
    for looked_at, stored in enumerate(newest(store, topic, window, only.sentiment, at_once=READ_AT_ONCE)):
        minute = floor(stored.post.event_time, MINUTE)
        if whole.posts == COUNTED_POSTS or looked_at == LOOKED_AT:
            return Scan(only, whole, minutes, minute + MINUTE, complete=False)
        if only.passes(stored.post):
            whole.add(stored.post)
            minutes.setdefault(minute, Rollup()).add(stored.post, terms=False)
    return Scan(only, whole, minutes, window.start, complete=True)


def nothing_read(window: Window, only: Filter) -> Scan:
    return Scan(only, Rollup(), {}, window.end, complete=False)


class Scans:
    """Scans of a store, the last few remembered until a batch changes the views. One is made at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, str, Window, Filter], Scan] = OrderedDict()

    def of(self, version: str, topic: str, window: Window, only: Filter) -> Scan:
        """`version` is that of the store (`SpeedViews.version`) when the question was asked."""
        key = (version, topic, window, only)
        with self._lock:
            if key not in self._made:
                self._made[key] = scan(self._store, topic, window, only)
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
            return self._made[key]


def _shown(facet: str, name: str) -> str:
    return name.partition(":")[2].casefold() if facet == "entity" else name
