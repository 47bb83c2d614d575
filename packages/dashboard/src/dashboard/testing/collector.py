"""twitterhandler's routes for topics, over the made-up world: a topic that is made here begins to be talked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Body, Response

from dashboard.problems import problem
from dashboard.testing.world import Topic

_PER_MINUTE = 20.0


def fault(query: str) -> tuple[int, str] | None:
    """Where a query is wrong, in code points from 0: as much of the language as tests need."""
    if not query.strip():
        return 0, "the query is empty"
    open_at: list[int] = []
    quoted = None
    for position, character in enumerate(query):
        if character == '"':
            quoted = None if quoted is not None else position
        elif quoted is None and character == "(":
            open_at.append(position)
        elif quoted is None and character == ")":
            if not open_at:
                return position, "this parenthesis closes nothing"
            open_at.pop()
    if quoted is not None:
        return quoted, "this quotation mark is never closed"
    return (open_at[-1], "this parenthesis is never closed") if open_at else None


class Collector:
    """`/v1/topics` and `/v1/queries/check` of twitterhandler."""

    def __init__(self, topics: dict[str, Topic], clock: Callable[[], datetime]) -> None:
        self._topics = topics
        self._clock = clock
        self.router = APIRouter(prefix="/v1")
        self.router.add_api_route("/queries/check", self.check, methods=["POST"])
        self.router.add_api_route("/topics", self.add, methods=["POST"], response_model=None)
        self.router.add_api_route("/topics/{slug}", self.get, response_model=None)
        self.router.add_api_route("/topics/{slug}", self.change, methods=["PATCH"], response_model=None)
        self.router.add_api_route("/topics/{slug}", self.remove, methods=["DELETE"], response_model=None)
        self.router.add_api_route("/topics/{slug}/start", self.start, methods=["POST"], response_model=None)
        self.router.add_api_route("/topics/{slug}/stop", self.stop, methods=["POST"], response_model=None)

    async def check(self, query: str = Body(embed=True)) -> dict[str, Any]:
        if found := fault(query):
            return {"valid": False, "position": found[0], "message": found[1]}
        return {"valid": True, "explanation": f"posts that match {query}"}

    async def add(
        self, slug: str = Body(), query: str = Body(), *, start: bool = Body(default=False)
    ) -> dict[str, Any] | Response:
        if slug in self._topics:
            return problem(409, "Conflict", f"there is a topic {slug!r} already")
        if found := fault(query):
            return problem(422, "Unprocessable", found[1], position=found[0])
        self._topics[slug] = Topic(
            slug, query, _PER_MINUTE, began=self._clock(), ended=None if start else self._clock()
        )
        return self._answer(slug)

    async def get(self, slug: str) -> dict[str, Any] | Response:
        return self._answer(slug) if slug in self._topics else _missing(slug)

    async def change(self, slug: str, query: str = Body(embed=True)) -> dict[str, Any] | Response:
        if found := fault(query):
            return problem(422, "Unprocessable", found[1], position=found[0])
        return self._replaced(slug, query=query)

    async def remove(self, slug: str) -> Response:
        if self._topics.pop(slug, None) is None:
            return _missing(slug)
        return Response(status_code=204)

    async def start(self, slug: str) -> dict[str, Any] | Response:
        return self._replaced(slug, ended=None, stopped_because=None)

    async def stop(self, slug: str) -> dict[str, Any] | Response:
        return self._replaced(slug, ended=self._clock(), stopped_because=None)

    def _replaced(self, slug: str, **changes: Any) -> dict[str, Any] | Response:
        if slug not in self._topics:
            return _missing(slug)
        self._topics[slug] = replace(self._topics[slug], **changes)
        return self._answer(slug)

    def _answer(self, slug: str) -> dict[str, Any]:
        topic = self._topics[slug]
        state = "started" if topic.ended is None else "stopped"
        return {
            "slug": slug,
            "query": topic.query or "",
            "sources": [],
            "languages": [],
            "reposts": True,
            "state": state,
            "limit": None,
            "until": None,
            "stopped_by": "limit" if topic.stopped_because else None,
            "stopped_because": topic.stopped_because,
        }


def _missing(slug: str) -> Response:
    return problem(404, "Not found", f"there is no topic {slug!r}")
