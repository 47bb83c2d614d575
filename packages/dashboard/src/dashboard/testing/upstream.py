"""A small view API, a trending and a collector on one port, as the contracts say, over the made-up world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, WebSocket
from starlette.websockets import WebSocketDisconnect

from dashboard.asked import NO_FILTER, Filter, make_filter
from dashboard.testing import folding
from dashboard.testing.collector import Collector
from dashboard.testing.past import Past
from dashboard.testing.world import TOPICS, Topic

_SILENCE = timedelta(minutes=2)
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class FakeUpstream:
    """What the page reads from. `app` is the services; the attributes are what a test looks at or changes.

    Attributes:
        sockets: how many live sockets are open, by (topic, window); (None, None) is the list of topics.
        max_filtered: how many of them may have a filter; one more is closed with 4429.
        asked_rising: how often trending was asked, by topic.
        down: the layers of the store that are down.
    """

    __test__ = False

    def __init__(
        self, topics: Sequence[Topic] = tuple(TOPICS.values()), *, clock: Clock = _now, every: float = 1.0
    ) -> None:
        self.topics = {topic.slug: topic for topic in topics}
        self.sockets: dict[tuple[str | None, str | None], int] = {}
        self.asked_rising: dict[str, int] = {}
        self.max_filtered = 20
        self.down: list[str] = []
        self._filtered = 0
        self._clock = clock
        self._every = every
        self.app = FastAPI(docs_url=None, redoc_url=None)
        self.app.add_api_route("/healthz", self._healthz)
        self.app.add_api_route("/v1/emerging/{topic}", self._emerging)
        self.app.include_router(Past(self.topics, clock, self.down).router)
        self.app.include_router(Collector(self.topics, clock).router)
        self.app.add_api_websocket_route("/v1/live", self._live)

    def topic_items(self) -> list[dict[str, Any]]:
        return [self._item(topic) for topic in self.topics.values()]

    def _item(self, topic: Topic) -> dict[str, Any]:
        posts = folding.tick(topic, "15m", self._clock())["posts"]
        return {
            "slug": topic.slug,
            "query": topic.query,
            "state": self._state(topic, posts),
            "event_state": "started" if topic.ended is None else "stopped",
            "posts": len(posts),
            "first_post": posts[-1]["created_at"] if posts else None,
            "last_post": posts[0]["created_at"] if posts else None,
        }

    def _state(self, topic: Topic, posts: Sequence[folding.Post]) -> str:
        if topic.ended is not None:
            return "stopped"
        if not posts:
            return "gathering"
        return "live" if self._clock() - datetime.fromisoformat(posts[0]["created_at"]) < _SILENCE else "silent"

    async def _healthz(self) -> dict[str, str]:
        return {"status": "ok"}

    async def _emerging(self, topic: str) -> dict[str, Any]:
        self.asked_rising[topic] = self.asked_rising.get(topic, 0) + 1
        if topic not in self.topics:
            raise HTTPException(404, "no such topic")
        return folding.emerging(self.topics[topic], self._clock())

    async def _live(self, socket: WebSocket, topic: str | None = None, window: str | None = None) -> None:
        await socket.accept()
        key = (topic, window)
        only = make_filter(socket.query_params)
        if only and self._filtered >= self.max_filtered:
            await socket.close(4429)
            return
        self.sockets[key] = self.sockets.get(key, 0) + 1
        self._filtered += bool(only)
        try:
            await (
                self._send_topics(socket) if topic is None else self._send_ticks(socket, topic, window or "15m", only)
            )
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets[key] -= 1
            self._filtered -= bool(only)

    async def _send_topics(self, socket: WebSocket) -> None:
        sent = b""
        while True:
            message = orjson.dumps({"kind": "topics", "items": self.topic_items()})
            if message != sent:
                await socket.send_text(message.decode())
                sent = message
            await self._until_next(socket)

    async def _send_ticks(self, socket: WebSocket, slug: str, window: str, only: Filter = NO_FILTER) -> None:
        span = next((known for known in folding.SPANS if known == window), None)
        if span is None or slug not in self.topics:
            await socket.close(4404 if span else 4422)
            return
        while slug in self.topics:
            message = folding.tick(self.topics[slug], span, self._clock(), only)
            message["layers"]["down"] = self.down
            await socket.send_text(orjson.dumps(message).decode())
            await self._until_next(socket)

    async def _until_next(self, socket: WebSocket) -> None:
        """The pace of the ticks; raises when the reader has gone."""
        try:
            async with asyncio.timeout(self._every):
                await socket.receive_text()
        except TimeoutError:
            return
