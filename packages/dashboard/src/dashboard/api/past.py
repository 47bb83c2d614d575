"""A fixed period as the page paints it, and the posts behind any period, page by page."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request

from dashboard import history, problems
from dashboard.asked import Filter, Period, make_filter, make_period
from dashboard.clients import ViewsClient

_POSTS_EXAMPLE = {"items": [{"id": "sim:1", "text": "What a night", "created_at": "2026-11-22T21:59:26.123Z"}]}
_VIEW_EXAMPLE = {"tick": {"kind": "tick", "window": None}, "figures": {"kind": "figures"}, "next": None}


def _filter(request: Request) -> Filter:
    return make_filter(request.query_params)


def _period(request: Request) -> Period:
    """`from` and `to` of the address; `from` is a keyword, so they are no parameters."""
    return make_period(request.query_params.get("from"), request.query_params.get("to"))


_PARAMETERS = {
    "parameters": [
        {"name": name, "in": "query", "required": True, "schema": {"type": "string", "format": "date-time"}}
        for name in ("from", "to")
    ]
    + [{"name": field.name, "in": "query", "schema": {"type": "string"}} for field in fields(Filter)]
}


def add_routes(server: FastAPI, views: ViewsClient) -> None:
    routes = APIRouter(responses=problems.described(404, 422, 503))

    @routes.get(
        "/view",
        summary="A fixed period: what a live window would show, once",
        openapi_extra=_PARAMETERS,
        responses=_example(_VIEW_EXAMPLE),
    )
    async def view(
        topic: str, period: Annotated[Period, Depends(_period)], only: Annotated[Filter, Depends(_filter)]
    ) -> dict[str, Any]:
        return await history.period(views, topic, period, only)

    @routes.get(
        "/posts",
        summary="The posts of a period, newest first",
        openapi_extra=_PARAMETERS,
        responses=_example({**_POSTS_EXAMPLE, "next": None}),
    )
    async def posts(
        topic: str,
        period: Annotated[Period, Depends(_period)],
        only: Annotated[Filter, Depends(_filter)],
        cursor: str | None = None,
    ) -> Any:
        return await history.posts(views, topic, period, only, cursor)

    server.include_router(routes)


def _example(answer: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": answer}}}}
