"""X as a source: many topics, one connection, nothing lost silently."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NoReturn, Protocol, TypeVar

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.cursors import Cursor
from twitterhandler.errors import RegistryError, SourceUnavailableError, TwitterhandlerError
from twitterhandler.hearing import ABSENT, Trail
from twitterhandler.posts import Dead, Gap, Post, Record
from twitterhandler.sources.base import Health
from twitterhandler.sources.inbox import Lost
from twitterhandler.sources.x.connections import Connections
from twitterhandler.sources.x.lines import LATE
from twitterhandler.sources.x.reading import read_line
from twitterhandler.sources.x.reception import HELD_LINES, Item, Line, Mark, Reception
from twitterhandler.sources.x.rulebook import Reconciler, RuleBook
from twitterhandler.sources.x.stream import STALL, Ended, Stream
from twitterhandler.sources.x.transport import XTransport
from twitterhandler.sources.x.upkeep import Upkeep
from twitterhandler.topics import Topic

TELL: Final = timedelta(seconds=60)
"""A gap that has not ended is told again so often."""
SEARCHABLE: Final = timedelta(seconds=30)
"""X finds a post by search some seconds after it was written."""
_FILL_BELOW: Final = 1_000
"""Lines that may wait for the queue while a gap is filled: what comes now goes before what was missed."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class GapFiller(Protocol):
    """Gets what was missed in another way, such as X's recent search."""

    def posts(self, gap: Gap, topics: Sequence[Topic]) -> AsyncGenerator[Post | Dead, None]:
        """The posts of a gap, with their topics; repeats of what was heard do no harm.

        Raises:
            TwitterhandlerError: the gap cannot be filled, not wholly, or not for what it would cost.
        """
        ...


class XSource:
    """The posts of all topics that are followed, each with the topics whose rules it matched.

    A post is given once or, after each new connection, more often; a time in which posts may have been missed is a gap
    (with the topics that it is about), told again each minute until it ends. While no topic is followed there is no
    connection and nothing is charged.

    Args:
        transport: To X, or to a fake of it; closed when the records end.
        cursor: Where the time until which all was heard is kept, so that an absence is a gap.
        connects: Where the time of the last connection is kept, so that restarts do not exceed X's limit.
        filler: Fills gaps; None leaves them.
        stall: Seconds of silence after which a connection is dead.
        held_lines: How many lines may wait for a slow queue; beyond it they are lost, and the loss is a gap.
    """

    name = "x"
    matches = True
    keeps_repeats = False

    def __init__(
        self,
        transport: XTransport,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        cursor: Cursor | None = None,
        connects: Cursor | None = None,
        filler: GapFiller | None = None,
        stall: float = STALL,
        held_lines: int = HELD_LINES,
    ) -> None:
        self._clock = clock or SystemClock()
        self._transport = transport
        self._cursor = cursor
        self._connects = connects
        self._filler = filler
        self._stall = stall
        self._trail = Trail()
        self._left_out = 0
        random = random or Random()
        self._reception = Reception(self._clock, held_lines=held_lines)
        self._upkeep = Upkeep(
            Reconciler(RuleBook(transport), self._clock), self._reception, clock=self._clock, random=random
        )
        self._connections = Connections(self._listen, random)
        self._connection: asyncio.Task[NoReturn] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def troubles(self) -> tuple[str, ...]:
        """What keeps something from being heard now, and what to do; empty when all is well."""
        return tuple(self._reception.troubles.values())

    def health(self) -> Health:
        """See `Reporting`."""
        heard = self._connection is not None and self._reception.ledger.away_since is None
        return Health(heard if self._upkeep.topics else None, len(self._upkeep.known), self.troubles)

    def follow(self, topics: Sequence[Topic]) -> None:
        """See `Source`: rules are written, and a connection is made, when there is a topic and as soon as can be."""
        wanted = [topic for topic in topics if topic.on_x]
        self._upkeep.follow(wanted)
        self._reception.follow([topic.slug for topic in wanted])
        if not wanted:
            self._disconnect()

    async def records(self) -> AsyncGenerator[Record, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: X will not be listened to; the message says what to do.
            RegistryError: the time of the last run cannot be read.
        """
        for gap in self._absence():
            self._trail.gave()
            yield gap
        self._reception.when_back = self._fill
        self._start(self._upkeep.run(self._connect))
        self._start(self._retell())
        try:
            while True:
                item = await self._reception.inbox.take()
                for record in self._read(item):
                    self._trail.gave()
                    yield record
                    self._pass(item, record)
                if isinstance(item, Mark):
                    self._trail.passed(_microseconds(item.at))
        finally:
            await self._stop()

    def acknowledge(self, records: int) -> None:
        """See `Resumable`."""
        position = self._trail.safe(records)
        if self._cursor and position is not None:
            self._cursor.save(position)

    def unheard(self, until: datetime, reason: str) -> Gap | None:
        """See `Resumable`."""
        position, topics = self._trail.position, tuple(self._upkeep.topics)
        if position is None or not topics:
            return None
        start = datetime.fromtimestamp(position / 1_000_000, UTC)
        return Gap(f"gap:x:{position // 1000}", "x", topics, start, until, reason) if start < until else None

    def left_out(self) -> int:
        """See `Charging`."""
        count, self._left_out = self._left_out, 0
        return count

    def _absence(self) -> Iterator[Gap]:
        """The time between the last run and this one."""
        now = self._clock.now()
        if self._connects and (last := self._connects.load()) is not None:
            self._connections.remember(now.timestamp() - last / 1_000_000)
        heard = self._cursor.load() if self._cursor else None
        self._trail.position = _microseconds(now) if heard is None else heard
        if gap := self.unheard(now, ABSENT):
            self._fill(gap)
            yield gap

    def _read(self, item: Item | Lost) -> Iterator[Record]:
        match item:
            case Line(raw, at):
                yield read_line(raw, at, known=self._upkeep.known, topics=self._upkeep.topics)
            case Lost(start, end, count):
                self._left_out += count
                number = int(start.timestamp() * 1000)
                topics = tuple(self._upkeep.topics)
                reason = f"the queue was too slow: {count:,} posts were left out"
                yield Gap(f"gap:x:{number}:queue", "x", topics, start, end, reason)
            case Mark():
                pass
            case _:
                yield item

    def _pass(self, item: Item | Lost, record: Record) -> None:
        """Lets an absence that begins now begin after this post, see `heard_until`."""
        if isinstance(item, Line) and isinstance(record, Post):
            self._trail.passed(_microseconds(max(min(record.created_at, item.at), item.at - LATE)))

    def _connect(self) -> None:
        """After a pass over the rules: a connection, if there is something to hear."""
        if self._upkeep.known and self._upkeep.topics:
            if self._connection is None:
                self._connection = self._start(self._connections.run())
        else:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.cancel()
            self._connection = None
            self._reception.dropped("no rule")

    async def _listen(self) -> NoReturn:
        if self._connects:
            try:
                self._connects.save(_microseconds(self._clock.now()))
            except RegistryError as exc:
                log.warning("%s", exc)
        try:
            await Stream(self._transport, self._reception, self._clock, stall=self._stall).listen()
        except Ended as ended:
            self._reception.ended(ended)
            raise
        except SourceUnavailableError as exc:
            self._reception.unavailable(exc)
            if exc.trouble == "no_rules":
                self._upkeep.look()
            raise

    def _fill(self, gap: Gap) -> None:
        if self._filler:
            self._start(self._fill_by(self._filler, gap))

    async def _fill_by(self, filler: GapFiller, gap: Gap) -> None:
        """Puts what was missed on its way, then the gap again, filled."""
        topics = [topic for slug, topic in self._upkeep.topics.items() if slug in gap.topics]
        searchable = (gap.end + SEARCHABLE - self._clock.now()).total_seconds()
        await self._clock.sleep(max(0.0, searchable))
        inbox = self._reception.inbox
        try:
            async with contextlib.aclosing(filler.posts(gap, topics)) as found:
                async for record in found:
                    while len(inbox) > _FILL_BELOW:
                        await self._clock.sleep(1.0)
                    inbox.put(record)
        except TwitterhandlerError as exc:
            log.warning("the gap from %s to %s is not filled: %s", gap.start, gap.end, exc)
            return
        inbox.put(replace(gap, filled=True))

    async def _retell(self) -> NoReturn:
        """Each minute: the gaps that have not ended, and while nobody listens that nothing was missed."""
        inbox = self._reception.inbox
        while True:
            await self._clock.sleep(TELL.total_seconds())
            now = self._clock.now()
            if not self._upkeep.topics:
                inbox.put(Mark(now))
            elif len(inbox) < _FILL_BELOW:
                for gap in self._reception.ledger.still_open(now, ahead=TELL):
                    inbox.put(gap)

    def _start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._reception.inbox.fail(error)

    async def _stop(self) -> None:
        tasks, self._connection = tuple(self._tasks), None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._transport.close()


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
