"""What this X knows: its account, rules, posts, open connections, and the faults that are lined up."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.clock import Clock
from twitterhandler.testing.xserver.account import Limits, Manners, Window
from twitterhandler.testing.xserver.content import Json, Message
from twitterhandler.testing.xserver.faults import Fault, Refusal
from twitterhandler.testing.xserver.journal import KEPT, Connection, Journal, Published
from twitterhandler.testing.xserver.rules import Rules

CONNECT: Final = "stream"
"""The route whose refusals are meant unless another is named."""

Item = Published | Fault


class ShiftedClock:
    """Another clock's time, moved on by hand: what would come in an hour comes now, and nobody waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class OpenConnection:
    """A connection and what waits to be written to it."""

    def __init__(self, log: Connection, send_queue: int) -> None:
        self.log = log
        self._items: deque[Item] = deque()
        self._room: int | None = send_queue
        self._more = asyncio.Event()

    def put(self, item: Item) -> None:
        """Queues it; of a reader that is too slow the posts are dropped and the connection ends."""
        if isinstance(item, Published):
            if self._room is None:
                return
            if len(self._items) >= self._room:
                self._items = deque(self.unspent())
                item, self._room = Fault.disconnect("SlowReader"), None
        self._items.append(item)
        self._more.set()

    async def next(self, seconds: float) -> Item | None:
        """What is to be written next; None when nothing came for so long."""
        if not self._items:
            self._more.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._more.wait()
            except TimeoutError:
                return None
        return self._items.popleft()

    def unspent(self) -> list[Fault]:
        return [item for item in self._items if isinstance(item, Fault)]


class Platform:
    """The whole state; routes read it, tests and the control routes change it."""

    def __init__(self, clock: Clock, token: str, *, limits: Limits, manners: Manners, kept: int = KEPT) -> None:
        self.clock = ShiftedClock(clock)
        self.token = token
        self.limits = limits
        self.manners = manners
        self.forbidden: str | None = None
        self.stopping = False
        self.rules = Rules()
        self.journal = Journal(kept)
        self.read = 0
        self.trends: dict[int, list[Json]] = {}
        self.open: dict[int, OpenConnection] = {}
        self._taken: set[int] = set()
        self._count = 0
        self._windows: dict[str, Window] = {}
        self._refusals: dict[str, deque[Refusal]] = {}
        self._faults: deque[Fault] = deque()

    # ── posts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, message: Message, *, at: datetime | None = None) -> Published:
        """The post exists from now on, and goes to every open connection if a rule heeds it.

        With `at` it came to be at that time, and nobody is told: it can be found by searches and backfill.
        """
        now = at or self.clock.now()
        published = Published(now, message, self.rules.matching(message, self.clock.now()))
        self.journal.published.append(published)
        if published.rules and at is None:
            for connection in self.open.values():
                connection.put(published)
        return published

    def between(self, start: datetime, end: datetime) -> Iterator[Published]:
        """The posts that came to be then, end exclusive, oldest first."""
        found = (post for post in self.journal.published if start <= post.at < end)
        return iter(sorted(found, key=lambda post: post.at))

    # ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def line_up(self, fault: Fault, route: str) -> None:
        if fault.refusal:
            self._refusals.setdefault(route, deque()).append(fault.refusal)
        elif self.open:
            next(reversed(self.open.values())).put(fault)
        else:
            self._faults.append(fault)

    def next_refusal(self, route: str) -> Refusal | None:
        waiting = self._refusals.get(route)
        return waiting.popleft() if waiting else None

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

    def has_slot(self) -> bool:
        """Whether one more may connect; the older are ended for it where X does that."""
        if self.manners.kick_older:
            for connection in self.open.values():
                connection.put(Fault.disconnect("ForceDisconnect"))
            return True
        return len(self._taken) < self.limits.connections

    def connect(self) -> OpenConnection:
        self._count += 1
        log = Connection(self._count, self.clock.now())
        self.journal.connections.append(log)
        connection = OpenConnection(log, self.manners.send_queue)
        while self._faults:
            connection.put(self._faults.popleft())
        self._taken.add(log.number)
        self.open[log.number] = connection
        return connection

    def disconnected(self, connection: OpenConnection, by: str, unspent: Sequence[Fault]) -> None:
        """Faults that it did not live to see wait for the next; of a client that went away the slot may linger."""
        number, linger = connection.log.number, self.manners.slot_linger
        connection.log.closed_at, connection.log.ended_by = self.clock.now(), by
        self.open.pop(number, None)
        self._faults.extendleft(reversed([*unspent, *connection.unspent()]))
        if by == "client" and linger:
            asyncio.get_running_loop().call_later(linger, self._taken.discard, number)
        else:
            self._taken.discard(number)

    def terminate(self, which: Callable[[Connection], bool]) -> int:
        """Ends open connections and frees lingering slots, as X's connection routes do; how many there were."""
        ended = [connection for connection in self.open.values() if which(connection.log)]
        for connection in ended:
            connection.put(Fault.disconnect("ForceDisconnect"))
        self._taken &= set(self.open)
        return len(ended)

    # ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def window(self, kind: str) -> Window:
        """The count of requests of this kind, of which `Limits` has the limit."""
        window = self._windows.setdefault(kind, Window(0))
        window.limit = getattr(self.limits, kind)
        return window
