"""When X could not be heard: bookkeeping from which gaps follow; values in, values out.

A gap never ends before the last moment in which something may have been missed, so its end is one millisecond (the
grain of times on the queue) beyond it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.posts import Gap

TICK: Final = timedelta(milliseconds=1)


@dataclass(slots=True)
class _Deaf:
    start: datetime
    reason: str


class Ledger:
    """Of one connection that all topics share, and of topics that it does not bring yet."""

    def __init__(self) -> None:
        self._followed: frozenset[str] = frozenset()
        self._away: _Deaf | None = None
        self._concerned: frozenset[str] = frozenset()
        self._deaf: dict[str, _Deaf] = {}

    @property
    def away_since(self) -> datetime | None:
        """Since when nothing is heard; None while a connection lives, and while nobody listens."""
        return self._away.start if self._away else None

    def follow(self, topics: Collection[str], at: datetime) -> Iterator[Gap]:
        """Other topics are wanted from now on; the gaps of those that are not any more end."""
        before, self._followed = self._followed, frozenset(topics)
        if not before and topics:
            self._away, self._concerned = _Deaf(at, "connecting"), frozenset()
        self._concerned |= self._followed
        for topic in self._deaf.keys() - self._followed:
            yield from self.hears(topic, at)
        if before and not topics:
            yield from self._back(at)

    def lost(self, reason: str, since: datetime) -> None:
        """The connection is away; what was to come after `since` may be lost. The first reason counts."""
        if self._away is None and self._followed:
            self._away, self._concerned = _Deaf(since, reason), self._followed

    def connected(self, at: datetime) -> Iterator[Gap]:
        """A connection is there."""
        yield from self._back(at)

    def deaf(self, topic: str, since: datetime, reason: str) -> None:
        """A topic is not heard, whatever the connection does; the first moment of it counts."""
        self._deaf[topic] = _Deaf(self._deaf[topic].start if topic in self._deaf else since, reason)

    def hears(self, topic: str, at: datetime) -> Iterator[Gap]:
        """A topic is heard from `at` on, as far as the connection goes."""
        if topic in self._deaf:
            yield _topic_gap(topic, self._deaf.pop(topic), at)

    def never_deaf(self, topic: str) -> None:
        """A topic was heard all the time, as far as the connection went."""
        self._deaf.pop(topic, None)

    def still_open(self, at: datetime, ahead: timedelta) -> Iterator[Gap]:
        """The gaps that have not ended: told again, the same id with a later end.

        Those of topics end `ahead`, so that they last until they are told again even if that never happens.
        """
        if self._away:
            yield self._connection_gap(self._away, at)
        for topic, deaf in self._deaf.items():
            yield _topic_gap(topic, deaf, at + ahead)

    def _back(self, at: datetime) -> Iterator[Gap]:
        if self._away:
            yield self._connection_gap(self._away, at)
            self._away = None

    def _connection_gap(self, away: _Deaf, at: datetime) -> Gap:
        return _gap(_milliseconds(away.start), tuple(sorted(self._concerned)), away, at)


def _topic_gap(topic: str, deaf: _Deaf, at: datetime) -> Gap:
    return _gap(f"{_milliseconds(deaf.start)}:{topic}", (topic,), deaf, at)


def _gap(number: str, topics: tuple[str, ...], deaf: _Deaf, at: datetime) -> Gap:
    return Gap(f"gap:x:{number}", "x", topics, deaf.start, max(at, deaf.start) + TICK, deaf.reason)


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
