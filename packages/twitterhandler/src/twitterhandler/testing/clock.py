"""A clock whose waits take no time."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until somebody sleeps; then it moves on at once."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(0.0, seconds))
        await asyncio.sleep(0)
