"""The view API: its live socket, what it says of a fixed period, and whether it is up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from dashboard.asked import NO_FILTER, Filter, Period
from dashboard.clients.http import Client
from dashboard.errors import TooManyViewsError, UnknownTopicError, UpstreamDownError
from dashboard.messages import Gap, PostPage, Window

_UNKNOWN_TOPIC, _TOO_MANY = 4404, 4429
# Three times what the contract allows between two ticks: a peer that vanished without a goodbye is noticed.
_SILENCE_SECONDS = 15.0
_COUNTING_SECONDS = 30.0  # filters together are counted from tens of thousands of posts
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class ViewsClient(Client):
    """Views, live and of the past."""

    name = "the view API"

    def __init__(self, url: str, *, silence: float = _SILENCE_SECONDS) -> None:
        super().__init__(url)
        self._silence = silence

    async def live(
        self, topic: str | None = None, window: Window | None = None, only: Filter = NO_FILTER
    ) -> AsyncGenerator[str]:
        """The messages of `WS /v1/live` as they come, unparsed; without a topic those of the list of topics.

        Raises:
            UnknownTopicError: the view API knows no such topic (yet).
            TooManyViewsError: it follows as many filters as it can.
            UpstreamDownError: not reachable, closed, or silent for longer than the contract allows.
        """
        silence = self._silence if topic is not None else None
        url = self._socket_url(topic, window, only)
        try:
            async with connect(url, max_size=_MAX_MESSAGE_BYTES, open_timeout=5) as socket:
                while True:
                    yield await self._receive(socket, silence)
        except ConnectionClosed as exc:
            code = exc.rcvd.code if exc.rcvd is not None else None
            if code == _TOO_MANY:
                raise TooManyViewsError(
                    "the view API follows no more filters at once; clear one, ask for a fixed period, or wait"
                ) from exc
            if code == _UNKNOWN_TOPIC:
                raise UnknownTopicError(
                    f"the view API knows no topic {topic!r}; it may once the first post has come"
                ) from exc
            raise UpstreamDownError(
                f"the view API at {self.url} closed the connection; is it being restarted?"
            ) from exc
        except TimeoutError as exc:
            raise UpstreamDownError(f"the view API at {self.url} fell silent; look at its log") from exc
        except (OSError, InvalidHandshake, InvalidURI) as exc:
            raise UpstreamDownError(
                f"the view API at {self.url} cannot be reached; is `sparkstream serve` running?"
            ) from exc

    async def summary(self, topic: str, period: Period, only: Filter) -> dict[str, Any]:
        return await self._of(topic, "summary", {**period.parameters(), **only.parameters()})

    async def series(self, topic: str, period: Period, only: Filter) -> dict[str, Any]:
        return await self._of(topic, "series", {**period.parameters(), **only.parameters(), "step": period.step})

    async def top(self, topic: str, facet: str, period: Period, only: Filter) -> dict[str, Any]:
        parameters = {**period.parameters(), **only.parameters("with_"), "facet": facet, "limit": 12}
        return await self._of(topic, "top", parameters)

    async def posts(
        self, topic: str, period: Period, only: Filter, *, limit: int, cursor: str | None = None
    ) -> PostPage:
        following = {"cursor": cursor} if cursor else {}
        parameters = {**period.parameters(), **only.parameters(), "limit": limit, **following}
        found = await self._of(topic, "posts", parameters)
        return {"items": found["items"], "next": found["next"]}

    async def gaps(self, topic: str, start: str, end: str) -> list[Gap]:
        """What could not be heard between two times, oldest first."""
        found: list[Gap] = (await self._of(topic, "coverage", {"from": start, "to": end}))["items"]
        return sorted(found, key=lambda gap: gap["from"])

    async def status(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._ask("/v1/status")
        return found

    async def _of(self, topic: str, what: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """One answer about a topic.

        Raises:
            UnknownTopicError: the view API knows no such topic (yet).
            RefusedError: it cannot answer this question.
            UpstreamDownError: not reachable, or it answered an error.
        """
        path = f"/v1/topics/{quote(topic, safe='')}/{what}"
        found: dict[str, Any] = await self._ask(path, parameters, patience=_COUNTING_SECONDS)
        return found

    @staticmethod
    async def _receive(socket: ClientConnection, silence: float | None) -> str:
        async with asyncio.timeout(silence):
            return await socket.recv(decode=True)

    def _socket_url(self, topic: str | None, window: Window | None, only: Filter) -> str:
        scheme, _, rest = self.url.partition("://")
        query = urlencode({"topic": topic, "window": window, **only.parameters()}) if topic is not None else ""
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/v1/live" + (f"?{query}" if query else "")
