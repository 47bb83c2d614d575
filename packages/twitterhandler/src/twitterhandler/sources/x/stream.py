"""One connection to the filtered stream, by tweepy.

tweepy's own loop connects again without a pause after each connection that was given, waits for ever on a wrong key and
dies of one odd line. So each of its hooks that would go round that loop ends it with an error instead; whoever awaits
`listen` decides when to connect again.
"""

import asyncio
import sys
from datetime import datetime
from typing import Any, Final, NoReturn, Protocol

import aiohttp
from tweepy.asynchronous import AsyncStreamingClient

from twitterhandler.clock import Clock
from twitterhandler.sources.x.lines import ending
from twitterhandler.sources.x.search import EXPANSIONS, FIELDS
from twitterhandler.sources.x.transport import CONNECT, READ_BUFFER, Envelope, XTransport, stream_timeout

STALL: Final = 23.0
"""Seconds of silence after which a connection is dead: X sends an empty line every 20 s, a little late."""
_GRACE: Final = 1.0


class Ended(Exception):  # noqa: N818 - each connection ends some day
    """A connection that was given is over.

    Attributes:
        reason: For the gap and the log; nothing of a post.
        rest: The beginning of a line that was too long to read, and broke the connection.
        lasted: Seconds between the connection and its end.
    """

    def __init__(self, reason: str, rest: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rest = rest
        self.lasted = 0.0


class Listener(Protocol):
    """Who is told what a connection brings, while it is read: must return at once and never raise."""

    def opened(self, at: datetime) -> None:
        """X has given the connection."""
        ...

    def line(self, line: bytes, at: datetime) -> None: ...

    def silence(self, at: datetime) -> None:
        """An empty line: nothing was posted, and the connection lives."""
        ...


class Stream(AsyncStreamingClient):  # type: ignore[misc]  # tweepy has no types
    """See the module; a new one for each connection, so that none is left half open."""

    def __init__(self, transport: XTransport, listener: Listener, clock: Clock, *, stall: float = STALL) -> None:
        super().__init__("the transport adds the key")
        self.session = transport.session(stream_timeout(stall))
        self._listener = listener
        self._clock = clock
        self._stall = stall
        self._opened_at = self._active_at = asyncio.get_running_loop().time()

    async def listen(self) -> NoReturn:
        """Asks for a connection and reads it to its end.

        Raises:
            Ended: it was given and is over.
            SourceUnavailableError: it was not given.
            SourceRefusedError: it was not, and will not be.
        """
        task = self.filter(tweet_fields=FIELDS, expansions=EXPANSIONS)
        try:
            await self._watch(task)
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self.session.close()  # tweepy does, but not before it has begun
        try:
            task.result()
            raise Ended(f"silent for {self._stall:g} s")
        except Envelope as envelope:
            raise envelope.error from envelope.__cause__
        except Ended as ended:
            ended.lasted = asyncio.get_running_loop().time() - self._opened_at
            raise

    async def _watch(self, task: asyncio.Task[None]) -> None:
        """Until it ends, or nothing came for so long that aiohttp should have noticed: where the frame of HTTP is
        broken it waits for ever.

        It is not awaited itself, as tweepy swallows a cancellation that goes through it.
        """
        now = asyncio.get_running_loop().time
        self._active_at = now() + CONNECT
        while not task.done() and (remaining := self._active_at + self._stall + _GRACE - now()) > 0:
            await asyncio.wait([task], timeout=remaining)

    async def on_connect(self) -> None:
        self._opened_at = self._active_at = asyncio.get_running_loop().time()
        self._listener.opened(self._clock.now())

    async def on_data(self, raw_data: bytes) -> None:
        reason = ending(raw_data)
        if reason:
            raise Ended(reason)
        self._active_at = asyncio.get_running_loop().time()
        self._listener.line(raw_data, self._clock.now())

    async def on_keep_alive(self) -> None:
        self._active_at = asyncio.get_running_loop().time()
        self._listener.silence(self._clock.now())

    async def on_closed(self, resp: aiohttp.ClientResponse) -> NoReturn:
        raise Ended("X closed it")

    async def on_connection_error(self) -> NoReturn:
        """Called inside of tweepy's `except`; what comes here had been given, all else is an `Envelope`."""
        error = sys.exception()
        reason = f"silent for {self._stall:g} s" if isinstance(error, asyncio.TimeoutError) else "it broke"
        raise Ended(reason) from error

    async def on_exception(self, exception: Exception) -> NoReturn:
        if isinstance(exception, aiohttp.http_exceptions.LineTooLong):
            raise Ended(f"a line longer than {2 * READ_BUFFER} bytes", _beginning(exception)) from exception
        if isinstance(exception, aiohttp.http_exceptions.HttpProcessingError):  # such as gzip that is none
            raise Ended("it broke") from exception
        raise exception

    async def on_disconnect(self) -> None:
        pass


def _beginning(error: Any) -> bytes:
    line = error.args[0]
    return line if isinstance(line, bytes) else str(line).encode()
