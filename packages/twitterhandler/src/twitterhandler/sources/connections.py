"""Connections that are held for weeks: what ends one, the next one, and how far it was read."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from random import Random
from typing import Final, TypeAlias

import aiohttp

from twitterhandler.__about__ import __version__
from twitterhandler.backoff import Backoff
from twitterhandler.clock import Clock
from twitterhandler.errors import SourceRefusedError, SourceUnavailableError, Trouble
from twitterhandler.hearing import Trail, gap
from twitterhandler.posts import Dead, Post, Record
from twitterhandler.sources.inbox import Inbox, Lost

HEADERS: Final = {"User-Agent": f"twitterhandler/{__version__}"}
CONNECT_SECONDS: Final = 20.0

Heard: TypeAlias = Record | int
"""A record, or the position up to which all has been given: microseconds since 1970."""

_INBOX_ITEMS: Final = 10_000
_INBOX_SIZE: Final = 32 * 1024 * 1024
"""Characters."""
_SECOND: Final = 1_000_000
_FOR_NOW: Final = frozenset({408, 409, 420, 425, 429})

log = logging.getLogger(__name__)


class Dropped(Exception):  # noqa: N818 - it happens every day, and never leaves `reconnecting`
    """A connection that was there is away; `reason` is for the log and the gap."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def reconnecting(
    network: str,
    connection: Callable[[], AsyncGenerator[Heard, None]],
    lost: Callable[[str], None],
    *,
    clock: Clock,
    random: Random,
) -> AsyncGenerator[Heard, None]:
    """What one connection after the other gives; each ends by an exception, `lost` is told the reason.

    Raises:
        SourceRefusedError: another connection would do no better.
    """
    backoff = Backoff()
    seconds = asyncio.get_running_loop().time
    while True:
        await clock.sleep(backoff.wait(seconds(), random.random()))
        began = seconds()
        backoff = backoff.connecting(began)
        try:
            async with contextlib.aclosing(connection()) as heard:
                async for item in heard:
                    yield item
        except SourceUnavailableError as exc:
            reason = str(exc)
            backoff = backoff.failed(exc.trouble, asked=exc.wait, reached=exc.reached)
        except Dropped as exc:
            reason = exc.reason
            backoff = backoff.dropped(seconds() - began)
        lost(reason)
        log.warning("%s: %s; next try in %.0f s", network, reason, backoff.wait(seconds()))


async def unhindered(network: str, heard: AsyncGenerator[Heard, None], clock: Clock) -> AsyncGenerator[Heard, None]:
    """The same, but `heard` never waits for who takes it: what finds no room is a gap in its place."""
    inbox: Inbox[Heard] = Inbox(_INBOX_ITEMS, _INBOX_SIZE)
    reading = asyncio.create_task(_fill(inbox, heard, clock))
    reading.add_done_callback(lambda task: _end(inbox, task))
    try:
        while True:
            item = await inbox.take()
            if isinstance(item, Lost):
                reason = f"the queue was too slow: {item.count:,} records were left out"
                yield gap(network, item.start, item.end, reason)
            else:
                yield item
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _fill(inbox: Inbox[Heard], heard: AsyncGenerator[Heard, None], clock: Clock) -> None:
    """Positions are handed on once a second, and not between a loss and its gap: that would be lost with a crash."""
    losing, handed_on = False, 0
    async with contextlib.aclosing(heard):
        async for item in heard:
            if isinstance(item, Post | Dead):
                size = len(item.text if isinstance(item, Post) else item.raw)
                losing = not inbox.offer(item, clock.now(), size)
            elif not isinstance(item, int):
                inbox.put(item)
            elif not losing and item - handed_on >= _SECOND:
                inbox.put(item)
                handed_on = item


def _end(inbox: Inbox[Heard], reading: asyncio.Task[None]) -> None:
    """Whatever ends the reading is for who takes: who waits would else wait for ever."""
    if not reading.cancelled() and (error := reading.exception()):
        inbox.fail(error)


async def recorded(heard: AsyncGenerator[Heard, None], trail: Trail) -> AsyncGenerator[Record, None]:
    """The records alone; `trail` knows which position belongs to how many of them."""
    async with contextlib.aclosing(heard):
        async for item in heard:
            if isinstance(item, int):
                trail.passed(item)
            else:
                trail.gave()
                yield item


@contextlib.contextmanager
def connecting(server: str, advice: Mapping[int, str]) -> Iterator[None]:
    """Around the request for a stream: what aiohttp raises there becomes an error of ours, with `advice` by status.

    Raises:
        SourceUnavailableError: it may be better later.
        SourceRefusedError: it will not.
    """
    try:
        yield
    except aiohttp.ClientResponseError as exc:
        raise _refusal(server, exc, advice) from exc
    except aiohttp.InvalidURL as exc:
        raise SourceRefusedError(f"{server} is no address; correct the setting") from exc
    except TimeoutError as exc:
        raise SourceUnavailableError(f"{server} does not answer", "network", reached=False) from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise SourceUnavailableError(f"{server} cannot be reached ({_cause(exc)})", "network", reached=False) from exc


def _refusal(
    server: str, exc: aiohttp.ClientResponseError, advice: Mapping[int, str]
) -> SourceUnavailableError | SourceRefusedError:
    if exc.status in _FOR_NOW or exc.status >= 500:
        trouble: Trouble = "server" if exc.status >= 500 else "rate_limit"
        return SourceUnavailableError(f"{server} answers {exc.status}", trouble, wait=_retry_after(exc.headers))
    return SourceRefusedError(f"{server} answers {exc.status}; {advice.get(exc.status, 'check its address')}")


def _cause(exc: Exception) -> str:
    number = exc.errno if isinstance(exc, OSError) else None
    return os.strerror(number) if number and number > 0 else type(exc).__name__


def _retry_after(headers: Mapping[str, str] | None) -> float | None:
    written = (headers or {}).get("Retry-After", "")
    return float(written) if written.isascii() and written.isdecimal() and len(written) < 12 else None
