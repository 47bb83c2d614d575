"""A server that may be away, as those see it who only read.

It is opened when it can be. After it did not answer it is left alone for a second and then asked again, by one question
at a time: nobody else waits for its time-outs meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from sparkstream.errors import StoreBusyError, StoreError

_log = logging.getLogger(__name__)

RESTED: Final = 1.0
"""Seconds after a failure in which nothing is asked."""


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)
R = TypeVar("R")


class Side(Generic[T]):
    """One server and what is open in it, for any thread; `clock` is in seconds."""

    def __init__(self, open_: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._open = open_
        self._clock = clock
        self._opened: T | None = None
        self._closed = False
        self._error: StoreError | None = None
        self._again = 0.0
        self._trying = threading.Lock()

    def open(self) -> None:
        """Open it now if it answers.

        Raises:
            StoreError: it answers, and cannot be used: the next try would end alike.
        """
        try:
            self.ask(lambda _: None)
        except StoreError as error:
            if not error.retriable:
                raise

    def ask(self, question: Callable[[T], R]) -> R:
        """Its answer.

        Raises:
            StoreError: it does not answer now, or did not a moment ago.
        """
        opened, error = self._opened, self._error
        if opened is not None and error is None:
            return self._try(question, opened)
        if (error is not None and self._clock() < self._again) or not self._trying.acquire(blocking=False):
            raise _copy(error)
        try:
            return self._try(question)
        finally:
            self._trying.release()

    def close(self) -> None:
        self._closed = True
        if self._opened is not None:
            self._opened.close()

    def _try(self, question: Callable[[T], R], opened: T | None = None) -> R:
        try:
            answer = question(opened or self._made())
        except StoreError as error:
            if self._error is None:
                _log.warning("%s; answers do without it until it is back", error)
            self._error, self._again = error, self._clock() + RESTED
            raise
        if self._error is not None:
            _log.info("it is back: %s", self._error)
            self._error = None
        return answer

    def _made(self) -> T:
        if self._closed:
            raise StoreError("the store has been closed here; open it again")
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def _copy(error: StoreError | None) -> StoreError:
    """One for each who raises it: an error carries the place where it was raised."""
    return StoreBusyError("the store is being opened; ask again") if error is None else type(error)(str(error))


class Part:
    """Stands for one part of what is open in a side: each call is a question to the side.

    What a call gives is read while the side is asked; pages that come later are not.
    """

    def __init__(self, side: Side[T], part: Callable[[T], object]) -> None:
        self._side: Side[Any] = side
        self._part = part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._call, name)

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        return self._side.ask(lambda opened: getattr(self._part(opened), name)(*arguments, **named))
