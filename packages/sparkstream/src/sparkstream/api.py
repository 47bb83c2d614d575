"""The view API (docs/contracts/views.md) over a store: a factory, no state of its own beyond the live hub."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response, WebSocket
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client import CONTENT_TYPE_LATEST

from sparkstream import problems
from sparkstream.__about__ import __version__
from sparkstream.errors import QueryError, SparkstreamError, UnknownTopicError
from sparkstream.examples import EXAMPLES
from sparkstream.live import WINDOWS, LiveHub
from sparkstream.metrics import exposition
from sparkstream.queries import Facet, Filter, Lens, Sentiment, Step, Window, make_filter, window
from sparkstream.status import whole_status
from sparkstream.stores.base import Store
from sparkstream.times import parse_time
from sparkstream.views import Json, Views

MAX_LISTENERS: Final = 200
"""Live sockets at once; one more is closed with 1013, try again later."""
_UNKNOWN_TOPIC, _BAD_WINDOW, _TRY_LATER = 4404, 4422, 1013

Slug: TypeAlias = Annotated[str, Path(description="A topic, as GET /v1/topics names it", examples=["world-cup"])]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=200)]
Cursor: TypeAlias = Annotated[str | None, Query(description="`next` of the page before, as it is")]


def create_app(
    store: Store, *, token: str | None = None, clock: Callable[[], int] | None = None, tick: float = 1.0
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
    guard = [Depends(_bearer(token))] if token else []
    _add_topic_routes(app, views, guard)
    _add_service_routes(app, views, hub, guard)
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


def _time(name: str, value: str | None) -> int | None:
    try:
        return (
            parse_time(value.replace(" ", "+")) if value is not None else None
        )  # a bare + in a URL is read as a space
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{name} {value!r} is no time; write it as 2026-11-22T21:59:00Z, with its offset") from error


def _add_topic_routes(app: FastAPI, views: Views, guard: list[Any]) -> None:
    def asked_window(
        start: Annotated[str | None, Query(alias="from")] = None, end: Annotated[str | None, Query(alias="to")] = None
    ) -> Window:
        return window(_time("from", start), _time("to", end), now=views.clock())

    def asked_filter(sentiment: Sentiment | None = None, facet: Facet | None = None, term: str | None = None) -> Filter:
        return make_filter(sentiment=sentiment, facet=facet, term=term)

    def top_filter(
        sentiment: Sentiment | None = None, with_facet: Facet | None = None, with_term: str | None = None
    ) -> Filter:
        return make_filter(sentiment=sentiment, facet=with_facet, term=with_term)

    asked: TypeAlias = Annotated[Window, Depends(asked_window)]
    only: TypeAlias = Annotated[Filter, Depends(asked_filter)]
    get = _getter(app, guard)

    @get("/v1/topics")
    def topics() -> Json:
        return views.topics()

    @get("/v1/topics/{topic}/summary")
    def summary(topic: Slug, period: asked, filtered: only, lens: Lens = "posts") -> Json:
        return views.summary(topic, period, lens=lens, only=filtered)

    @get("/v1/topics/{topic}/series")
    def series(topic: Slug, period: asked, filtered: only, step: Step = "1m") -> Json:
        return views.series(topic, period, step, only=filtered)

    @get("/v1/topics/{topic}/top")
    def top(
        topic: Slug,
        facet: Facet,
        period: asked,
        filtered: Annotated[Filter, Depends(top_filter)],
        *,
        limit: Limit = 20,
        cursor: Cursor = None,
        include_query_words: bool = False,
    ) -> Json:
        return views.top(
            topic, period, facet, only=filtered, limit=limit, cursor=cursor, query_words_too=include_query_words
        )

    @get("/v1/topics/{topic}/posts")
    def posts(topic: Slug, period: asked, filtered: only, limit: Limit = 20, cursor: Cursor = None) -> Json:
        return views.posts(topic, period, only=filtered, limit=limit, cursor=cursor)

    @get("/v1/topics/{topic}/coverage")
    def coverage(topic: Slug, period: asked) -> Json:
        return views.coverage(topic, period)


def _getter(app: FastAPI, guard: list[Any]) -> Callable[[str], Callable[[Callable[..., Json]], Callable[..., Json]]]:
    """`app.get` with what all routes share: the guard, an example, the problems."""

    def get(path: str) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
        example = {"content": {"application/json": {"example": EXAMPLES[path]}}} if path in EXAMPLES else {}
        responses: dict[int | str, dict[str, Any]] = {
            200: example,
            422: {"description": "A parameter that means nothing (problem+json)"},
        }
        if "{topic}" in path:
            responses[404] = {"description": "No such topic (problem+json)"}
        return app.get(path, responses=responses, dependencies=guard)

    return get


def _add_service_routes(app: FastAPI, views: Views, hub: LiveHub, guard: list[Any]) -> None:
    get = _getter(app, guard)

    @get("/v1/status")
    def status() -> Json:
        return whole_status(views)

    @app.get("/healthz")
    def healthz() -> Json:
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> Response:
        try:
            views.store.version()
        except SparkstreamError as error:
            return problems.problem(503, f"store: {error}")
        return Response('{"status": "ready"}', media_type="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(exposition(views, listeners=hub.listeners), media_type=CONTENT_TYPE_LATEST)


def _add_live(app: FastAPI, views: Views, hub: LiveHub, token: str | None) -> None:
    @app.websocket("/v1/live")
    async def live(socket: WebSocket, topic: str | None = None, window: str = "15m") -> None:
        if token and not _authorized(socket.headers.get("authorization", ""), token):
            await socket.close(1008)
            return
        await socket.accept()
        refused = (
            _TRY_LATER
            if hub.listeners >= MAX_LISTENERS
            else _BAD_WINDOW
            if window not in WINDOWS
            else await _missing(views, topic)
        )
        if refused:
            await socket.close(refused)
            return
        async with hub.listen(topic, window) as mailbox:
            await _relay(socket, mailbox)


async def _missing(views: Views, topic: str | None) -> int | None:
    try:
        if topic is not None:
            await asyncio.to_thread(views.topic, topic)
    except UnknownTopicError:
        return _UNKNOWN_TOPIC
    except SparkstreamError:  # the store is away
        return _TRY_LATER
    return None


async def _relay(socket: WebSocket, mailbox: asyncio.Queue[bytes]) -> None:
    """Send until the listener goes; reading is how its going is noticed."""

    async def send() -> None:
        while True:
            await socket.send_text((await mailbox.get()).decode())

    sender = asyncio.create_task(send())
    try:
        while not sender.done() and (await socket.receive())["type"] != "websocket.disconnect":
            pass  # what a listener says is not asked for
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
