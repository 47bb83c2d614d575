"""What the loop tells of itself: values, and several of them as one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from twitterhandler.posts import Gap
from twitterhandler.sources import Health

State = Literal["waiting", "running", "ended", "stopped", "failed"]

_TELLING: Final[tuple[State, ...]] = ("failed", "running", "waiting", "stopped")


@dataclass(slots=True)
class Counts:
    """What passed since the start.

    Attributes:
        posts: Handed to the sink, repeats of replay and simulator included.
        repeats: Dropped, because a live network sent the same id again.
        unmatched: Dropped, because no started topic wants them.
        dead: Lines that could not be read, handed to the sink.
        by_topic: `posts` by topic; a post counts in each of its topics.
    """

    posts: int = 0
    repeats: int = 0
    unmatched: int = 0
    dead: int = 0
    by_topic: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """A snapshot; `rate` is posts a second over the last 10 s; `position`, `waiting`, `spilled` are the sink's.

    `gaps` are the last ones, oldest first, each as it was told last.
    """

    source: str
    state: State
    failure: str | None
    started_at: datetime | None
    last_post_at: datetime | None
    rate: float
    position: int
    waiting: str | None
    spilled: int
    counts: Counts
    health: Health | None = None
    gaps: tuple[Gap, ...] = ()


def together(statuses: Sequence[IngestStatus]) -> IngestStatus:
    """Several loops over one sink as one: sums; it has failed when one of them has, and runs while one does."""
    first, *others = statuses
    if not others:
        return first
    by_topic: Counter[str] = Counter()
    for status in statuses:
        by_topic += status.counts.by_topic
    all_counts = [status.counts for status in statuses]
    failures = [f"{status.source}: {status.failure}" for status in statuses if status.failure]
    states = [status.state for status in statuses]
    return replace(
        first,
        source=", ".join(status.source for status in statuses),
        state=next((state for state in _TELLING if state in states), first.state),
        failure="; ".join(failures) or None,
        started_at=min((status.started_at for status in statuses if status.started_at), default=None),
        last_post_at=max((status.last_post_at for status in statuses if status.last_post_at), default=None),
        rate=sum(status.rate for status in statuses),
        counts=Counts(
            posts=sum(counts.posts for counts in all_counts),
            repeats=sum(counts.repeats for counts in all_counts),
            unmatched=sum(counts.unmatched for counts in all_counts),
            dead=sum(counts.dead for counts in all_counts),
            by_topic=by_topic,
        ),
    )
