"""The loop: from a source to a sink."""

import contextlib
import logging
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import TwitterhandlerError
from twitterhandler.posts import Dead, Delete, Gap, Post, Record, TopicEvent
from twitterhandler.sinks import Sink
from twitterhandler.sources import Source
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions

State = Literal["waiting", "running", "ended", "stopped", "failed"]

RECENT_IDS: Final = 100_000
RATE_SECONDS: Final = 10
REFRESH: Final = timedelta(seconds=1)
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
    """A snapshot; `rate` is posts a second over the last 10 s; `position`, `waiting`, `spilled` are the sink's."""

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


class Ingest:
    """Carries the records of one source to one sink, once.

    What was read before an error or a cancellation is with the sink: whoever made it closes it.

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
        self._sink = sink
        self._subscriptions = subscriptions
        self._spending = spending
        self._clock = clock or SystemClock()
        self._counts = Counts()
        self._recent = _RecentIds(RECENT_IDS)
        self._rate = _Rate(RATE_SECONDS)
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
        try:
            await self.announce_changes()
            await self._carry()
            await self._sink.flush()
            self._state = "ended"
        except TwitterhandlerError as exc:
            self._state, self._failure = "failed", str(exc)
            raise
        finally:
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
        if events:
            self._source.follow(self._subscriptions.topics)
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
        )

    async def _carry(self) -> None:
        number = 0
        async with contextlib.aclosing(self._source.records()) as records:
            async for record in records:
                await self._take(record)
                number += 1
                if number % _BREATHE == 0:
                    await self._clock.sleep(0)
                if self._refreshed_at and self._clock.now() - self._refreshed_at >= REFRESH:
                    await self.announce_changes()

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
        """Of a source that does not know the topics it is of all that are listened to; without any it is of none."""
        topics = self._subscriptions.started if self._subscriptions and not gap.topics else gap.topics
        if topics:
            log.warning("nothing was heard from %s to %s: %s", gap.start, gap.end, gap.reason)
            await self._sink.put(replace(gap, topics=topics))

    async def _take_post(self, post: Post) -> None:
        if not self._source.matches:
            post = replace(post, topics=self._subscriptions.match(post) if self._subscriptions else ())
        repeated = bool(post.topics) and not self._source.keeps_repeats and self._recent.seen(post)
        enough = self._spending is not None and self._spending.delivered(post, repeated=repeated)
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


@lru_cache(maxsize=1024)
def _shared(topics: tuple[str, ...]) -> frozenset[str]:
    """One set for all posts with these topics, as a set has ten times the size of a post's entry."""
    return frozenset(topics)


class _RecentIds:
    """The last (id, version) pairs and their topics: a courtesy to the queue, no promise; the store decides."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids: OrderedDict[tuple[str, int], frozenset[str]] = OrderedDict()

    def seen(self, post: Post) -> bool:
        """Whether it was here before, for no fewer topics; it is now."""
        identity, topics = (post.id, post.version), _shared(post.topics)
        before = self._ids.get(identity)
        if before is not None and topics <= before:
            return True
        self._ids[identity] = topics | before if before else topics
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)
        return False


class _Rate:
    """Events a second over the last whole seconds."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._first: int | None = None
        self._counts: deque[tuple[int, int]] = deque(maxlen=seconds + 1)

    def add(self, moment: datetime) -> None:
        second = int(moment.timestamp())
        self._first = self._first or second
        if self._counts and self._counts[-1][0] == second:
            self._counts[-1] = (second, self._counts[-1][1] + 1)
        else:
            self._counts.append((second, 1))

    def at(self, moment: datetime) -> float:
        now = int(moment.timestamp())
        span = min(self._seconds, now - (self._first or now))
        return sum(count for second, count in self._counts if now - span <= second < now) / span if span else 0.0
