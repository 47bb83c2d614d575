"""What a fault can do with an open connection, and the ways of doing it."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Literal, Protocol

import orjson

from twitterhandler.testing.xserver.content import Json
from twitterhandler.testing.xserver.journal import Published

Outcome = Literal["goes on", "ends", "is cut", "is reset"]
"""What becomes of the connection: `ends` is HTTP's clean end, `is cut` TCP's without HTTP's, `is reset` an RST."""
Then = Literal["ends", "silence", "goes on"]

END: Final = b"\r\n"
_PAUSE: Final = 0.05
"""Seconds between two pieces, so that they arrive apart."""


class Wire(Protocol):
    """What a fault can do with an open connection."""

    def render(self, post: Published, **more: Any) -> bytes:
        """The post's line without its end; `more` goes beside its data."""
        ...

    async def write(self, data: bytes) -> None:
        """Sends one chunk."""
        ...

    def note(self, post: Published, *, whole: bool = True) -> None:
        """Writes a delivery down, once it has been written."""
        ...

    def recent(self, count: int) -> Sequence[Published]:
        """The posts sent last, oldest first."""
        ...


StreamAct = Callable[[Wire], Awaitable[Outcome]]
PostAct = Callable[[Wire, Sequence[Published]], Awaitable[Outcome]]


def outcome(outcome: Outcome) -> StreamAct:
    async def act(wire: Wire) -> Outcome:
        return outcome

    return act


def lines(lines: Iterable[Json | bytes], then: Then = "goes on") -> StreamAct:
    async def act(wire: Wire) -> Outcome:
        for line in lines:
            await wire.write((line if isinstance(line, bytes) else orjson.dumps(line)) + END)
        if then == "silence":
            await wait(math.inf)
        return "ends" if then == "ends" else "goes on"

    return act


def pieces(where: Callable[[bytes], int]) -> PostAct:
    async def act(wire: Wire, posts: Sequence[Published]) -> Outcome:
        line = wire.render(posts[0]) + END
        cut = where(line)
        await wire.write(line[:cut])
        await asyncio.sleep(_PAUSE)
        await wire.write(line[cut:])
        wire.note(posts[0])
        return "goes on"

    return act


def torn(after: bytes, outcome: Outcome) -> PostAct:
    async def act(wire: Wire, posts: Sequence[Published]) -> Outcome:
        line = wire.render(posts[0])
        await wire.write(line[: len(line) // 2] + after)
        wire.note(posts[0], whole=False)
        return outcome

    return act


def in_order(order: Sequence[int]) -> PostAct:
    async def act(wire: Wire, posts: Sequence[Published]) -> Outcome:
        for index in order if len(posts) > max(order) else range(len(posts)):
            await send(wire, posts[index])
        return "goes on"

    return act


async def join(wire: Wire, posts: Sequence[Published]) -> Outcome:
    await wire.write(b"".join(wire.render(post) + END for post in posts))
    for post in posts:
        wire.note(post)
    return "goes on"


async def send(wire: Wire, post: Published) -> None:
    await wire.write(wire.render(post) + END)
    wire.note(post)


async def wait(seconds: float) -> None:
    if math.isinf(seconds):
        await asyncio.Event().wait()
    await asyncio.sleep(seconds)


def inside_character(line: bytes) -> int:
    return next((at + 1 for at, byte in enumerate(line) if byte >= 0xC0), len(line) // 2)
