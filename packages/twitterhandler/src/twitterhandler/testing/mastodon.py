"""A Mastodon server for tests: its event streams over real sockets, posts and faults as a test wants them."""

import asyncio
import html
from typing import Any, Final

import orjson
from aiohttp import web

from twitterhandler.clock import Clock, format_time
from twitterhandler.testing.servers import FakeServer

TOKEN: Final = "a-token-of-the-fake"
HEARTBEAT_SECONDS: Final = 15.0


class FakeMastodon(FakeServer):
    """Sends what is pushed to whoever listens to any of its streams; who was not there never hears of it.

        async with FakeMastodon() as mastodon:
            source = MastodonSource(mastodon.url, TOKEN)

    Attributes:
        token: The one that opens the streams.
        streaming_url: Where it says that its streams are; None says nothing.
    """

    def __init__(self, clock: Clock | None = None, *, token: str = TOKEN) -> None:
        super().__init__(clock)
        self.token = token
        self.streaming_url: str | None = None
        self._statuses: dict[str, dict[str, Any]] = {}
        self._queues: set[asyncio.Queue[bytes]] = set()
        self._speaking = asyncio.Event()
        self._speaking.set()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def post(self, text: str, **fields: Any) -> str:
        """Posts a plain text and gives its id, as sources give it; `fields` are more of the status, or other ones."""
        number = str(len(self._statuses) + 1)
        status = {**_status(number, text, format_time(self.clock.now()), self.url), **fields}
        self._statuses[number] = status
        self.push("update", orjson.dumps(status))
        return f"mastodon:{self.address}/{number}"

    def edit(self, id_: str, text: str, **fields: Any) -> None:
        number = id_.rpartition("/")[2]
        changed = {"content": _html(text), "edited_at": format_time(self.clock.now()), **fields}
        self._statuses[number] |= changed
        self.push("status.update", orjson.dumps(self._statuses[number]))

    def delete(self, id_: str) -> None:
        self.push("delete", id_.rpartition("/")[2].encode())

    def push(self, event: str, data: bytes) -> None:
        self.push_raw(b"event: %s\ndata: %s\n\n" % (event.encode(), data))

    def push_raw(self, data: bytes) -> None:
        """Sends bytes as they are, in the middle of the streams."""
        for queue in self._queues:
            queue.put_nowait(data)

    def mute(self, muted: bool = True) -> None:
        super().mute(muted)
        if muted:
            self._speaking.clear()
        else:
            self._speaking.set()

    def _route(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/v2/instance", self._instance)
        for path in ("public", "public/local", "public/remote", "hashtag", "hashtag/local"):
            router.add_get(f"/api/v1/streaming/{path}", self._stream(self._listen))

    async def _instance(self, _: web.Request) -> web.Response:
        return web.json_response({"configuration": {"urls": {"streaming": self.streaming_url}}})

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues.add(queue)
        try:
            await response.prepare(request)
            await response.write(b":)\n")
            while True:
                await self._pass_on(queue, response)
        except ConnectionError:
            return response
        finally:
            self._queues.discard(queue)

    async def _pass_on(self, queue: asyncio.Queue[bytes], response: web.StreamResponse) -> None:
        try:
            data = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            data = b":thump\n"
        await self._speaking.wait()
        await response.write(data)


def _html(text: str) -> str:
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in text.split("\n\n"))


def _status(number: str, text: str, created_at: str, server: str) -> dict[str, Any]:
    account = {"id": "1", "username": "ada", "acct": "ada", "display_name": "Ada", "url": f"{server}/@ada"}
    return {
        "id": number,
        "uri": f"{server}/users/ada/statuses/{number}",
        "url": f"{server}/@ada/{number}",
        "created_at": created_at,
        "edited_at": None,
        "in_reply_to_id": None,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "content": _html(text),
        "reblog": None,
        "account": account,
        "media_attachments": [],
        "mentions": [],
        "tags": [],
    }
