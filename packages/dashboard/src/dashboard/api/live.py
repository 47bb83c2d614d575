"""The live socket: what a browser listens to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, WebSocket
from starlette.datastructures import Headers
from starlette.websockets import WebSocketDisconnect

from dashboard.asked import make_filter
from dashboard.errors import QuestionError, TooManyBrowsersError
from dashboard.live import Hub
from dashboard.mailbox import Mailbox
from dashboard.messages import DEFAULT_WINDOW, WINDOWS

_BAD_QUESTION: Final = 4422
_FOREIGN_ORIGIN: Final = 4403
_TRY_LATER: Final = 1013


def add_routes(server: FastAPI, hub: Hub) -> None:
    async def live(socket: WebSocket, topic: str | None = None, window: str = DEFAULT_WINDOW) -> None:
        await _serve_live(hub, socket, topic, window)

    server.add_api_websocket_route("/live", live)


async def _serve_live(hub: Hub, socket: WebSocket, topic: str | None, window: str) -> None:
    await socket.accept()
    if not same_origin(socket.headers):
        await socket.close(_FOREIGN_ORIGIN, "only the page itself may listen")
        return
    known = next((known for known in WINDOWS if known == window), None)
    if known is None:
        await socket.close(_BAD_QUESTION, f"window is one of {', '.join(WINDOWS)}")
        return
    try:
        only = make_filter(socket.query_params)
        with hub.join(topic or None, known, only) as mailbox:
            await _pump(socket, mailbox)
    except QuestionError as exc:
        await socket.close(_BAD_QUESTION, str(exc))
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


def same_origin(headers: Headers) -> bool:
    """Browsers let any page open a socket to any host, and say whose page it was; other programs send no origin."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
