"""The loop: from a source to a sink."""

import asyncio
import contextlib
import logging
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from twitterhandler.clock import Clock, SystemClock, format_time
from twitterhandler.errors import RegistryError, SinkError, TwitterhandlerError
from twitterhandler.posts import Dead, Delete, Gap, Post, Record, TopicEvent
from twitterhandler.recent import Rate, RecentIds
from twitterhandler.sinks import Sink
from twitterhandler.sources import Charging, Health, Reporting, Resumable, Source
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.topics import Topic

State = Literal["waiting", "running", "ended", "stopped", "failed"]

_TELLING: Final[tuple[State, ...]] = ("failed", "running", "waiting", "stopped")

RECENT_IDS: Final = 100_000
RECENT_GAPS: Final = 20
RATE_SECONDS: Final = 10
REFRESH: Final = timedelta(seconds=1)
SETTLE_SECONDS: Final = 1.0
"""How often a source is told what is safe: what came since then is read again after a crash."""
_BREATHE: Final = 100
"""Records after which other tasks get their turn, however fast the source is."""

log = logging.getLogger(__name__)


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


class Ingest:
    """Carries the records of one source to one sink, once.

    What was read before an error or a cancellation is with the sink: whoever made it closes it. A source that can go on
    after a restart is told what the sink has flushed, so that nothing is lost in between and little is read twice.

    Args:
        source: Where from.
        sink: Where to.
        subscriptions: The topics; None for a source whose tags are all that is known of them.
        spending: Counts what a network delivers and stops the topics that have had enough; None counts nothing.
        clock: For tests.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        *,
        subscriptions: Subscriptions | None = None,
        spending: Spending | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._resumable = source if isinstance(source, Resumable) else None
        self._sink = sink
        self._subscriptions = subscriptions
        self._spending = spending
        of_a_file = source.matches and source.keeps_repeats
        self._charged = None if of_a_file else spending  # what a file holds was paid for when it was heard
        self._clock = clock or SystemClock()
        self._followed: tuple[Topic, ...] | None = None
        self._taken = 0
        self._counts = Counts()
        self._gaps: OrderedDict[str, Gap] = OrderedDict()
        self._recent = RecentIds(RECENT_IDS)
        self._rate = Rate(RATE_SECONDS)
        self._state: State = "waiting"
        self._failure: str | None = None
        self._started_at: datetime | None = None
        self._last_post_at: datetime | None = None
        self._refreshed_at: datetime | None = None

    async def run(self) -> None:
        """Runs until the source ends.

        Raises:
            TwitterhandlerError: the source or the sink failed for good.
        """
        self._started_at = self._clock.now()
        self._state = "running"
        settling = asyncio.create_task(self._settle_on_and_on())
        try:
            await self.announce_changes()
            await self._carry()
            await self._settle()
            self._state = "ended"
        except TwitterhandlerError as exc:
            self._state, self._failure = "failed", str(exc)
            raise
        finally:
            settling.cancel()
            if self._state == "running":
                self._state = "stopped"

    async def announce_changes(self) -> None:
        """Puts what changed in the registry on the queue, and lets the source follow it; stops what has had enough."""
        if self._subscriptions is None:
            return
        self._refreshed_at = self._clock.now()
        events = list(self._subscriptions.refresh(self._refreshed_at))
        if self._spending:
            if events:
                self._spending.follow(self._subscriptions.topics)
            if self._spending.enforce():
                events += self._subscriptions.refresh(self._refreshed_at)
        if self._followed != self._subscriptions.topics:  # loops that share subscriptions: one of them has the events
            self._followed = self._subscriptions.topics
            self._source.follow(self._followed)
        for event in events:
            log.info("topic %s: %s", event.id, event.state)
            await self._sink.put(event)

    def status(self) -> IngestStatus:
        counts = replace(self._counts, by_topic=Counter(self._counts.by_topic))
        return IngestStatus(
            source=self._source.name,
            state=self._state,
            failure=self._failure,
            started_at=self._started_at,
            last_post_at=self._last_post_at,
            rate=self._rate.at(self._clock.now()),
            position=self._sink.position,
            waiting=self._sink.waiting,
            spilled=self._sink.spilled,
            counts=counts,
            health=self._source.health() if isinstance(self._source, Reporting) else None,
            gaps=tuple(self._gaps.values()),
        )

    async def _carry(self) -> None:
        async with contextlib.aclosing(self._source.records()) as records:
            async for record in records:
                await self._take(record)
                self._taken += 1
                if self._taken % _BREATHE == 0:
                    await self._clock.sleep(0)
                if self._refreshed_at and self._clock.now() - self._refreshed_at >= REFRESH:
                    await self.announce_changes()

    async def _settle_on_and_on(self) -> None:
        """Beside the loop, which may wait for a source that is quiet."""
        while self._resumable:
            await asyncio.sleep(SETTLE_SECONDS)
            try:
                await self._settle()
            except (SinkError, RegistryError) as exc:
                log.warning("%s", exc)

    async def _settle(self) -> None:
        taken = self._taken
        await self._sink.flush()
        if self._resumable:
            self._resumable.acknowledge(taken)

    async def _take(self, record: Record) -> None:
        match record:
            case Post():
                await self._take_post(record)
            case Dead():
                self._counts.dead += 1
                if self._spending and self._source.name == "x":
                    self._spending.billed(1)
                log.warning("a line of %s could not be read: %s", self._source.name, record.reason)
                await self._sink.put(record)
            case Delete():
                await self._sink.put(record)
            case TopicEvent():
                log.info("topic %s: %s", record.id, record.state)
                await self._sink.put(record)
            case Gap():
                await self._take_gap(record)

    async def _take_gap(self, gap: Gap) -> None:
        """Of a source that does not know the topics it is of all that listen to its network; without any it is none."""
        if self._spending and isinstance(self._source, Charging) and (left_out := self._source.left_out()):
            self._spending.billed(left_out)
        topics = self._subscriptions.on(gap.network) if self._subscriptions and not gap.topics else gap.topics
        if topics:
            span = (format_time(gap.start), format_time(gap.end))
            log.warning("nothing is heard of %s from %s to %s: %s", ", ".join(topics), *span, gap.reason)
            self._gaps[gap.id] = replace(gap, topics=topics)
            if len(self._gaps) > RECENT_GAPS:
                self._gaps.popitem(last=False)
            await self._sink.put(self._gaps[gap.id])

    async def _take_post(self, post: Post) -> None:
        if not self._source.matches:
            post = replace(post, topics=self._subscriptions.match(post) if self._subscriptions else ())
        repeated = bool(post.topics) and not self._source.keeps_repeats and self._recent.seen(post)
        enough = self._charged is not None and self._charged.delivered(post, repeated=repeated)
        if not post.topics:
            self._counts.unmatched += 1
        elif repeated:
            self._counts.repeats += 1
        else:
            await self._sink.put(post)
            self._counts.posts += 1
            self._counts.by_topic.update(post.topics)
            self._last_post_at = post.created_at
            self._rate.add(self._clock.now())
        if enough:
            await self.announce_changes()
