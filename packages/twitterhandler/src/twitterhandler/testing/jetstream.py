"""A Jetstream server (v1 wire) for tests: real sockets, posts and faults as a test wants them."""

import asyncio
import contextlib
from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.http_websocket import WSMsgType

from twitterhandler.clock import Clock, format_time, microseconds
from twitterhandler.testing.servers import FakeServer

LOOKBACK: Final = timedelta(hours=36)
_POSTS: Final = "app.bsky.feed.post"
_TID_DIGITS: Final = "234567abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class _Frame:
    time_us: int
    data: bytes
    kind: WSMsgType
    honest: bool = True


class FakeJetstream(FakeServer):
    """Sends what is pushed to whoever is connected, and again to whoever asks with a cursor.

        async with FakeJetstream() as bluesky:
            bluesky.post("tea, please")
            async for post in listen(JetstreamSource(bluesky.url)): …

    Attributes:
        lookback: How far a cursor reaches back; one from before it begins there, without a word.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.lookback = LOOKBACK
        self._records: dict[str, dict[str, Any]] = {}
        self._frames: list[_Frame] = []
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"ws://{self.address}"

    def post(self, text: str, *, did: str = "did:plc:ada", rkey: str | None = None, **record: Any) -> str:
        """Creates a post and gives its id, as sources give it; `record` has more of its fields."""
        rkey = rkey or _tid(self._next())
        now = format_time(self.clock.now())
        whole = {"$type": _POSTS, "createdAt": now, "text": text, "langs": ["en"], **record}
        self._records[f"bluesky:{did}/{rkey}"] = whole
        return self._commit("create", did, rkey, record=whole)

    def edit(self, id_: str, text: str, **record: Any) -> None:
        """Updates the record of a post."""
        self._records[id_] |= {"text": text, **record}
        self._commit("update", *_place(id_), record=self._records[id_])

    def delete(self, id_: str) -> None:
        self._commit("delete", *_place(id_))

    def account(self, did: str, *, active: bool, status: str | None = None) -> None:
        """Tells that an account is closed or is back."""
        account = {"active": active, "did": did, "seq": 1, **({"status": status} if status else {})}
        self.push({"did": did, "kind": "account", "account": account})

    def push(self, message: dict[str, Any]) -> None:
        """Sends any message, with the `time_us` of now."""
        time_us = self._next()
        self.push_raw(orjson.dumps({**message, "time_us": time_us}), time_us=time_us)

    def push_raw(self, data: bytes, *, binary: bool = False, honest: bool = True, time_us: int | None = None) -> None:
        """Sends bytes as one frame, text or binary, whatever they are; not `honest`: however long they are, too."""
        kind = WSMsgType.BINARY if binary else WSMsgType.TEXT
        self._frames.append(_Frame(time_us or self._next(), data, kind, honest))
        self._news.set()

    def mute(self, muted: bool = True) -> None:
        super().mute(muted)
        self._news.set()

    def _next(self) -> int:
        """The time of the next frame: now, and later than the last one."""
        now = microseconds(self.clock.now())
        return max(now, self._frames[-1].time_us + 1) if self._frames else now

    def _commit(self, operation: str, did: str, rkey: str, **content: Any) -> str:
        commit = {"rev": _tid(self._next()), "operation": operation, "collection": _POSTS, "rkey": rkey, **content}
        self.push({"did": did, "kind": "commit", "commit": commit})
        return f"bluesky:{did}/{rkey}"

    def _route(self, router: web.UrlDispatcher) -> None:
        router.add_get("/subscribe", self._stream(self._subscribe))

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        start = self._start(request.query.get("cursor"))
        largest = int(request.query.get("maxMessageSizeBytes") or 0)
        sending = asyncio.create_task(self._send(socket, start, largest))
        try:
            async for _ in socket:  # until the client goes
                pass
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending
        return socket

    def _start(self, cursor: str | None) -> int:
        """Index of the first frame for a cursor; one in the future is as none."""
        now = microseconds(self.clock.now())
        if cursor is None or int(cursor) > now:
            return len(self._frames)
        oldest = now - self.lookback // timedelta(microseconds=1)
        return bisect_left(self._frames, max(int(cursor), oldest), key=lambda frame: frame.time_us)

    async def _send(self, socket: web.WebSocketResponse, at: int, largest: int) -> None:
        while True:
            while at < len(self._frames) and not self._muted:
                frame = self._frames[at]
                at += 1
                if not largest or len(frame.data) <= largest or not frame.honest:
                    await socket.send_frame(frame.data, frame.kind)
            self._news.clear()
            await self._news.wait()


def _place(id_: str) -> tuple[str, str]:
    did, _, rkey = id_.removeprefix("bluesky:").partition("/")
    return did, rkey


def _tid(time_us: int) -> str:
    number = time_us << 10
    return "".join(_TID_DIGITS[number >> 5 * place & 31] for place in range(12, -1, -1))
