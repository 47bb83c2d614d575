"""The view API's routes for a period, over the made-up world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request

from dashboard.asked import Filter, make_filter
from dashboard.messages import STEP_SECONDS
from dashboard.testing import folding
from dashboard.testing.world import Topic


class Past:
    """`GET /v1/topics/{topic}/…` of docs/contracts/views.md."""

    def __init__(self, topics: Mapping[str, Topic], clock: Callable[[], datetime], down: list[str]) -> None:
        self._topics = topics
        self._clock = clock
        self._layers: dict[str, Any] = {"batch_until": None, "speed_until": None, "down": down}
        self.router = APIRouter(prefix="/v1/topics/{topic}")
        for name in ("summary", "series", "top", "posts", "coverage"):
            self.router.add_api_route(f"/{name}", getattr(self, name))

    async def summary(self, topic: str, request: Request) -> dict[str, Any]:
        known, start, end, only = self._asked(topic, request)
        span = end - start
        now = folding.summary(known, self._posts(known, start, end, only), start, end, only)
        before = folding.summary(known, self._posts(known, start - span, start, only), start - span, start, only)
        return {**now, "topic": topic, "previous": before, "layers": self._layers}

    async def series(self, topic: str, request: Request, step: str = "1m") -> dict[str, Any]:
        known, start, end, only = self._asked(topic, request)
        seconds = next(seconds for name, seconds in STEP_SECONDS.items() if name == step)
        posts = self._posts(known, start, end, only)
        return {"items": list(folding.series(known, posts, start, end, seconds)), "next": None, "layers": self._layers}

    async def top(self, topic: str, request: Request, facet: str, limit: int = 20) -> dict[str, Any]:
        known, start, end, _ = self._asked(topic, request)
        query = dict(request.query_params)
        only = make_filter(query | {name: query.get(f"with_{name}", "") for name in ("facet", "term")})
        posts, before = (
            self._posts(known, start, end, only),
            self._posts(known, start - (end - start), start, only),
        )
        items = folding.tops(posts, before, facet, only=only, limit=limit)
        return {"items": items, "next": None, "exact": True, "facet": facet, "layers": self._layers}

    async def posts(self, topic: str, request: Request, limit: int = 20, cursor: str = "0") -> dict[str, Any]:
        known, start, end, only = self._asked(topic, request)
        if "batch" in self._layers["down"]:
            raise HTTPException(503, "posts cannot be read now")
        found, first = self._posts(known, start, end, only)[::-1], int(cursor)
        following = str(first + limit) if len(found) > first + limit else None
        return {"items": found[first : first + limit], "next": following, "layers": self._layers}

    async def coverage(self, topic: str, request: Request) -> dict[str, Any]:
        known, start, end, _ = self._asked(topic, request, filtered=False)
        return {"items": folding.gaps(known, start, end), "next": None, "layers": self._layers}

    def _asked(self, slug: str, request: Request, *, filtered: bool = True) -> tuple[Topic, datetime, datetime, Filter]:
        if slug not in self._topics:
            raise HTTPException(404, "no such topic")
        query = request.query_params
        start, end = (datetime.fromisoformat(query[name]).astimezone(UTC) for name in ("from", "to"))
        listed = request.url.path.endswith("/top")  # its `facet` is no filter
        return self._topics[slug], start, end, make_filter(query) if filtered and not listed else Filter()

    def _posts(self, topic: Topic, start: datetime, end: datetime, only: Filter) -> list[folding.Post]:
        return folding.kept(folding.heard(topic, start, end, self._clock()), only)
