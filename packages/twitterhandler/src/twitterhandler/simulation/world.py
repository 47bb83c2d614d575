"""When something is posted: the timeline of the made-up world.

Time is cut into blocks, and each block follows from (seed, rate, origin, number of the block) alone. So two worlds
with one origin tell the same posts for the same minutes whenever they were started, and a simulator that is started
again repeats posts instead of inventing a second past.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from twitterhandler.simulation.cast import Cast
from twitterhandler.simulation.script import load_script
from twitterhandler.simulation.teller import EPOCH, SimulatedPost, Slot, Teller

_POSTS_A_BLOCK: Final = 1_000
_SHORTEST_BLOCK: Final = 60
_RHYTHM: Final = 0.4
"""Swing of the day around the mean rate; most is posted at 20:00 UTC, least at 08:00."""
_BUSIEST: Final = 20 * 3_600
_DAY: Final = 86_400
_SPIKE_BOOST: Final = 2.5
"""Posts of the spike at its peak, as a multiple of the mean rate."""
_SPIKE_RISE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Spike:
    """Half-open, in seconds since the epoch."""

    start: float
    end: float

    def height(self, moment: float) -> float:
        """From 0 up to 1 in the first seventh, then slowly down to 0."""
        done = (moment - self.start) / (self.end - self.start)
        return max(0.0, min(done / _SPIKE_RISE, (1 - done) / (1 - _SPIKE_RISE)))


class World:
    """An endless, seeded sequence of posts.

    Args:
        seed: Everything follows from it.
        rate: Posts a second, as the mean of a day; the spike comes on top.
        origin: Where the blocks are counted from. The default, the epoch, fits a world that goes on for ever.
        span: Length of a finite world, which has one spike. A world without end has one in each half hour.
    """

    def __init__(
        self, seed: int, *, rate: float = 5.0, origin: datetime = EPOCH, span: timedelta | None = None
    ) -> None:
        self.script = load_script()
        self._seed = seed
        self._rate = rate
        self._origin = origin.timestamp()
        self._span = span.total_seconds() if span else None
        self._block_seconds = max(_SHORTEST_BLOCK, math.ceil(_POSTS_A_BLOCK / rate))
        self._cast = Cast(self.script, seed)
        self._key = f"{seed}:{rate}:{self._origin}"
        self._mark = int.from_bytes(hashlib.blake2b(self._key.encode(), digest_size=2).digest()) & 0x3FF

    def posts(self, start: datetime, end: datetime | None = None) -> Iterator[SimulatedPost]:
        """Posts with start <= created_at < end, oldest first; `received_at` is `created_at`."""
        first, last = start.timestamp(), end.timestamp() if end else math.inf
        number = math.floor((first - self._origin) / self._block_seconds)
        while self._origin + number * self._block_seconds < last:
            for told in self._block(number):
                if told.post.created_at >= start:
                    if end and told.post.created_at >= end:
                        return
                    yield told
            number += 1

    def spike(self, moment: float) -> Spike:
        """The spike of the half hour around `moment` (seconds since the epoch); of a finite world its only one."""
        if self._span is not None:
            length = min(max(360.0, self._span * 0.02), self._span / 4)
            start = self._origin + self._span * (0.55 + 0.2 * Random(f"spike:{self._seed}").random())
            return Spike(start, start + length)
        window = math.floor(moment / 1_800) * 1_800
        start = window + 1_440 * Random(f"spike:{self._seed}:{window}").random()
        return Spike(start, start + 360)

    def _block(self, number: int) -> Iterator[SimulatedPost]:
        """The posts of one block: a Poisson process, thinned to the day's rhythm and the spike."""
        start = self._origin + number * self._block_seconds
        rng = Random(f"block:{self._key}:{number}")
        teller = Teller(self.script, self._cast, rng)
        fastest = self._rate * (1 + _RHYTHM + _SPIKE_BOOST)
        at, count, spike = start, 0, self.spike(start)
        while (at := at + rng.expovariate(fastest)) < start + self._block_seconds:
            if at >= spike.end:
                spike = self.spike(at)
            extra = self._rate * _SPIKE_BOOST * spike.height(at)
            drawn = rng.random() * fastest
            if drawn < extra + self._rate * _rhythm(at):
                millis = int(at * 1000)
                yield teller.tell(Slot(self._id(millis, count), millis, spiking=drawn < extra))
                count += 1

    def _id(self, millis: int, count: int) -> str:
        """Like X's: time, then a count (12 bits), then a mark of this world (10 bits)."""
        return f"sim:{millis << 22 | (count & 0xFFF) << 10 | self._mark}"


def _rhythm(moment: float) -> float:
    return 1 + _RHYTHM * math.cos(2 * math.pi * (moment - _BUSIEST) / _DAY)
