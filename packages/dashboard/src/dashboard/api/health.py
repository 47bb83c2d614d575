"""Alive, ready, counted."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from dashboard import metrics
from dashboard.clients import TrendingClient, ViewsClient
from dashboard.errors import UpstreamError
from dashboard.problems import problem

_PROBLEM_EXAMPLE: Final[dict[str, Any]] = {
    "type": "about:blank",
    "title": "Not ready",
    "status": 503,
    "detail": "the view API at http://127.0.0.1:9002 cannot be reached; is it running?",
}


def add_routes(server: FastAPI, views: ViewsClient, trending: TrendingClient) -> None:
    @server.get("/healthz", summary="Alive", responses=_example({"status": "ok"}))
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @server.get(
        "/readyz",
        summary="Ready: every service that the page reads from is up",
        responses={
            **_example({"status": "ready", "views": "up", "trending": "up"}),
            503: {
                "description": "names what is down",
                "content": {"application/problem+json": {"example": _PROBLEM_EXAMPLE}},
            },
        },
    )
    async def readyz() -> Response:
        results = await asyncio.gather(views.check(), trending.check(), return_exceptions=True)
        for unexpected in results:
            if isinstance(unexpected, BaseException) and not isinstance(unexpected, UpstreamError):
                raise unexpected
        down = [str(result) for result in results if result is not None]
        if down:
            return problem(503, "Not ready", "; ".join(down))
        return JSONResponse({"status": "ready", "views": "up", "trending": "up"})


def add_metrics(server: FastAPI, counted: metrics.Metrics) -> None:
    @server.get("/metrics", summary="Metrics for Prometheus", response_class=Response, responses=_text_example())
    async def read_metrics() -> Response:
        return Response(counted.text(), headers={"content-type": metrics.CONTENT_TYPE})


def _example(answer: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": answer}}}}


def _text_example() -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"text/plain": {"example": "dashboard_browsers 3.0\n"}}}}
