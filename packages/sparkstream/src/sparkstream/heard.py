"""How much is known of a stretch of time: recorded gaps, a job that has stopped, a layer that is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparkstream.answers import Json
from sparkstream.schema import Gap
from sparkstream.stores.base import Store
from sparkstream.sums import Coverage, coverage
from sparkstream.times import MINUTE, ceil, format_time


@dataclass(frozen=True, slots=True)
class Heard:
    """Of `gaps` nothing is known; of `doubtful` times it is not known whether all was heard."""

    gaps: Sequence[Gap]
    doubtful: Sequence[Gap]

    def coverage(self, start: int, end: int) -> Coverage:
        found = coverage(self.gaps, start, end)
        doubted = any(gap.start < end and gap.end > start for gap in self.doubtful)
        return "partial" if found == "full" and doubted else found

    def items(self) -> list[Json]:
        return [
            {"from": format_time(gap.start), "to": format_time(gap.end), "reason": gap.reason, "filled": gap.filled}
            for gap in sorted((*self.gaps, *self.doubtful), key=lambda gap: gap.start)
        ]


def heard(store: Store, topic: str, start: int, end: int, *, now: int, counted: bool = False) -> Heard:
    """Of [start, end), as far as it has come by `now`; to be asked after what it is said of, which may have found a
    layer down. `counted`: it is said of posts that were counted, not of stored sums.
    """
    gaps, doubtful = store.gaps(topic, start, end), list[Gap]()
    status, reached = store.status(), ceil(now + 1, MINUTE)
    if status is not None and status.silent(now) and status.updated_at < end and start < reached:
        gaps.append(Gap("job", "", (topic,), status.updated_at, reached, "the job has stopped", filled=False))
    for some in store.unread(topic):
        begin, stop = max(some.start, start), min(some.end, end, reached)
        if begin < stop:
            lost = some.posts if counted else some.sums
            (gaps if lost else doubtful).append(Gap("layer", "", (topic,), begin, stop, some.reason, filled=False))
    return Heard(gaps, doubtful)
