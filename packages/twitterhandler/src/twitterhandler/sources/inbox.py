"""Between a connection that must be read without a pause and a queue that takes its time."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_TICK: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Lost:
    """What found no room: `count` items, from `start` to before `end`."""

    start: datetime
    end: datetime
    count: int


class Inbox(Generic[Item]):
    """Holds what was heard until it is taken, in order; never makes who offers wait.

    Once it is full it takes nothing until half of it is free, so that what is lost is one stretch of time and not every
    second item; the stretch is handed out as `Lost` in its place.

    Args:
        items: How many it holds.
        size: How large they may be together, in the unit of `offer`.
    """

    def __init__(self, items: int, size: int) -> None:
        self._limit, self._limit_of_size = items, size
        self._held: deque[tuple[Item | Lost, int]] = deque()
        self._size = 0
        self._lost: Lost | None = None
        self._failure: BaseException | None = None
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._held)

    def offer(self, item: Item, at: datetime, size: int = 1) -> bool:
        """Keeps an item that was heard at `at`; False when there is no room, and it is lost."""
        share = 2 if self._lost else 1
        if share * (len(self._held) + 1) > self._limit or share * (self._size + size) > self._limit_of_size:
            first = self._lost or Lost(at, at, 0)
            self._lost = Lost(first.start, at + _TICK, first.count + 1)
            self._arrived.set()
            return False
        if self._lost:
            self._append(Lost(self._lost.start, max(at, self._lost.end), self._lost.count), 0)
            self._lost = None
        self._append(item, size)
        return True

    def put(self, item: Item) -> None:
        """Keeps an item however full it is: for what is rare and must not be lost."""
        self._append(item, 0)

    def fail(self, failure: BaseException) -> None:
        """Nothing more will come; raised by `take` once everything has been taken."""
        self._failure = failure
        self._arrived.set()

    async def take(self) -> Item | Lost:
        """The oldest; waits for one."""
        while True:
            if self._held:
                item, size = self._held.popleft()
                self._size -= size
                return item
            if self._lost:
                lost, self._lost = self._lost, None
                return lost
            if self._failure:
                raise self._failure
            self._arrived.clear()
            await self._arrived.wait()

    def _append(self, item: Item | Lost, size: int) -> None:
        self._held.append((item, size))
        self._size += size
        self._arrived.set()
