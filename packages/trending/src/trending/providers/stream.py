"""What rises in our own stream: the views of the last minutes against those of the time before."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

from trending.providers.views import PAGE, ViewClient
from trending.rising import best_first, rising
from trending.values import FACETS, Emerging, Facet, Period, RisingTerm, TermCounts
from trending.windows import before, recent

RECENT_TERMS = PAGE  # candidates a facet
BASELINE_TERMS = 5 * PAGE  # rarer ones are taken to be as frequent as the last one listed


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
        period = recent(self._now(), newest, window)
        baseline = before(period)
        posts, baseline_posts = await asyncio.gather(
            self._views.posts(topic, period), self._views.posts(topic, baseline)
        )
        found: list[list[RisingTerm]] = []
        if posts and baseline_posts:
            found = await asyncio.gather(
                *(self._rising(topic, facet, (period, posts), (baseline, baseline_posts)) for facet in FACETS)
            )
        return Emerging(topic, period, baseline, sorted(chain.from_iterable(found), key=best_first))

    async def _rising(
        self, topic: str, facet: Facet, window: tuple[Period, int], baseline: tuple[Period, int]
    ) -> list[RisingTerm]:
        now, usual = await asyncio.gather(
            self._counts(topic, facet, window, RECENT_TERMS), self._counts(topic, facet, baseline, BASELINE_TERMS)
        )
        return rising(facet, now, usual)

    async def _counts(self, topic: str, facet: Facet, period: tuple[Period, int], limit: int) -> TermCounts:
        terms, whole = await self._views.top(topic, facet, period[0], limit)
        return TermCounts(period[1], terms, unlisted=0 if whole else min(terms.values()))
