"""A queue that can be away, as a remote sink."""

from collections.abc import Sequence

from twitterhandler.errors import SinkError, SinkRefusedError
from twitterhandler.posts import Record


class FakeQueue:
    """Keeps what it is given; while `away` nothing arrives, and beyond `room` unacknowledged records it says so.

    Attributes:
        arrived: What is in the queue, in order; shared by all sinks of one queue.
        away: Whether it is; when it is back, what was taken meanwhile arrives with the next flush.
        refuses: Whether it lets nobody in, for good.
        room: How many records it takes while it is away.
    """

    def __init__(self, arrived: list[Record] | None = None, *, room: int = 3) -> None:
        self.arrived = [] if arrived is None else arrived
        self.away = False
        self.refuses = False
        self.room = room
        self._taken: list[Record] = []

    @property
    def position(self) -> int:
        return len(self.arrived)

    @property
    def waiting(self) -> str | None:
        return "the queue is away; wait" if self.away else None

    @property
    def spilled(self) -> int:
        return 0

    @property
    def unacknowledged(self) -> Sequence[Record]:
        return list(self._taken)

    async def put(self, record: Record) -> None:
        if self.refuses:
            raise SinkRefusedError("the queue knows no such user; check the name")
        if self.away and len(self._taken) >= self.room:
            raise SinkError("the queue is away; wait")
        self._taken.append(record)
        if not self.away:
            await self.flush()

    async def flush(self) -> None:
        if self.refuses:
            raise SinkRefusedError("the queue knows no such user; check the name")
        if self.away and self._taken:
            raise SinkError("the queue is away; wait")
        self.arrived += self._taken
        self._taken.clear()

    async def close(self) -> None:
        await self.flush()

    async def abandon(self) -> None:
        """Nothing to let go of."""
