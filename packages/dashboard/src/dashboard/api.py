"""The page's own routes beside Dash's: the live socket, health, readiness, metrics."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from dashboard import metrics
from dashboard.access import problem
from dashboard.clients import TrendingClient, ViewsClient
from dashboard.errors import TooManyBrowsersError, UpstreamError
from dashboard.live import Hub
from dashboard.mailbox import Mailbox
from dashboard.messages import DEFAULT_WINDOW, WINDOWS

_BAD_WINDOW: Final = 4422
_FOREIGN_ORIGIN: Final = 4403
_TRY_LATER: Final = 1013

_PROBLEM_EXAMPLE: Final[dict[str, Any]] = {
    "type": "about:blank",
    "title": "Not ready",
    "status": 503,
    "detail": "the view API at http://127.0.0.1:9002 cannot be reached; is it running?",
}


def add_routes(server: FastAPI, hub: Hub, views: ViewsClient, trending: TrendingClient) -> None:
    _add_health(server, views, trending)

    async def live(socket: WebSocket, topic: str | None = None, window: str = DEFAULT_WINDOW) -> None:
        await _serve_live(hub, socket, topic, window)

    server.add_api_websocket_route("/live", live)


def _add_health(server: FastAPI, views: ViewsClient, trending: TrendingClient) -> None:
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


async def _serve_live(hub: Hub, socket: WebSocket, topic: str | None, window: str) -> None:
    await socket.accept()
    if not _same_origin(socket):
        await socket.close(_FOREIGN_ORIGIN, "only the page itself may listen")
        return
    known = next((known for known in WINDOWS if known == window), None)
    if known is None:
        await socket.close(_BAD_WINDOW, f"window is one of {', '.join(WINDOWS)}")
        return
    try:
        with hub.join(topic or None, known) as mailbox:
            await _pump(socket, mailbox)
    except TooManyBrowsersError as exc:
        await socket.close(_TRY_LATER, str(exc))


async def _pump(socket: WebSocket, mailbox: Mailbox) -> None:
    """Sends until the browser goes; what it sends is read only to notice that."""
    sender = asyncio.create_task(_send(socket, mailbox))
    try:
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _send(socket: WebSocket, mailbox: Mailbox) -> None:
    while True:
        await socket.send_text(await mailbox.get())


def _same_origin(socket: WebSocket) -> bool:
    """Browsers let any page open a socket to any host, and say whose page it was; other programs send no origin."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
