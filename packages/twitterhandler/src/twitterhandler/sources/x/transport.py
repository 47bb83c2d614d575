"""HTTP to X: one place that knows the host, adds the key and turns what goes wrong into errors of ours.

Whatever opens a connection to X, tweepy too, does it on a session that is made here. tweepy never sees the key: it
would write it to its log.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson
from aiohttp import hdrs
from yarl import URL

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SettingError, SourceError, SourceUnavailableError
from twitterhandler.sources.x.answers import refusal

BASE_URL: Final = "https://api.x.com"
READ_BUFFER: Final = 1024 * 1024
"""Lines of up to twice of it pass through aiohttp."""
_BODY: Final = 64 * 1024
"""Bytes of a refusal that are read."""
_ASK: Final = aiohttp.ClientTimeout(total=30)
CONNECT: Final = 10.0
_BROKEN: Final = (aiohttp.ClientError, asyncio.TimeoutError)

Json = dict[str, Any]


class BearerToken:
    """A key that shows itself in no repr, log or traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Takes the key, with or without blanks around it.

        Raises:
            SettingError: no header can hold it.
        """
        value = value.strip()
        if not (value.isascii() and value.isprintable() and value) or " " in value:
            raise SettingError("the token of X is empty or has characters that no key has; copy it again")
        self._value = value

    def __repr__(self) -> str:
        return "BearerToken('**********')"

    def reveal(self) -> str:
        return self._value

    def hide(self, body: bytes) -> bytes:
        """`body` without the key, should somebody have sent it back."""
        return body.replace(self._value.encode(), b"**********")


class Envelope(Exception):  # noqa: N818 - it carries the error, it is none
    """Brings an error of ours through aiohttp and tweepy, which would take an `OSError` for one of their own."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(str(error))
        self.error = error


class XTransport:
    """Asks X for JSON, and makes sessions for connections that stay.

    Args:
        token: The app's.
        base_url: Where X is; of a fake in tests.

    Attributes:
        ahead: How far our clock was ahead of X's when it last answered, to the second; None before, or if X does not
            tell.
    """

    def __init__(self, token: BearerToken, *, base_url: str = BASE_URL, clock: Clock | None = None) -> None:
        url = URL(base_url)
        if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/") or url.user:
            raise SettingError("the URL of X is none; write https://HOST, without a path")
        self._url = url
        self._token = token
        self._clock = clock or SystemClock()
        self._session: aiohttp.ClientSession | None = None
        self.ahead: timedelta | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ask(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, body: Json | None = None
    ) -> Json:
        """The JSON object that X answers; may be asked again when the error is `retriable`.

        Raises:
            SourceUnavailableError: X cannot be reached, or asks to come later.
            SourceRefusedError: X says no.
        """
        if self._session is None or self._session.closed:
            self._session = self.session(_ASK)
        try:
            async with self._session.request(method, self._url / path.lstrip("/"), params=params, json=body) as answer:
                content = await answer.read()
        except Envelope as envelope:
            raise envelope.error from envelope.__cause__
        except _BROKEN as exc:
            raise unreachable(exc) from exc
        return _object(self._token.hide(content))

    def session(self, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        """A session for X alone: whatever host a request names, it goes to `base_url`, with the key.

        An answer outside of 200 to 299, or none, is raised as an error of ours in an `Envelope`.
        """
        return aiohttp.ClientSession(
            middlewares=(self._exchange,),
            timeout=timeout,
            read_bufsize=READ_BUFFER,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _exchange(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.url = self._url.join(request.url.relative())
        request.headers[hdrs.HOST] = request.url.raw_authority
        request.headers[hdrs.AUTHORIZATION] = f"Bearer {self._token.reveal()}"
        try:
            answer = await handler(request)
        except _BROKEN as exc:  # here, because aiohttp would ask a second time by itself, unseen by who counts
            raise Envelope(unreachable(exc)) from exc
        finally:
            request.headers.popall(hdrs.AUTHORIZATION, None)  # errors of aiohttp show the headers of their request
        self.ahead = _ahead(answer.headers.get(hdrs.DATE), self._clock.now())
        if 200 <= answer.status < 300:
            return answer
        raise Envelope(await self._refusal(answer))

    async def _refusal(self, answer: aiohttp.ClientResponse) -> SourceError:
        try:
            body = await answer.content.read(_BODY)
        except _BROKEN:
            body = b""  # the status says enough
        finally:
            answer.close()
        now = self._clock.now().timestamp()
        return refusal(answer.status, answer.headers, self._token.hide(body), now=now)


def _ahead(date: str | None, now: datetime) -> timedelta | None:
    """How far `now` is ahead of the header, whose second may have nearly passed."""
    try:
        theirs = parsedate_to_datetime(date or "").replace(tzinfo=UTC)
    except ValueError:
        return None
    return now.replace(microsecond=0) - theirs


def stream_timeout(stall: float) -> aiohttp.ClientTimeout:
    """For a connection that stays: no end, but `stall` seconds of silence are one."""
    return aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT, sock_read=stall)


def unreachable(exc: BaseException) -> SourceUnavailableError:
    """What a vendor's error about the way to X is; `exc` is to be its cause."""
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return _unreached("its name cannot be resolved")
    if isinstance(exc, aiohttp.ClientSSLError):
        return _unreached("its certificate, or the encryption, is not accepted")
    if isinstance(exc, aiohttp.ClientConnectorError):
        return _unreached((exc.strerror or "no connection").lower())
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return _unreached(f"no connection within {CONNECT:g} s")
    if isinstance(exc, asyncio.TimeoutError):
        return SourceUnavailableError("X did not answer in time; it is tried again", "network")
    return SourceUnavailableError(f"the connection to X broke ({type(exc).__name__}); it is tried again", "network")


def _unreached(reason: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"X cannot be reached: {reason}; check the network and TWITTERHANDLER_X_URL", "network", reached=False
    )


def _object(content: bytes) -> Json:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as exc:
        raise SourceUnavailableError("X answered with something that is no JSON; it is tried again", "server") from exc
    if not isinstance(found, dict):
        raise SourceUnavailableError("X answered with something that is no object; it is tried again", "server")
    return found
