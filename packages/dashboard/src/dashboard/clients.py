"""The services that the page reads from: HTTP and websocket clients whose errors are this package's.

The vendors' errors (httpx2, websockets) stop here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import quote, urlencode

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from dashboard.errors import ContractError, UnknownTopicError, UpstreamDownError
from dashboard.messages import Emerging, Window

_UNKNOWN_TOPIC = 4404
# Three times what the contract allows between two ticks: a peer that vanished without a goodbye is noticed.
_SILENCE_SECONDS = 15.0
_TIMEOUT = httpx2.Timeout(5.0)
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class _Client:
    """One service; an asynchronous context manager that closes its connections."""

    name: ClassVar[str]

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx2.AsyncClient(base_url=self.url, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        """Raises UpstreamDownError unless the service says that it is alive."""
        await self._get("/healthz")

    async def _get(self, path: str) -> bytes:
        try:
            answer = await self._http.get(path)
            answer.raise_for_status()
        except httpx2.HTTPStatusError as exc:
            status = exc.response.status_code
            if status == httpx2.codes.NOT_FOUND:
                raise UnknownTopicError(f"{self.name} at {self.url} knows nothing at {path}") from exc
            raise UpstreamDownError(f"{self.name} at {self.url} answered {status}; look at its log") from exc
        except httpx2.HTTPError as exc:
            raise UpstreamDownError(f"{self.name} at {self.url} cannot be reached; is it running?") from exc
        return answer.content


class ViewsClient(_Client):
    """The view API: its live socket, and whether it is up."""

    name = "the view API"

    def __init__(self, url: str, *, silence: float = _SILENCE_SECONDS) -> None:
        super().__init__(url)
        self._silence = silence

    async def live(self, topic: str | None = None, window: Window | None = None) -> AsyncGenerator[str]:
        """The messages of `WS /v1/live` as they come, unparsed; without a topic those of the list of topics.

        Raises:
            UnknownTopicError: the view API knows no such topic (yet).
            UpstreamDownError: not reachable, closed, or silent for longer than the contract allows.
        """
        silence = self._silence if topic is not None else None
        try:
            async with connect(self._socket_url(topic, window), max_size=_MAX_MESSAGE_BYTES, open_timeout=5) as socket:
                while True:
                    yield await self._receive(socket, silence)
        except ConnectionClosed as exc:
            if exc.rcvd is not None and exc.rcvd.code == _UNKNOWN_TOPIC:
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

    @staticmethod
    async def _receive(socket: ClientConnection, silence: float | None) -> str:
        async with asyncio.timeout(silence):
            return await socket.recv(decode=True)

    def _socket_url(self, topic: str | None, window: Window | None) -> str:
        scheme, _, rest = self.url.partition("://")
        query = urlencode({"topic": topic, "window": window}) if topic is not None else ""
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/v1/live" + (f"?{query}" if query else "")


class TrendingClient(_Client):
    """trending: what rises in a topic, and whether it is up."""

    name = "trending"

    async def emerging(self, topic: str) -> list[Emerging]:
        """What rises in a topic, best first.

        Raises:
            UnknownTopicError: trending knows no such topic (yet).
            UpstreamDownError: not reachable or it answered an error.
            ContractError: the answer is not what the contract says.
        """
        answer = await self._get(f"/v1/emerging/{quote(topic, safe='')}")
        try:
            items: list[Emerging] = orjson.loads(answer)["items"]
        except (ValueError, KeyError, TypeError) as exc:
            raise ContractError(
                f"trending at {self.url} answered no list of items; are its version and ours of the same release?"
            ) from exc
        return items
