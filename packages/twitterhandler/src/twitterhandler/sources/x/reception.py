"""What comes of a connection, put into the inbox while it is read; and what does not come, as gaps."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from twitterhandler.clock import Clock
from twitterhandler.errors import SourceUnavailableError
from twitterhandler.posts import Gap, Record, dead
from twitterhandler.sources.inbox import Inbox
from twitterhandler.sources.x.ledger import Ledger
from twitterhandler.sources.x.lines import heard_until, is_whole
from twitterhandler.sources.x.stream import Ended

HELD_LINES: Final = 20_000
HELD_BYTES: Final = 64 * 1024 * 1024
"""What waits for a slow queue; beyond it posts are lost, and the loss is a gap."""


@dataclass(frozen=True, slots=True)
class Line:
    raw: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Until `at` everything was heard, or nobody listened."""

    at: datetime


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came last: a line or, with None, the connection itself or one of its empty lines."""

    at: datetime
    line: bytes | None = None

    @property
    def until(self) -> datetime:
        return self.at if self.line is None else heard_until(self.line, self.at)


Item = Line | Mark | Record


class Reception:
    """Told by the connection what happens; never makes it wait, and never raises.

    Attributes:
        inbox: Where all of it goes.
        ledger: What is not heard.
        troubles: What is wrong now, by what it is about; each line says what to do.
    """

    def __init__(self, clock: Clock, *, held_lines: int = HELD_LINES, held_bytes: int = HELD_BYTES) -> None:
        self.inbox: Inbox[Item] = Inbox(held_lines, held_bytes)
        self.ledger = Ledger()
        self.troubles: dict[str, str] = {}
        self.when_back: Callable[[Gap], None] = lambda gap: None
        self._clock = clock
        self._before = self._last = _Heard(clock.now())

    def follow(self, topics: Collection[str]) -> None:
        """Other topics are wanted."""
        self.tell(self.ledger.follow(topics, self._clock.now()))

    def tell(self, gaps: Iterable[Gap]) -> None:
        """Puts gaps that have ended on their way."""
        for gap in gaps:
            self.inbox.put(gap)
            self.when_back(gap)

    def opened(self, at: datetime) -> None:
        self.troubles.pop("connection", None)
        self.tell(self.ledger.connected(at))
        self._before = self._last = _Heard(at)

    def line(self, line: bytes, at: datetime) -> None:
        self.inbox.offer(Line(line, at), at, len(line))
        self._before, self._last = self._last, _Heard(at, line)

    def silence(self, at: datetime) -> None:
        self.inbox.put(Mark(at))
        self._before = self._last = _Heard(at)

    def ended(self, ended: Ended) -> None:
        now = self._clock.now()
        if ended.rest:
            self.inbox.put(dead(ended.rest, ended.reason, now))
        whole = self._last.line is None or is_whole(self._last.line)
        self.ledger.lost(ended.reason, (self._last if whole else self._before).until)
        self.troubles["connection"] = f"the connection to X is over ({ended.reason}); it is made again"

    def dropped(self, reason: str) -> None:
        """We ended it."""
        self.ledger.lost(reason, self._last.until)

    def unavailable(self, error: SourceUnavailableError) -> None:
        self.ledger.lost(str(error), self._last.until)
        self.troubles["connection"] = str(error)
