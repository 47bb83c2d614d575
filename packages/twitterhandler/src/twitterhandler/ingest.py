"""The loop: from a source to a sink."""

import asyncio
import contextlib
import logging
from collections import Counter, OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.clock import Clock, SystemClock, format_time
from twitterhandler.errors import InternalError, RegistryError, SinkError, TwitterhandlerError
from twitterhandler.flow import Counts, IngestStatus, State
from twitterhandler.posts import Dead, Delete, Gap, Post, Record, TopicEvent
from twitterhandler.recent import Rate, RecentIds, Sparing
from twitterhandler.sinks import Sink
from twitterhandler.sources import Charging, Reporting, Resumable, Source
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.topics import Topic

RECENT_IDS: Final = 100_000
RECENT_GAPS: Final = 20
RATE_SECONDS: Final = 10
REFRESH: Final = timedelta(seconds=1)
TELL: Final = timedelta(seconds=60)
"""The gap of a source that has failed is told again so often."""
SETTLE_SECONDS: Final = 1.0
"""How often a source is told what is safe: what came since then is read again after a crash."""
SPARING: Final = timedelta(seconds=5)
"""Lines that cannot be read are told of together: a source may give nothing else."""
_BREATHE: Final = 100
"""Records after which other tasks get their turn, however fast the source is."""

log = logging.getLogger(__name__)


class Ingest:
    """Carries the records of one source to one sink, once.

    What was read before an error or a cancellation is with the sink: whoever made it closes it. A source that can go on
    after a restart is told what the sink has flushed, so that nothing is lost in between and little is read twice. When
    it fails, a gap says from when on it is not heard.

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
        self._unread = Sparing(SPARING)
        self._unread_because = ""
        self._state: State = "waiting"
        self._failure: str | None = None
        self._started_at: datetime | None = None
        self._last_post_at: datetime | None = None
        self._refreshed_at: datetime | None = None
        self._told_unheard_at: datetime | None = None

    async def run(self) -> None:
        """Runs until the source ends.

        Raises:
            TwitterhandlerError: the source or the sink failed for good.
            InternalError: they, or this loop, raised something else.
        """
        self._started_at = self._clock.now()
        self._state = "running"
        settling = asyncio.create_task(self._settle_on_and_on())
        try:
            await self.announce_changes()
            await self._carry(settling)
            await self._settle()
            self._state = "ended"
        except TwitterhandlerError as exc:
            await self._fail(exc)
            raise
        except Exception as exc:  # an outermost loop: whatever ends it is said, and other sources go on beside it
            fault = InternalError.of(exc)
            await self._fail(fault)
            raise fault from exc
        finally:
            self._tell_unread(last=True)
            settling.cancel()
            if self._state == "running":
                self._state = "stopped"

    async def attend(self) -> None:
        """What is due each second, also while the source is quiet or after its end."""
        self._tell_unread()
        await self.announce_changes()
        if self._state == "failed":
            await self._tell_unheard()

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

    async def _fail(self, error: TwitterhandlerError) -> None:
        self._state, self._failure = "failed", str(error)
        try:
            await self._settle()
            await self._tell_unheard()
        except Exception as exc:  # noqa: BLE001 - as in `run`: the sink may be what failed, and the first error counts
            if str(exc) != self._failure:
                log.warning("%s", exc if isinstance(exc, TwitterhandlerError) else InternalError.of(exc))

    async def _tell_unheard(self) -> None:
        now = self._clock.now()
        if self._resumable is None or (self._told_unheard_at and now - self._told_unheard_at < TELL):
            return
        self._told_unheard_at = now
        if gap := self._resumable.unheard(now, self._failure or "it has failed"):
            before = self._gaps.get(gap.id, gap)
            topics = dict.fromkeys((*before.topics, *self._concerned(gap)))
            await self._take_gap(replace(gap, topics=tuple(topics)))
            await self._sink.flush()

    async def _carry(self, settling: asyncio.Task[None]) -> None:
        async with contextlib.aclosing(self._source.records()) as records:
            async for record in records:
                if settling.done():
                    settling.result()
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
                self._unread.add()
                self._unread_because = record.reason
                self._tell_unread()
                await self._sink.put(record)
            case Delete():
                await self._sink.put(record)
            case TopicEvent():
                log.info("topic %s: %s", record.id, record.state)
                await self._sink.put(record)
            case Gap():
                await self._take_gap(record)

    def _tell_unread(self, *, last: bool = False) -> None:
        count, name = self._unread.due(self._clock.now(), last=last), self._source.name
        if count == 1:
            log.warning("a line of %s could not be read: %s", name, self._unread_because)
        elif count:
            log.warning("%d more lines of %s could not be read, the last: %s", count, name, self._unread_because)

    async def _take_gap(self, gap: Gap) -> None:
        """Of a source that does not know the topics it is of all that listen to its network; without any it is none."""
        if self._spending and isinstance(self._source, Charging) and (left_out := self._source.left_out()):
            self._spending.billed(left_out)
        if topics := self._concerned(gap):
            span = (format_time(gap.start), format_time(gap.end))
            log.warning("nothing is heard of %s from %s to %s: %s", ", ".join(topics), *span, gap.reason)
            self._gaps[gap.id] = replace(gap, topics=topics)
            if len(self._gaps) > RECENT_GAPS:
                self._gaps.popitem(last=False)
            await self._sink.put(self._gaps[gap.id])

    def _concerned(self, gap: Gap) -> tuple[str, ...]:
        return self._subscriptions.on(gap.network) if self._subscriptions and not gap.topics else gap.topics

    def _topics_of(self, post: Post) -> tuple[str, ...]:
        """Those that want it, and those in which an earlier version stands, which would stay there for ever."""
        matched = self._subscriptions.match(post) if self._subscriptions else ()
        return (*matched, *sorted(self._recent.earlier(post).difference(matched)))

    async def _take_post(self, post: Post) -> None:
        if not self._source.matches:
            post = replace(post, topics=self._topics_of(post))
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
