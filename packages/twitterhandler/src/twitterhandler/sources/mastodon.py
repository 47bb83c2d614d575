"""Mastodon, through the event stream of one server: what its people post and what reaches it from others."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp

from twitterhandler.clock import Clock, SystemClock, from_microseconds, microseconds
from twitterhandler.cursors import Cursor
from twitterhandler.errors import SettingError, UnreadableMessageError
from twitterhandler.event_stream import EventStream, ServerSentEvent
from twitterhandler.hearing import ABSENT, Trail, gap
from twitterhandler.mastodon_messages import parse_event
from twitterhandler.posts import Gap, Record, dead
from twitterhandler.sources.connections import (
    CONNECT_SECONDS,
    HEADERS,
    Dropped,
    Heard,
    connecting,
    reconnecting,
    recorded,
    unhindered,
)
from twitterhandler.topics import Topic

SILENCE: Final = timedelta(seconds=45)
"""A server sends a heartbeat each 15 s."""

_STREAMS: Final = ("public", "public/local", "public/remote", "hashtag:TAG", "hashtag/local:TAG")
_TOKEN: Final = "make a token with read:statuses (Preferences, Development) and set TWITTERHANDLER_MASTODON_TOKEN"
_ADVICE: Final = {
    401: f"it wants a token of one of its accounts; {_TOKEN}",
    403: f"the token does not allow it; {_TOKEN}",
    404: "it has no such stream; check TWITTERHANDLER_MASTODON_URL and TWITTERHANDLER_MASTODON_STREAM",
}
_FOR_EVER: Final = aiohttp.ClientTimeout(total=None)


class MastodonSource:
    """Posts, edits and deletes that reach one server, without topics: the loop matches them.

    Mastodon repeats nothing: whatever was posted while no connection was there is missed, and that time is a gap. With
    a `cursor` the time since the end of an earlier run is one, too. An event that cannot be read (no status, longer
    than 1 MiB, cut by the end of its connection) is a dead record.

    Args:
        url: The server, `https://HOST`; where its streams are, it says itself.
        token: Of an account there, with the scope `read:statuses`.
        stream: `public` (all that reaches the server), `public/local` (of its own people), `public/remote`,
            `hashtag:TAG` or `hashtag/local:TAG`.
        cursor: Where the time of the last sign of life is kept over restarts, see `acknowledge`.
    """

    name = "mastodon"
    matches = False
    keeps_repeats = False

    def __init__(
        self,
        url: str,
        token: str,
        *,
        stream: str = "public",
        cursor: Cursor | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.netloc:
            raise SettingError(f"{url!r} is no Mastodon server; write https://HOST")
        if not token.isascii() or not token.isprintable():
            raise SettingError(f"what is given is no token; {_TOKEN}")
        self._url = url.rstrip("/")
        self._host = address.netloc
        self._path = _path(stream)
        self._token = token
        self._cursor = cursor
        self._clock = clock or SystemClock()
        self._random = random or Random()
        self._trail = Trail()
        self._last = self._clock.now()
        self._reason: str | None = None

    def follow(self, topics: Sequence[Topic]) -> None:
        """Hears all of its stream."""

    def records(self) -> AsyncGenerator[Record, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: the server refuses, and would again.
            RegistryError: the position cannot be read.
        """
        kept = self._cursor.load() if self._cursor else None
        self._last = from_microseconds(kept) if kept else self._clock.now()
        self._reason = ABSENT if kept else None
        self._trail.position = microseconds(self._last)
        heard = reconnecting(self.name, self._connection, self._lost, clock=self._clock, random=self._random)
        return recorded(unhindered(self.name, heard, self._clock), self._trail)

    def acknowledge(self, records: int) -> None:
        """See `Resumable`."""
        position = self._trail.safe(records)
        if self._cursor and position is not None:
            self._cursor.save(position)

    def unheard(self, until: datetime, reason: str) -> Gap | None:
        """See `Resumable`."""
        position = self._trail.position
        return None if position is None else gap(self.name, from_microseconds(position), until, reason)

    async def probe(self) -> str:
        """Asks for the stream, with the token; the server that gives it.

        Raises:
            SourceError: it does not answer, or not to us.
        """
        async with aiohttp.ClientSession(headers=HEADERS) as session, await self._connect(session):
            return self._host

    def _lost(self, reason: str) -> None:
        self._reason = self._reason or reason

    async def _connection(self) -> AsyncGenerator[Heard, None]:
        async with (
            aiohttp.ClientSession(headers=HEADERS, timeout=_FOR_EVER) as session,
            await self._connect(session) as response,
        ):
            for missed in self._missed(self._clock.now()):
                yield missed
            events = EventStream()
            try:
                while True:
                    for record in self._records(events, await self._chunk(response)):
                        yield record
                    yield microseconds(self._last)
            except Dropped:
                if events.rest:
                    yield dead(events.rest, "cut by the end of the connection", self._clock.now())
                raise

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        with connecting(self._host, _ADVICE):
            async with asyncio.timeout(CONNECT_SECONDS):
                base = await self._streaming(session)
                address = f"{base}/api/v1/streaming/{self._path}"
                return await session.get(address, headers=headers, raise_for_status=True)

    async def _streaming(self, session: aiohttp.ClientSession) -> str:
        """Where the server's streams are: big ones have a host of its own for them."""
        async with session.get(f"{self._url}/api/v2/instance") as response:
            if not response.ok:
                return self._url
            try:
                found = _streaming_url(await response.json(content_type=None))
            except (ValueError, AttributeError, TypeError):
                return self._url
        return found if found.startswith(f"{urlsplit(self._url).scheme}://") else self._url

    def _missed(self, now: datetime) -> Iterator[Record]:
        if self._reason is not None and self._last < now:
            yield gap(self.name, self._last, now, self._reason)
        self._reason, self._last = None, now

    async def _chunk(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            async with asyncio.timeout(SILENCE.total_seconds()):
                chunk = await response.content.readany()
        except TimeoutError as exc:
            raise Dropped(f"silent for {SILENCE.total_seconds():.0f} s") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise Dropped(f"disconnected ({type(exc).__name__})") from exc
        if not chunk:
            raise Dropped("the server hung up")
        self._last = self._clock.now()
        return chunk

    def _records(self, events: EventStream, chunk: bytes) -> Iterator[Record]:
        for event in events.feed(chunk):
            if record := self._read(event):
                yield record

    def _read(self, event: ServerSentEvent) -> Record | None:
        if not event.whole:
            return dead(event.data, "an event longer than 1 MiB", self._last)
        try:
            return parse_event(event.name, event.data, self._host, self._last)
        except UnreadableMessageError as exc:
            return dead(event.data, str(exc), self._last)


def _path(stream: str) -> str:
    """The part of the address for a stream as it is written in settings."""
    kind, _, tag = stream.partition(":")
    if kind in {"hashtag", "hashtag/local"} and tag:
        return f"{kind}?{urlencode({'tag': tag.removeprefix('#')})}"
    if stream not in {"public", "public/local", "public/remote"}:
        raise SettingError(f"stream {stream!r} is not known; choose from {', '.join(_STREAMS)}")
    return stream


def _streaming_url(instance: dict[str, Any]) -> str:
    """As servers write it, it is for web sockets; the same host serves events over HTTP."""
    written = (instance.get("configuration") or {}).get("urls", {}).get("streaming") or ""
    return f"http{written.removeprefix('ws').rstrip('/')}"
