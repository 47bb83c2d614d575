import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Entry(Generic[Value]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    loaded: tuple[float, Value] | None = None


class TtlCache(Generic[Key, Value]):
    """Keeps what was loaded for `seconds` of the clock, for the `capacity` keys asked for last.

    Callers that ask for one key at the same time share one load. An error is passed on and not kept.
    """

    def __init__(self, seconds: float, clock: Callable[[], float], *, capacity: int = 1_000) -> None:
        self._seconds = seconds
        self._clock = clock
        self._capacity = capacity
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()

    async def get(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        async with entry.lock:
            if entry.loaded is not None and self._clock() - entry.loaded[0] < self._seconds:
                return entry.loaded[1]
            value = await load()
            entry.loaded = self._clock(), value
            return value
