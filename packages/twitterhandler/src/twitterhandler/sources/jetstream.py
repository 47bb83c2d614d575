"""Bluesky, through a Jetstream server: every public post of the network, without a key."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeAlias
from urllib.parse import urlencode, urlsplit

import aiohttp

from twitterhandler.bluesky_messages import POSTS, parse_event
from twitterhandler.clock import Clock, SystemClock, from_microseconds, microseconds
from twitterhandler.cursors import Cursor
from twitterhandler.errors import SettingError, SourceUnavailableError, UnreadableMessageError
from twitterhandler.hearing import ABSENT, Hearing, Trail, gap
from twitterhandler.posts import Gap, Record, dead
from twitterhandler.sources.connections import (
    CONNECT_SECONDS,
    HEADERS,
    Dropped,
    Heard,
    connecting,
    reconnecting,
    recorded,
)
from twitterhandler.topics import Topic

DEFAULT_URL: Final = "wss://jetstream2.us-east.bsky.network"
KEPT: Final = timedelta(hours=36)
"""So far back a server sends again what it is asked for."""
SILENCE: Final = timedelta(seconds=30)
"""The network never is: several posts come each second."""
OVERLAP: Final = 5_000_000
"""Microseconds that are read again after each new connection; servers are not exactly as far as each other."""
MAX_MESSAGE: Final = 1024 * 1024
"""Bytes; the server leaves larger ones out. A post has some 3,000."""

_CLOSE_SECONDS: Final = 1.0

_ADVICE: Final = {404: "it speaks another wire; set TWITTERHANDLER_BLUESKY_URL to a server with /subscribe"}

Socket: TypeAlias = aiohttp.ClientWebSocketResponse[bool]


class JetstreamSource:
    """Posts, edits and deletes of Bluesky, without topics: the loop matches them.

    Each is given at least once. After a connection that was lost, or a restart with the same `cursor`, it goes on a
    little before where it was; the loop drops the repeats. Servers keep 36 hours: what lies further back, or what they
    did not send again, is a gap; an outage that was made good is a gap that is `filled`. A slow reader loses nothing:
    the server waits, hangs up at some time, and is asked again from there.

    A message that cannot be read (no JSON, a kind that is not known, a binary frame, which we never ask for) is a dead
    record. One that breaks the protocol itself ends the connection, and would again: then it goes on with what is new,
    and what lies between is a gap.

    Args:
        url: The server, `wss://HOST`; any that speaks the v1 wire.
        cursor: Where the position is kept over restarts, see `acknowledge`; None begins with what is new.
    """

    name = "bluesky"
    matches = False
    keeps_repeats = False

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        cursor: Cursor | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).netloc:
            raise SettingError(f"{url!r} is no Jetstream server; write wss://HOST, such as {DEFAULT_URL}")
        self._server = url.rstrip("/")
        self._host = urlsplit(url).netloc
        self._cursor = cursor
        self._clock = clock or SystemClock()
        self._random = random or Random()
        self._trail = Trail()
        self._position = 0
        self._skips = False

    def follow(self, topics: Sequence[Topic]) -> None:
        """Hears everything."""

    def records(self) -> AsyncGenerator[Record, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: the server refuses, and would again.
            RegistryError: the position cannot be read.
        """
        kept = self._cursor.load() if self._cursor else None
        self._position = self._trail.position = kept or microseconds(self._clock.now())
        self._hearing = Hearing(self.name, SILENCE, from_microseconds(self._position))
        if kept:
            self._hearing.lost(ABSENT)
        heard = reconnecting(self.name, self._connection, self._hearing.lost, clock=self._clock, random=self._random)
        return recorded(heard, self._trail)

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
        """Connects and waits for one message; the server that was heard.

        Raises:
            SourceError: it does not answer, or says nothing, or is none.
        """
        self._position = microseconds(self._clock.now())
        async with aiohttp.ClientSession(headers=HEADERS) as session, await self._connect(session) as socket:
            try:
                await self._receive(socket)
            except Dropped as exc:
                raise SourceUnavailableError(f"{self._host}: {exc.reason}; set another server", "server") from exc
        return self._host

    async def _connection(self) -> AsyncGenerator[Heard, None]:
        async with aiohttp.ClientSession(headers=HEADERS) as session, await self._connect(session) as socket:
            self._hearing.connected(self._clock.now(), replays=not self._skips)
            self._skips = False
            while True:
                position, records = self._read(*await self._receive(socket))
                for record in records:
                    yield record
                if position:
                    self._position = max(self._position, position)
                    yield self._position

    async def _connect(self, session: aiohttp.ClientSession) -> Socket:
        """Asks for posts from a little before the position; where the wire was broken there, for new ones only."""
        query = {"wantedCollections": POSTS, "maxMessageSizeBytes": MAX_MESSAGE}
        if not self._skips:
            query["cursor"] = max(0, self._position - OVERLAP)
        with connecting(self._host, _ADVICE):
            async with asyncio.timeout(CONNECT_SECONDS):
                return await session.ws_connect(
                    f"{self._server}/subscribe?{urlencode(query)}",
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                    max_msg_size=2 * MAX_MESSAGE,
                    decode_text=False,  # what is no UTF-8 would break the connection: it is no JSON either, and dead
                )

    async def _receive(self, socket: Socket) -> tuple[aiohttp.WSMsgType, bytes]:
        try:
            message = await socket.receive(SILENCE.total_seconds())
        except TimeoutError as exc:
            raise Dropped(f"silent for {SILENCE.total_seconds():.0f} s") from exc
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                return message.type, message.data
            case aiohttp.WSMsgType.ERROR if isinstance(message.data, aiohttp.WebSocketError):
                self._skips = True
                raise Dropped(f"a message that broke the protocol ({message.data.code}) was skipped")
        raise Dropped(f"the server hung up ({socket.close_code})")

    def _read(self, kind: aiohttp.WSMsgType, message: bytes) -> tuple[int | None, list[Record]]:
        """The position and the records of a message; of what cannot be read there is no position."""
        now = self._clock.now()
        if kind is aiohttp.WSMsgType.BINARY:
            return None, [dead(message, "a binary message; compression was not asked for", now)]
        if len(message) > MAX_MESSAGE:
            return None, [dead(message, f"a message longer than {MAX_MESSAGE} bytes", now)]
        try:
            event = parse_event(message, now)
        except UnreadableMessageError as exc:
            return None, [dead(message, str(exc), now)]
        gaps = self._hearing.heard(event.at)
        return event.cursor, [*gaps, *([event.record] if event.record else [])]
