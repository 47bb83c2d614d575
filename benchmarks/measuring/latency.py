"""From the queue to the views, seen from outside: when was each post counted?

The views name the last micro-batch that is in them, and every post in the master set the one that wrote it. Asking the
views again and again says when a batch came in, so afterwards it is known of every post, without a probe in the job.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from measuring.processes import CpuMeter, memory_by_name
from sparkstream.errors import StoreBusyError
from sparkstream.stores import LayeredStore

POLL = 0.01
"""Seconds between two questions; what is measured is too long by that at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many posts at one rate; times in milliseconds."""

    rate: float
    began: int
    ended: int
    posts: int
    pairs: int


@dataclass(slots=True)
class Watch:
    """Asks a store on a thread of its own until it is told to stop.

    Attributes:
        seen: batch → milliseconds when it was first seen in the views.
        used: (milliseconds, CPU seconds of the job) about every second.
        peaks: the most memory of each process, bytes.
    """

    store: LayeredStore
    job: int
    everything: int
    seen: dict[int, int] = field(default_factory=dict)
    used: list[tuple[int, float]] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._threads = [threading.Thread(target=work) for work in (self._ask, self._sample)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.wait(POLL):
            try:
                last = max(self.store.speed.applied().values(), default=-1)
            except StoreBusyError:  # a job that is too slow may hold it; whatever comes is seen then
                continue
            for batch in range(max(self.seen, default=-1) + 1, last + 1):
                self.seen[batch] = _now()

    def _sample(self) -> None:
        meter = CpuMeter(self.job)
        while not self._over.wait(1.0):
            self.used.append((_now(), meter.read()))
            for name, size in memory_by_name(self.everything).items():
                self.peaks[name] = max(self.peaks.get(name, 0), size)

    def cpu_between(self, start: int, end: int) -> float:
        within = [used for at, used in self.used if start <= at <= end]
        return within[-1] - within[0] if within else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """When each post was received and when it was seen in the views, milliseconds; the order of receipt."""

    times: Sequence[tuple[int, int]]

    def within(self, stretch: Stretch) -> list[float]:
        """Seconds until each post of a stretch was counted, ascending; infinite for one that never was."""
        found = sorted(
            (seen - received) / 1000 for received, seen in self.times if stretch.began <= received <= stretch.ended
        )
        return found + [math.inf] * (stretch.posts - len(found))

    def drained(self, stretch: Stretch) -> float:
        """Seconds from the start of a stretch until all that was posted by its end was counted."""
        if math.isinf(self.within(stretch)[-1]):
            return math.inf
        return (max(seen for received, seen in self.times if received <= stretch.ended) - stretch.began) / 1000

    def seen_within(self, start: int, end: int) -> int:
        return sum(start <= seen <= end for _, seen in self.times)


def counted(store: LayeredStore, seen: dict[int, int]) -> Counted:
    posts = {
        stored.post.id: (stored.post.received_at, seen[stored.stamp.batch])
        for event in store.master.topic_events()
        for stored in store.master.scan(event.slug, 0, 1 << 62)
        if stored.stamp.batch in seen
    }
    return Counted(sorted(posts.values()))


def _now() -> int:
    return time.time_ns() // 1_000_000
