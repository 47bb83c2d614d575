"""Time as this package holds it: milliseconds since 1970-01-01 UTC in an int; periods are steps on UTC edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

STORED_STEPS = (MINUTE, HOUR, DAY)
"""The steps whose sums are kept; every other one is put together from these."""

LATEST: Final = 32_503_680_000_000
"""The year 3000. Times lie from 1970 to it, so that each can be added to, taken from and written down."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def parse_time(text: str) -> int:
    """Milliseconds of an RFC 3339 time from 1970 to 2999; ValueError when it is none or names no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset; write it as 2026-11-22T21:59:26Z")
    milliseconds = round((moment - _EPOCH) / _MILLISECOND)
    if not 0 <= milliseconds < LATEST:
        raise ValueError(f"the time {text!r} lies before 1970 or after 2999")
    return milliseconds


def format_time(milliseconds: int) -> str:
    moment = _EPOCH + milliseconds * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def floor(milliseconds: int, step: int) -> int:
    return milliseconds - milliseconds % step


def ceil(milliseconds: int, step: int) -> int:
    return -floor(-milliseconds, step)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of whole `step`s: those that start at `start`, `start + step`, … before `end`."""

    step: int
    start: int
    end: int


def cover(start: int, end: int) -> list[Span]:
    """Write [start, end), on minutes' edges, as the fewest stored periods: minutes, hours, days, hours, minutes."""
    return [span for span in _cover(start, end, STORED_STEPS) if span.start < span.end]


def _cover(start: int, end: int, steps: tuple[int, ...]) -> Iterator[Span]:
    step, finer = steps[-1], steps[:-1]
    first, last = ceil(start, step), floor(end, step)
    if not finer or first >= last:
        yield from _cover(start, end, finer) if finer else [Span(step, start, end)]
        return
    yield from _cover(start, first, finer)
    yield Span(step, first, last)
    yield from _cover(last, end, finer)
