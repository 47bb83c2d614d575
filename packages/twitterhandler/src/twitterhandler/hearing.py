"""What was heard of a network, and what was not: pure bookkeeping from which gaps follow."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.posts import Gap

_TICK: Final = timedelta(milliseconds=1)
_TRAIL_STEP: Final = 1_000_000
"""Microseconds between the cursors that a trail keeps."""


def gap(network: str, start: datetime, end: datetime, reason: str, *, filled: bool = False) -> Gap:
    """A gap whose id follows from its network and its beginning: told again, it is one record.

    It ends a millisecond later, as times on the queue are cut to milliseconds: it is to cover what it is about.
    """
    id_ = f"gap:{network}:{int(start.timestamp() * 1000)}"
    return Gap(id=id_, network=network, topics=(), start=start, end=end + _TICK, reason=reason, filled=filled)


ABSENT: Final = "the collector was not running"


class Hearing:
    """Of a network that is always talking and may send again what was missed.

    While a connection is away nothing is told. What comes first after it shows whether the network went back as far as
    it was asked to: if not, the part between is a gap. Once it has caught up with the moment of the new connection, the
    rest of the outage is a gap that was filled.

    Args:
        network: For the gaps.
        silence: A pause in what is sent again that is no gap yet.
        last: From when on it is listened to: the last moment that an earlier run heard, or the present.
    """

    def __init__(self, network: str, silence: timedelta, last: datetime) -> None:
        self._network = network
        self._silence = silence
        self._last = last
        self._since: datetime | None = None
        self._until = last
        self._reason = ""
        self._first = self._replays = False

    def lost(self, reason: str) -> None:
        """The connection is away; the first reason of an outage is the one that is told."""
        if self._since is None:
            self._since, self._reason = self._last, reason

    def connected(self, at: datetime, *, replays: bool = True) -> None:
        """A new connection; whether it was asked for what was missed."""
        self._until, self._replays, self._first = at, replays, True

    def heard(self, moment: datetime) -> Iterator[Gap]:
        """The gaps that this message ends."""
        if self._since is not None:
            if self._first and (not self._replays or moment - self._last > self._silence):
                yield from self._gap(self._last, filled=True)
                yield from self._gap(moment, filled=False)
            if moment >= self._until:
                yield from self._gap(self._until, filled=True)
                self._since = None
            self._first = False
        self._last = max(self._last, moment)

    def _gap(self, end: datetime, *, filled: bool) -> Iterator[Gap]:
        if self._since is not None and self._since < end:
            yield gap(self._network, self._since, end, self._reason, filled=filled)
            self._since = end


class Trail:
    """Which position of a network belongs to how many records that were given.

    Whoever takes the records says how many of them are safe; the position behind those is safe, too.

    Attributes:
        position: The newest that is safe, where the next run begins; None before the first.
    """

    def __init__(self) -> None:
        self.position: int | None = None
        self._given = 0
        self._steps: deque[tuple[int, int]] = deque()

    def gave(self) -> None:
        """One more record is given."""
        self._given += 1

    def passed(self, position: int) -> None:
        """All that came up to here, in microseconds, has been given or need not be."""
        if self._steps and self._steps[-1][0] == self._given:
            self._steps[-1] = (self._given, position)
        elif not self._steps or position - self._steps[-1][1] >= _TRAIL_STEP:
            self._steps.append((self._given, position))

    def safe(self, records: int) -> int | None:
        """The newest position whose messages are all among the first `records`; None when that is not news."""
        position = None
        while self._steps and self._steps[0][0] <= records:
            self.position = position = self._steps.popleft()[1]
        return position
