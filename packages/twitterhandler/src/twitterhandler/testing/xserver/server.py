"""The fake X as one object: start it, point a client at `url`, push posts, let things go wrong, read what happened."""

import ssl
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.testing.xserver.account import Limits, Manners
from twitterhandler.testing.xserver.certificate import Certificate
from twitterhandler.testing.xserver.content import Message, Posts
from twitterhandler.testing.xserver.faults import Fault
from twitterhandler.testing.xserver.journal import KEPT, Connection, Delivery, Published, Request
from twitterhandler.testing.xserver.platform import CONNECT, Platform
from twitterhandler.testing.xserver.reference import REFERENCE_ROUTES
from twitterhandler.testing.xserver.routes import STREAM_ROUTES, create_app
from twitterhandler.testing.xserver.rules import Rules
from twitterhandler.testing.xserver.search import SEARCH_ROUTES

TOKEN: Final = "AAAAmadeUpToken"


class FakeX:
    """X's API on a port of 127.0.0.1, over plain HTTP or TLS.

        async with FakeX(clock=clock) as x:
            x.push(x.posts.original("tea again"))
            x.fail(Fault.rst())

    Rules, posts and faults outlive `stop`, which is how a server goes away for a while: nobody listens then.

    Args:
        clock: Of ids, times, limits. All waiting is that of the event loop, which may be virtual.
        token: The only Bearer token that is known.
        port: 0 for any that is free; `start` after `stop` takes the same again.
        kept: How many requests, connections, posts and deliveries are remembered, the newest of each; searches and
            backfill know no others.
        tls: Whether to encrypt, with a certificate of X's names, so that a client may keep X's address (see `trust`).
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        token: str = TOKEN,
        limits: Limits | None = None,
        manners: Manners | None = None,
        port: int = 0,
        kept: int = KEPT,
        tls: bool = False,
    ) -> None:
        limits, manners = limits or Limits(), manners or Manners()
        self.platform = Platform(clock or SystemClock(), token, limits=limits, manners=manners, kept=kept)
        self.posts = Posts(self.platform.clock)
        self.token = token
        self._port = port
        self._certificate = Certificate.make() if tls else None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self.platform.stopping = False
        app = create_app(self.platform, self.posts, [*STREAM_ROUTES, *SEARCH_ROUTES, *REFERENCE_ROUTES])
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        tls = self._certificate.server() if self._certificate else None
        site = web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=tls, reuse_address=True)
        await site.start()
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends all connections and listens no longer."""
        runner, self._runner = self._runner, None
        if runner:
            self.platform.stopping = True
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self._port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """For clients of a fake with TLS: its certificate is trusted for X's own names and 127.0.0.1."""
        if self._certificate is None:
            raise ValueError("this fake has no TLS; make it with tls=True")
        return self._certificate.client()

    # ── what it does ────────────────────────────────────────────────────────────────────────────────────────────────

    def push(self, *posts: Message | str) -> list[Published]:
        """These posts come to be now; a text is an original of its own."""
        messages = (self.posts.original(post) if isinstance(post, str) else post for post in posts)
        return [self.platform.publish(message) for message in messages]

    def remember(self, *posts: Message) -> list[Published]:
        """These posts came to be when they were created: searches and backfill find them, no connection gets them."""
        return [self.platform.publish(post, at=datetime.fromisoformat(post.data["created_at"])) for post in posts]

    def fail(self, *faults: Fault, route: str = CONNECT) -> None:
        """Lines up what goes wrong; `route` names whose requests are refused, where that is what a fault does."""
        for fault in faults:
            self.platform.line_up(fault, route)

    def forbid(self, reason: str | None = "client-not-enrolled") -> None:
        """From now on every request is answered 403; None ends it."""
        self.platform.forbidden = reason

    def advance(self, seconds: float) -> None:
        """Moves X's clock on, and nobody waits."""
        self.platform.clock.advance(seconds)

    def now(self) -> datetime:
        """The present of X's clock."""
        return self.platform.clock.now()

    @property
    def limits(self) -> Limits:
        return self.platform.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.platform.limits = limits

    @property
    def manners(self) -> Manners:
        return self.platform.manners

    @manners.setter
    def manners(self, manners: Manners) -> None:
        self.platform.manners = manners

    # ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def rules(self) -> Rules:
        return self.platform.rules

    @property
    def requests(self) -> Sequence[Request]:
        return self.platform.journal.requests

    @property
    def connects(self) -> list[datetime]:
        """When the stream was asked for, whatever the answer was."""
        return [request.at for request in self.requests if request.path == "/2/tweets/search/stream"]

    @property
    def connections(self) -> Sequence[Connection]:
        return self.platform.journal.connections

    @property
    def published(self) -> Sequence[Published]:
        return self.platform.journal.published

    @property
    def sent(self) -> dict[str, Published]:
        """By id the posts that went whole to some connection, in the order of their making."""
        return {post.id: post for post in self.published if post.sent}

    @property
    def deliveries(self) -> Sequence[Delivery]:
        return self.platform.journal.deliveries

    def __repr__(self) -> str:
        return f"FakeX({self.url!r}, {len(self.rules)} rules, {len(self.platform.open)} open connections)"
