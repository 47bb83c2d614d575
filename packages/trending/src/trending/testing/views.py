import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response

from trending.values import Facet

From = Annotated[datetime, Query(alias="from")]


@dataclass(frozen=True, slots=True)
class FakePost:
    at: datetime
    keyword: tuple[str, ...] = ()
    hashtag: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()


class FakeViews:
    """The routes of docs/contracts/views.md that trending reads, over posts that may change while it serves.

    `pages` counts the answers of each route. `status` other than 200 is given to everything, `body` instead of JSON.
    `gaps` is what could not be heard, of all topics, as (from, to, filled); posts in one are those that another source
    had. `down` has the layers that a route does without, by its last part: `topics`, `summary`, `top`, `coverage`.
    """

    def __init__(self, topics: Mapping[str, Sequence[FakePost]]) -> None:
        self.topics = dict(topics)
        self.pages: Counter[str] = Counter()
        self.gaps: list[tuple[datetime, datetime, bool]] = []
        self.down: dict[str, list[str]] = {}
        self.status = 200
        self.body: bytes | None = None

    @contextmanager
    def served(self) -> Iterator[str]:
        """Its URL, on a free port of the loopback, while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(self._app(), log_level="error", ws="none", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                thread.join()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def fail(request: Any, call_next: Any) -> Any:
            self.pages[request.url.path] += 1
            if self.status != 200 or self.body is not None:
                return Response(self.body or b"{}", self.status, media_type="application/json")
            return await call_next(request)

        app.get("/healthz")(lambda: {"status": "ok"})
        app.get("/v1/topics")(self._list_topics)
        app.get("/v1/topics/{topic}/summary")(self._summary)
        app.get("/v1/topics/{topic}/top")(self._top)
        app.get("/v1/topics/{topic}/coverage")(self._coverage)
        return app

    def _posts(self, topic: str, start: datetime, end: datetime) -> list[FakePost]:
        if topic not in self.topics:
            raise HTTPException(404, "no such topic")
        return [post for post in self.topics[topic] if start <= post.at < end]

    def _list_topics(self, limit: int = 20, cursor: int = 0) -> dict[str, Any]:
        items = []
        for slug, posts in self.topics.items():
            times = [post.at.astimezone(UTC).isoformat() for post in posts]
            edges = {"first_post": min(times, default=None), "last_post": max(times, default=None)}
            items.append({"slug": slug, "query": None, "state": "started", "posts": len(posts), **edges})
        return {**_page(items, limit, cursor), "layers": self._layers("topics")}

    def _summary(self, topic: str, start: From, to: datetime) -> dict[str, Any]:
        return {"topic": topic, "posts": len(self._posts(topic, start, to)), "layers": self._layers("summary")}

    def _top(
        self, topic: str, facet: Facet, start: From, to: datetime, *, limit: int = 20, cursor: int = 0
    ) -> dict[str, Any]:
        posts = self._posts(topic, start, to)
        counts = Counter(term for post in posts for term in dict.fromkeys(getattr(post, facet)))
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        page = _page([{"term": t, "posts": n} for t, n in ordered], limit, cursor)
        return {"facet": facet, "exact": True, **page, "layers": self._layers("top")}

    def _coverage(self, topic: str, start: From, to: datetime) -> dict[str, Any]:
        self._posts(topic, start, to)
        gaps = [gap for gap in self.gaps if gap[0] < to and gap[1] > start]
        items = [
            {"from": since.isoformat(), "to": until.isoformat(), "reason": "simulated outage", "filled": filled}
            for since, until, filled in gaps
        ]
        return {"items": items, "next": None, "layers": self._layers("coverage")}

    def _layers(self, route: str) -> dict[str, Any]:
        return {"batch_until": None, "speed_until": None, "down": self.down.get(route, [])}


def _page(items: list[dict[str, Any]], limit: int, cursor: int) -> dict[str, Any]:
    end = cursor + limit
    return {"items": items[cursor:end], "next": str(end) if end < len(items) else None}
