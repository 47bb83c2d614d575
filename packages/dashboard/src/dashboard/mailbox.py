"""What waits for one browser: at most one message of each kind, the newest."""

from __future__ import annotations

import asyncio


class Mailbox:
    """A bounded queue for a reader that may be slow.

    A newer message replaces an older one of the same kind, so a slow browser skips ticks but never misses the last of
    a kind (the list of topics, or that the connection is down), and never costs more than one message a kind. Order
    among what is left is that of arrival.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, str] = {}
        self._filled = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, kind: str, message: str) -> None:
        if self._waiting.pop(kind, None) is not None:
            self.dropped += 1
        self._waiting[kind] = message
        self._filled.set()

    async def get(self) -> str:
        """The oldest of what waits; waits while there is nothing."""
        await self._filled.wait()
        kind = next(iter(self._waiting))
        message = self._waiting.pop(kind)
        if not self._waiting:
            self._filled.clear()
        return message
