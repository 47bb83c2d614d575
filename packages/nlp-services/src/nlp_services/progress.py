"""A bar on the terminal that says how far a long command is; where there is no terminal, nothing."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

_WIDTH = 30
_ERASE = "\r\033[K"


def line(done: int, seconds: float, share: float | None) -> str:
    """`━━━━━━────  60%  1,536 posts  870/s  0:12 left`; without the share that is read, no bar and no end."""
    rate = done / seconds if seconds > 0 else 0.0
    counted = f"{done:,} posts  {rate:,.0f}/s"
    if share is None:
        return counted
    share = min(max(share, 0.0), 1.0)
    full = round(share * _WIDTH)
    left = f"  {clock_time(seconds / share - seconds)} left" if 0 < share < 1 else ""
    return f"{'━' * full}{'─' * (_WIDTH - full)} {share:4.0%}  {counted}{left}"


def clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Progress:
    """The bar, drawn over itself; it gives way to what is printed beside it.

    Args:
        to: Where it is drawn, if that is a terminal.
        share: How much of the work is done, 0 to 1; None where nobody knows how much there is.
        now: Seconds of a clock that never goes back.
    """

    def __init__(
        self, to: TextIO, share: Callable[[], float | None], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._to = to if to.isatty() else None
        self._share, self._now, self._began = share, now, now()
        self._drawn, self._done = False, 0

    def show(self, done: int) -> None:
        self._done = done
        self._write(f"\r{line(done, self._now() - self._began, self._share())}\033[K", drawn=True)

    def give_way(self) -> None:
        if self._drawn:
            self._write(_ERASE, drawn=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._drawn:
            self._write("\n", drawn=False)

    def _write(self, text: str, *, drawn: bool) -> None:
        if self._to is not None:
            self._to.write(text)
            self._to.flush()
            self._drawn = drawn
