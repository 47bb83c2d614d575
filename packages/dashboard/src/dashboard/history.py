"""A fixed period, asked for once: the answers of the view API put together as the tick that its live socket sends."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from dashboard import ids, view
from dashboard.asked import Filter, Period
from dashboard.clients import ViewsClient
from dashboard.errors import UpstreamDownError
from dashboard.messages import PostPage, Tick

PAGE: Final = 20


async def period(views: ViewsClient, topic: str, asked: Period, only: Filter) -> dict[str, Any]:
    """{"tick", "figures", "next"}: what a live window would show, and where its posts go on.

    Raises:
        UpstreamError: see ViewsClient.
    """
    start, end = asked.parameters().values()
    summary, series, posts, gaps, *tops = await asyncio.gather(
        views.summary(topic, asked, only),
        views.series(topic, asked, only),
        _first_posts(views, topic, asked, only),
        views.gaps(topic, start, end),
        *(views.top(topic, facet, asked, only) for facet in ids.FACETS),
    )
    tick: Tick = {
        "kind": "tick",
        "topic": topic,
        "window": None,
        "live": False,
        "from": summary["from"],
        "to": summary["to"],
        "step": asked.step,
        "at": summary["to"],
        "lag_seconds": None,
        "job": {"state": "none", "rate": 0.0},
        "summary": summary,
        "series": series["items"],
        "tops": {facet: top["items"] for facet, top in zip(ids.FACETS, tops, strict=True)},
        "exact": {facet: top["exact"] for facet, top in zip(ids.FACETS, tops, strict=True)},
        "posts": posts["items"],
        "layers": summary["layers"],
    }
    return {"tick": tick, "figures": view.fixed(tick, gaps=gaps, only=only), "next": posts["next"]}


async def _first_posts(views: ViewsClient, topic: str, asked: Period, only: Filter) -> PostPage:
    """None while the layer is down that has them: the numbers do not wait for it."""
    try:
        return await views.posts(topic, asked, only, limit=PAGE)
    except UpstreamDownError:
        return {"items": [], "next": None}


async def posts(views: ViewsClient, topic: str, asked: Period, only: Filter, cursor: str | None) -> PostPage:
    """A page of posts, newest first. The first one is twice as long: a live page shows half of it already."""
    return await views.posts(topic, asked, only, limit=PAGE if cursor else 2 * PAGE, cursor=cursor)
