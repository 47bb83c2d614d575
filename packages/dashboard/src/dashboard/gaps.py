"""What could not be heard, and why: in words, and asked for once in a while for each live feed that has such a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Sequence

from dashboard.clients import ViewsClient
from dashboard.errors import UpstreamError
from dashboard.messages import Gap, Tick
from dashboard.numbers import instant

_log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
_REMEMBERED = 500  # feeds; more than the browsers that are let in


class GapFeed:
    """The gaps of live feeds; asks the view API only while a tick says that something was not heard."""

    def __init__(
        self, views: ViewsClient, *, every: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._views = views
        self._every = every
        self._clock = clock
        self._known: dict[Hashable, tuple[float, tuple[str, ...], list[Gap]]] = {}

    async def of(self, tick: Tick) -> list[Gap]:
        """The gaps of a tick's period; none when the view API cannot say: the hatch stands without them."""
        unheard = tuple(item["start"] + item["coverage"] for item in tick["series"] if item["coverage"] != "full")
        key = (tick["topic"], tick["window"])
        if not unheard:
            self._known.pop(key, None)
            return []
        asked, was, gaps = self._known.get(key, (float("-inf"), (), []))
        if was == unheard and self._clock() - asked < self._every:
            return gaps
        try:
            gaps = await self._views.gaps(tick["topic"], tick["from"], tick["to"])
        except UpstreamError as exc:
            _log.warning("no reasons for the gaps of %s: %s", tick["topic"], exc)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = (self._clock(), unheard, gaps)
        return gaps


def within(gaps: Sequence[Gap], start: str, end: str) -> list[Gap]:
    """Those that touch [start, end)."""
    first, last = instant(start), instant(end)
    return [gap for gap in gaps if instant(gap["from"]) < last and instant(gap["to"]) > first]


def said(gap: Gap) -> str:
    """`simulated outage, 21:10–21:12 UTC`; with the days when there are two."""
    start, end = instant(gap["from"]), instant(gap["to"])
    form = "%H:%M" if start.date() == end.date() else "%-d %b %H:%M"
    return f"{gap['reason'].replace('_', ' ')}, {start:{form}}–{end:{form}} UTC"
