"""The made-up world as a source: a finite stretch of it, or live for ever."""

import math
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SettingError
from twitterhandler.posts import Post, Record, broken
from twitterhandler.simulation import (
    Delivery,
    Dirt,
    Outage,
    SimulatedPost,
    World,
    deliveries,
    hear,
    load_script,
    planned_outages,
    recurring_outages,
)
from twitterhandler.topics import Topic

MAX_RATE: Final = 2_000.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A finite part of the world's time; the mean of its posts arrives `speed` times faster than they were written."""

    start: datetime
    hours: float
    speed: float = math.inf


class SimulatorSource:
    """Posts of the simulated world, without topics: the loop matches them.

    With a `stretch` everything about a post, `received_at` too, follows from the seed and the settings. Without one it
    begins `history` before now at full speed and goes on at the pace of the clock; started again it repeats the posts
    that the same seed and rate gave for the same time.

    Args:
        seed: Everything follows from it.
        rate: Posts a second, as the mean of a day.
        duplicates: Share of the posts that come a second time some seconds later.
        outages: Times in which nothing is heard, each told as a gap at its end: so many over the stretch, 2 to 10
            minutes long. Live any number but 0 means one of 90 s in each 20 minutes.
        dirty: Share of the posts after which a line comes that cannot be read.
        stretch: What to play; None for live.
        history: How far before now a live run begins.
    """

    name = "simulator"
    matches = False
    keeps_repeats = True

    def __init__(
        self,
        *,
        seed: int = 7,
        rate: float = 5.0,
        duplicates: float = 0.02,
        outages: int = 0,
        dirty: float = 0.0,
        stretch: Stretch | None = None,
        history: timedelta = timedelta(minutes=20),
        clock: Clock | None = None,
    ) -> None:
        if not 0 < rate <= MAX_RATE:
            raise SettingError(f"a rate of {rate:g} posts a second is out of range; take one up to {MAX_RATE:g}")
        if not 0 <= duplicates <= 1:
            raise SettingError(f"{duplicates:g} is no share of posts; take a number from 0 to 1")
        if stretch and not (stretch.hours > 0 and stretch.speed > 0):
            raise SettingError("a stretch needs hours and a speed above 0")
        if outages < 0:
            raise SettingError(f"{outages} outages cannot be; take 0 or more")
        self._seed = seed
        self._rate = rate
        self._duplicates = duplicates
        self._outages = outages
        self._dirt = Dirt(dirty, seed=seed)
        self._stretch = stretch
        self._history = history
        self._clock = clock or SystemClock()
        if stretch:
            self._planned(stretch)  # says at once when so many do not fit

    def follow(self, topics: Sequence[Topic]) -> None:
        pass

    def records(self) -> AsyncGenerator[Record, None]:
        return self._live() if self._stretch is None else self._finite(self._stretch)

    async def _live(self) -> AsyncGenerator[Record, None]:
        world, start = World(self._seed, rate=self._rate), self._clock.now() - self._history
        outages = recurring_outages(seed=self._seed, start=start) if self._outages else iter(())
        for heard in self._heard(world.posts(start), outages):
            await self._until(_moment(heard))
            for record in self._records(heard):
                yield replace(record, received_at=self._clock.now()) if isinstance(record, Post) else record

    async def _finite(self, stretch: Stretch) -> AsyncGenerator[Record, None]:
        span = timedelta(hours=stretch.hours)
        world = World(self._seed, rate=self._rate, origin=stretch.start, span=span)
        began = self._clock.now()
        for heard in self._heard(world.posts(stretch.start, stretch.start + span), self._planned(stretch)):
            if not math.isinf(stretch.speed):
                await self._until(began + (_moment(heard) - stretch.start) / stretch.speed)
            for record in self._records(heard):
                yield record

    def _planned(self, stretch: Stretch) -> Iterator[Outage]:
        span = timedelta(hours=stretch.hours)
        return planned_outages(self._outages, seed=self._seed, start=stretch.start, span=span)

    def _heard(self, posts: Iterator[SimulatedPost], outages: Iterator[Outage]) -> Iterator[Delivery | Outage]:
        return hear(deliveries(posts, seed=self._seed, duplicates=self._duplicates), outages)

    def _records(self, heard: Delivery | Outage) -> Iterator[Record]:
        if isinstance(heard, Outage):
            yield heard.gap()
            return
        yield heard.post
        for line in () if heard.copy else self._dirt.after(heard.post):
            yield broken(line, heard.post.received_at)

    async def _until(self, due: datetime) -> None:
        remaining = (due - self._clock.now()).total_seconds()
        if remaining > 0:
            await self._clock.sleep(remaining)


def _moment(heard: Delivery | Outage) -> datetime:
    return heard.end if isinstance(heard, Outage) else heard.post.received_at


def default_topics() -> list[Topic]:
    """The topics that the simulated world talks about, started."""
    return [Topic(slug=topic.slug, query=topic.query, state="started") for topic in load_script().topics]
