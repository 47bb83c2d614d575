"""The view API (docs/contracts/views.md) over a store: a factory, no state of its own beyond the live hub."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response, WebSocket
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client import CONTENT_TYPE_LATEST

from sparkstream import problems
from sparkstream.__about__ import __version__
from sparkstream.answers import Json
from sparkstream.auditing import audit_answer
from sparkstream.errors import SparkstreamError, StoreError, UnknownTopicError
from sparkstream.examples import EXAMPLES
from sparkstream.live import GONE, WINDOWS, LiveHub
from sparkstream.metrics import exposition
from sparkstream.parameters import (
    AskedFilter,
    AskedStore,
    AskedViews,
    AskedWindow,
    Cursor,
    Limit,
    LiveFilter,
    Slug,
    TopFilter,
)
from sparkstream.queries import Facet, Filter, Lens, Step
from sparkstream.status import whole_status
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Layer
from sparkstream.views import Views

_UNKNOWN_TOPIC, _BAD_QUESTION, _TOO_MANY, _TRY_LATER = 4404, 4422, 4429, 1013


def create_app(
    store: LayeredStore, *, token: str | None = None, clock: Callable[[], int] | None = None, tick: float = 1.0
) -> FastAPI:
    """The app over an open store, which it does not close.

    Args:
        store: what is asked; reading only.
        token: what callers of /v1 have to send as bearer; None lets everybody in, for loopback.
        clock: milliseconds; the system's by default.
        tick: seconds between two looks of the live hub at the store.
    """
    views = Views(store, clock) if clock else Views(store)
    hub = LiveHub(views, tick=tick)

    app = FastAPI(
        title="sparkstream",
        version=__version__,
        summary="What is being said about a topic, live and over any past period",
    )
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    problems.install(app)
    app.state.views, app.state.store = views, store
    app.include_router(v1, dependencies=[Depends(_bearer(token))] if token else [])
    _add_service_routes(app, store, views, hub)
    _add_live(app, views, hub, token)
    return app


def _bearer(token: str) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        if not _authorized(request.headers.get("authorization", ""), token):
            raise HTTPException(
                401, "send the token as `Authorization: Bearer …`", headers={"WWW-Authenticate": "Bearer"}
            )

    return check


def _authorized(header: str, token: str) -> bool:
    return secrets.compare_digest(header.encode(), f"Bearer {token}".encode())


def _described(path: str) -> dict[str, Any]:
    """What OpenAPI says of a route beyond its parameters."""
    responses: dict[int, dict[str, Any]] = {422: {"description": "A parameter that means nothing (problem+json)"}}
    if path in EXAMPLES:
        responses[200] = {"content": {"application/json": {"example": EXAMPLES[path]}}}
    if "{topic}" in path:
        responses[404] = {"description": "No such topic (problem+json)"}
    return {"path": path, "responses": responses}


v1 = APIRouter()


@v1.get(**_described("/v1/topics"))
def topics(views: AskedViews) -> Json:
    return views.topics()


@v1.get(**_described("/v1/topics/{topic}/summary"))
def summary(views: AskedViews, topic: Slug, period: AskedWindow, only: AskedFilter, lens: Lens = "posts") -> Json:
    return views.summary(topic, period, lens=lens, only=only)


@v1.get(**_described("/v1/topics/{topic}/series"))
def series(views: AskedViews, topic: Slug, period: AskedWindow, only: AskedFilter, step: Step = "1m") -> Json:
    return views.series(topic, period, step, only=only)


@v1.get(**_described("/v1/topics/{topic}/top"))
def top(
    views: AskedViews,
    topic: Slug,
    facet: Facet,
    period: AskedWindow,
    only: TopFilter,
    *,
    limit: Limit = 20,
    cursor: Cursor = None,
    include_query_words: bool = False,
) -> Json:
    return views.top(topic, period, facet, only=only, limit=limit, cursor=cursor, query_words_too=include_query_words)


@v1.get(**_described("/v1/topics/{topic}/posts"))
def posts(
    views: AskedViews, topic: Slug, period: AskedWindow, only: AskedFilter, *, limit: Limit = 20, cursor: Cursor = None
) -> Json:
    return views.posts(topic, period, only=only, limit=limit, cursor=cursor)


@v1.get(**_described("/v1/topics/{topic}/coverage"))
def coverage(views: AskedViews, topic: Slug, period: AskedWindow) -> Json:
    return views.coverage(topic, period)


@v1.get(**_described("/v1/status"))
def status(views: AskedViews) -> Json:
    return whole_status(views)


@v1.get(**_described("/v1/audit"))
def audit(
    store: AskedStore,
    views: AskedViews,
    period: AskedWindow,
    topic: Annotated[str | None, Query(description="Only this one")] = None,
) -> Json:
    topics = [views.topic(topic).slug] if topic else [known.slug for known in store.topics()]
    return audit_answer(store, topics, period)


def said(troubles: Mapping[Layer, StoreError]) -> str:
    """What is down and why, once for both layers where they live in one store."""
    why: dict[str, list[str]] = {}
    for layer, error in troubles.items():
        why.setdefault(str(error), []).append(layer)
    return "; ".join(f"{' and '.join(layers)} layer: {error}" for error, layers in why.items())


def _add_service_routes(app: FastAPI, store: LayeredStore, views: Views, hub: LiveHub) -> None:
    @app.get("/healthz")
    def healthz() -> Json:
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> Response:
        if troubles := store.troubles():
            return problems.problem(503, said(troubles))
        return Response('{"status": "ready"}', media_type="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(exposition(views, listeners=hub.listeners), media_type=CONTENT_TYPE_LATEST)


def _add_live(app: FastAPI, views: Views, hub: LiveHub, token: str | None) -> None:
    @app.websocket("/v1/live")
    async def live(socket: WebSocket, only: LiveFilter, topic: str | None = None, window: str = "15m") -> None:
        if token and not _authorized(socket.headers.get("authorization", ""), token):
            await socket.close(1008)
            return
        await socket.accept()
        if only is None or window not in WINDOWS:
            await socket.close(_BAD_QUESTION)
            return
        if refused := await _refusal(views, hub, topic, window, only):
            await socket.close(refused)
            return
        async with hub.listen(topic, window, only) as mailbox:
            await _relay(socket, mailbox)


async def _refusal(views: Views, hub: LiveHub, topic: str | None, window: str, only: Filter) -> int | None:
    if hub.is_full:
        return _TRY_LATER
    if not hub.has_room(topic, window, only):
        return _TOO_MANY
    try:
        if topic is not None:
            await asyncio.to_thread(lambda: views.at_once().topic(topic))
    except UnknownTopicError:
        return _UNKNOWN_TOPIC
    except SparkstreamError:  # the store is away
        return _TRY_LATER
    return None


async def _relay(socket: WebSocket, mailbox: asyncio.Queue[bytes]) -> None:
    """Send until the listener goes; reading is how its going is noticed."""

    async def send() -> None:
        while True:
            message = await mailbox.get()
            if message == GONE:
                await socket.close(_UNKNOWN_TOPIC)
                return
            await socket.send_text(message.decode())

    sender = asyncio.create_task(send())
    try:
        while not sender.done() and (await socket.receive())["type"] != "websocket.disconnect":
            pass  # what a listener says is not asked for
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
