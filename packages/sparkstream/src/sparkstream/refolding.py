"""Minutes whose sums do not follow from what was added: folded again from the master set, and replaced.

Each goes, with its hour and its day, into the layer that it is read from. A mark is settled once that is done, and only
if nobody was changing the master set when the marks had been read: what was changed before is in the folds, what is
changed later has a later mark.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sparkstream.layers import half_done, settles
from sparkstream.rollups import Rollup, fold
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Mark
from sparkstream.stores.summing import periods_of
from sparkstream.times import DAY, MINUTE, Span, floor

_MARKS: Final = 2_000
_DIRTY: Final = 50
LONG: Final = 0.1
RESTING: Final = 9
"""After a fold of more than LONG seconds, as of a busy topic's day, no hour or day is folded for RESTING times as long,
unless there is time: a post that goes now and then must not hold up the ones that come.
"""


def refold_without_job(store: LayeredStore, now: int) -> None:
    """What the job does between its batches; nothing while one runs, which does it."""
    status = store.status()
    if status is None or status.silent(now):
        Refolding(store, lambda: settles(store, now)).run()


@dataclass(slots=True)
class Refolding:
    """What is left to fold again, done some at a time. Only between two micro-batches, by the job; by another where no
    job runs. The rows of a batch that was killed half way are left out of the speed views: its replay adds them.

    `quiet` says whether nobody is changing the master set now.
    """

    store: LayeredStore
    quiet: Callable[[], bool]
    _folded: dict[tuple[str, Span, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    _rested: float = -math.inf
    _was_quiet: bool = True

    def run(self, until: float = math.inf) -> bool:
        """Fold until so long (`time.monotonic`); True when nothing is left that can be settled now."""
        while time.monotonic() < until and (dirty := self.store.speed.dirty(_DIRTY)):
            for topic, period in dirty:
                self._put(topic, period)
        while marks := self.store.master.marks(_MARKS):
            quiet = self.quiet()
            if quiet and not self._was_quiet:  # what was marked and folded then has been changed since
                self._folded.clear()
            self._was_quiet = quiet
            if not self._fold(marks, until):
                return False
            if not quiet:
                break
            self.store.master.settle(marks)
            self._folded.clear()
        return True

    def _fold(self, marks: list[Mark], until: float) -> bool:
        """Minutes first, days last; what a call before has folded for all of its marks is not folded again."""
        wanted: dict[tuple[str, Span], set[str]] = defaultdict(set)
        for mark in marks:
            for period in periods_of(mark.minute):
                wanted[mark.topic, period].add(mark.token)
        for topic, period in sorted(wanted, key=lambda key: (key[1].step, key[1].start, key[0])):
            done = self._folded[topic, period, self.store.batch.pointer(topic).generation]
            if wanted[topic, period] <= done:
                continue
            began = time.monotonic()
            if began >= until or (until < math.inf and period.step > MINUTE and began < self._rested):
                return False
            self._put(topic, period)
            done |= wanted[topic, period]
            ended = time.monotonic()
            if ended - began > LONG:
                self._rested = ended + RESTING * (ended - began)
        return True

    def _put(self, topic: str, period: Span) -> None:
        """Fold a period for the layer that it is read from; the speed views have no use for any other."""
        pointer = self.store.batch.pointer(topic)
        if period.start >= pointer.until:
            waiting = half_done(self.store)
            found = self.store.master.scan(topic, period.start, period.end)
            sums = fold(stored.post for stored in found if stored.stamp not in waiting)
            self.store.speed.replace(topic, [(period, sums)])
            return
        self.store.speed.replace(topic, [(period, Rollup())])
        if period.end <= pointer.until and floor(period.start, DAY) not in self.store.batch.frozen(topic):
            found = self.store.master.scan(topic, period.start, period.end)
            self.store.batch.write(topic, pointer.generation, [(period, fold(stored.post for stored in found))])
