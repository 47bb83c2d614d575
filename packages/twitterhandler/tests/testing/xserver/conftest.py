"""tweepy as it is: its address is changed by an aiohttp middleware, and its hooks write down what they hear."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from tweepy.asynchronous import AsyncStreamingClient
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX
from yarl import URL

STALL = 21.0


class Listener(AsyncStreamingClient):
    def __init__(self, x: FakeX, token: str | None = None) -> None:
        super().__init__(token or x.token)
        self.session = point_at(x)
        self.events: list[str] = []
        self.responses = []
        self.keep_alives: list[float] = []

    @property
    def ids(self) -> list[str]:
        return [str(response.data.id) for response in self.responses if response.data]

    async def on_connect(self) -> None:
        self.events.append("connect")

    async def on_response(self, response) -> None:
        self.responses.append(response)
        self.events.append(response.data.text if response.data else "no post")

    async def on_keep_alive(self) -> None:
        self.keep_alives.append(asyncio.get_running_loop().time())

    async def on_closed(self, resp) -> None:
        self.events.append("closed")

    async def on_connection_error(self) -> None:
        self.events.append("connection error")

    async def on_request_error(self, status_code: int) -> None:
        self.events.append(f"status {status_code}")

    async def on_exception(self, exception: Exception) -> None:
        self.events.append(type(exception).__name__)


def point_at(x: FakeX) -> aiohttp.ClientSession:
    """A session whose requests go to the fake, whatever their address."""
    base = URL(x.url)

    async def redirect(request, handler):
        request.url = request.url.with_scheme(base.scheme).with_host(base.host).with_port(base.port)
        return await handler(request)

    return aiohttp.ClientSession(middlewares=(redirect,), timeout=aiohttp.ClientTimeout(sock_read=STALL))


@contextlib.asynccontextmanager
async def listening(x: FakeX, *, rules: tuple[str, ...] = ("tea",), **asked) -> AsyncIterator[Listener]:
    """A client with these rules, connected; `asked` are the parameters of its stream."""
    listener = Listener(x)
    if rules:
        x.rules.add([{"value": rule, "tag": f"topic:{rule}"} for rule in rules], now=x.now(), limits=x.limits)
    task = listener.filter(**asked)
    await asyncio.sleep(0.01)
    try:
        yield listener
    finally:
        listener.disconnect()
        await task
        await listener.session.close()


@pytest.fixture
def virtually():
    """Runs an async function of a fresh fake X in virtual time; other arguments are those of the fake."""

    def run(main, **options):
        async def with_x():
            async with FakeX(clock=LoopClock(), **options) as x:
                return await main(x)

        return run_virtually(with_x())

    return run


@pytest.fixture(name="listening")
def _listening():
    return listening


@pytest.fixture(name="listener")
def _listener():
    """An unconnected client, for calls of the rules' routes."""

    @contextlib.asynccontextmanager
    async def client(x: FakeX, token: str | None = None):
        listener = Listener(x, token)
        try:
            yield listener
        finally:
            await listener.session.close()

    return client


@pytest.fixture
def session():
    return point_at


@pytest.fixture
def first_line():
    """Connects with these parameters, acts, and gives the first line that comes, as JSON."""

    async def read(x: FakeX, act, **query: str):
        async with point_at(x) as http:
            headers = {"authorization": f"Bearer {x.token}"}
            async with http.get("https://api.x.com/2/tweets/search/stream", params=query, headers=headers) as stream:
                act()
                return json.loads(await stream.content.readline())

    return read
