"""When nothing is heard of the made-up world: outages that follow from the seed.

They begin at whole seconds, never in the first two of a minute: a post is under way for 1.2 s at most, so what an
outage swallows was written in it or in the minute in which it begins. A minute that it does not touch has lost nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from twitterhandler.errors import SettingError
from twitterhandler.posts import Gap, Post
from twitterhandler.simulation.delivery import Delivery

REASON: Final = "simulated outage"
LIVE_EVERY: Final = 1_200
LIVE_SECONDS: Final = 90

_SHORTEST: Final = 120
_LONGEST: Final = 600
_ROOM: Final = 300
"""Seconds of a stretch that each outage needs, so that something is heard between two."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Half-open, in UTC."""

    start: datetime
    end: datetime

    def hides(self, post: Post) -> bool:
        """Whether it was written in this time, or would have been heard in it. Nothing is sent again afterwards."""
        return self.start <= post.created_at < self.end or self.start <= post.received_at < self.end

    def gap(self, topics: tuple[str, ...] = ()) -> Gap:
        millis = int(self.start.timestamp() * 1000)
        return Gap(f"gap:sim:{millis}", "sim", topics, self.start, self.end, REASON)


def planned_outages(number: int, *, seed: int, start: datetime, span: timedelta) -> Iterator[Outage]:
    """So many over a stretch of time, each 2 to 10 minutes long, oldest first.

    Raises:
        SettingError: so many do not fit.
    """
    room = span.total_seconds() / number if number else math.inf
    if room < _ROOM:
        most = int(span.total_seconds() // _ROOM)
        raise SettingError(f"{number} outages do not fit into {span}; take at most {most}, or a longer time")
    return (_planned(index, room, seed, start) for index in range(number))


def recurring_outages(*, seed: int, start: datetime) -> Iterator[Outage]:
    """One of 90 s in each 20 minutes, for ever, from the first that ends after `start`."""
    window = math.floor(start.timestamp() / LIVE_EVERY) * LIVE_EVERY
    while True:
        begin = window + 5 + 60 * Random(f"outage:{seed}:{window}").randrange(LIVE_EVERY // 60 - 2)
        outage = _outage(datetime.fromtimestamp(begin, UTC), LIVE_SECONDS)
        if outage.end > start:
            yield outage
        window += LIVE_EVERY


def hear(deliveries: Iterator[Delivery], outages: Iterator[Outage]) -> Iterator[Delivery | Outage]:
    """What of the deliveries is heard, and each outage at its end."""
    past, coming = None, next(outages, None)
    for delivery in deliveries:
        while coming and coming.end <= delivery.post.received_at:
            yield coming
            past, coming = coming, next(outages, None)
        if not any(outage.hides(delivery.post) for outage in (past, coming) if outage):
            yield delivery
    if coming:
        yield coming
        yield from outages


def _planned(index: int, room: float, seed: int, start: datetime) -> Outage:
    rng = Random(f"outage:{seed}:{index}")
    seconds = rng.randint(_SHORTEST, int(min(_LONGEST, room - 60)))
    begin = start + timedelta(seconds=index * room + rng.random() * (room - seconds - 3))
    return _outage(begin, seconds)


def _outage(begin: datetime, seconds: int) -> Outage:
    start = begin.replace(second=max(2, begin.second), microsecond=0)
    return Outage(start, start + timedelta(seconds=seconds))
