"""What rises in our own stream: the views of the last minutes against those of the time before.

What is unknown is left out on both sides: minutes of which nothing was heard, or whose layer is down, would make a
term look new that nobody could count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import NamedTuple

from trending.providers.views import PAGE, ViewClient
from trending.rising import best_first, rising
from trending.values import FACETS, Coverage, Emerging, Facet, Period, RisingTerm, TermCounts
from trending.windows import before, known, recent

RECENT_TERMS = PAGE  # candidates a facet
BASELINE_TERMS = 5 * PAGE  # rarer ones are taken to be as frequent as the last one listed


class _Topic(NamedTuple):
    """With the layers that all numbers of one comparison do without."""

    slug: str
    down: frozenset[str]


class StreamProvider:
    """Reads from `views`, and closes it with itself; `now` gives the time in UTC."""

    def __init__(self, views: ViewClient, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._views = views
        self._now = now

    async def aclose(self) -> None:
        await self._views.aclose()

    async def check(self) -> None:
        await self._views.check()

    async def emerging(self, topic: str, window: timedelta) -> Emerging:
        newest = await self._views.newest_post(topic)
        asked = recent(self._now(), newest, window)
        usual = before(asked)
        heard = await self._views.heard(topic, Period(usual.start, asked.end))
        period, baseline = known(asked, heard.gaps), known(usual, heard.gaps)
        if period is None or baseline is None or baseline.length < period.length:  # a shorter past tells little
            return Emerging(topic, asked, usual, [], "none")
        coverage: Coverage = "full" if (period, baseline) == (asked, usual) else "partial"
        found = await self._compared(_Topic(topic, heard.down), period, baseline)
        return Emerging(topic, period, baseline, sorted(found, key=best_first), coverage)

    async def _compared(self, topic: _Topic, period: Period, baseline: Period) -> list[RisingTerm]:
        posts, baseline_posts = await asyncio.gather(
            *(self._views.posts(topic.slug, some, down=topic.down) for some in (period, baseline))
        )
        if not posts or not baseline_posts:
            return []
        found = await asyncio.gather(
            *(self._rising(topic, facet, (period, posts), (baseline, baseline_posts)) for facet in FACETS)
        )
        return list(chain.from_iterable(found))

    async def _rising(
        self, topic: _Topic, facet: Facet, window: tuple[Period, int], baseline: tuple[Period, int]
    ) -> list[RisingTerm]:
        now, usual = await asyncio.gather(
            self._counts(topic, facet, window, RECENT_TERMS), self._counts(topic, facet, baseline, BASELINE_TERMS)
        )
        return rising(facet, now, usual)

    async def _counts(self, topic: _Topic, facet: Facet, period: tuple[Period, int], limit: int) -> TermCounts:
        terms, whole = await self._views.top(topic.slug, facet, period[0], limit, down=topic.down)
        return TermCounts(period[1], terms, unlisted=0 if whole else min(terms.values()))
