"""What the fakes of networks have in common: a real HTTP server in the running loop, and faults on demand."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from aiohttp import web

from twitterhandler.clock import Clock, SystemClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Connect:
    """One request for a stream, answered or refused."""

    at: datetime
    path: str
    query: Mapping[str, str]


class FakeServer:
    """Listens on a free port of 127.0.0.1 while its `async with` block runs.

    Attributes:
        connects: Every request for a stream, oldest first.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.connects: list[Connect] = []
        self._refusals: deque[tuple[int, Mapping[str, str]]] = deque()
        self._open: list[web.Request] = []
        self._muted = False
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens; after `stop` again on the same port."""
        app = web.Application()
        self._route(app.router)
        self._runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Drops all connections and answers no more."""
        self.drop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def listeners(self) -> int:
        """Streams that are open now."""
        return len(self._open)

    def refuse(self, status: int, *, times: int = 1, headers: Mapping[str, str] | None = None) -> None:
        """The next requests for a stream get this status."""
        self._refusals.extend([(status, headers or {})] * times)

    def drop(self) -> None:
        """Ends all streams as a cut wire does: no goodbye."""
        for request in self._open:
            if request.transport:
                request.transport.abort()

    def mute(self, muted: bool = True) -> None:
        """Keeps the streams open and sends nothing on them, not even signs of life; what was held back comes after."""
        self._muted = muted

    def _route(self, router: web.UrlDispatcher) -> None:
        raise NotImplementedError

    def _stream(self, answer: Handler) -> Handler:
        """`answer` with the connects logged and refused, and its stream among the open ones."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.connects.append(Connect(self.clock.now(), request.path, dict(request.query)))
            if self._refusals:
                status, headers = self._refusals.popleft()
                return web.json_response({"error": "refused by the test"}, status=status, headers=headers)
            self._open.append(request)
            try:
                return await answer(request)
            finally:
                self._open.remove(request)

        return handle
