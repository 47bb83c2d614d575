"""What the loop needs of a queue."""

from typing import Protocol

from twitterhandler.posts import Record


class Sink(Protocol):
    """Takes records in order; delivers each at least once and keeps the order.

    Errors are `twitterhandler.errors.SinkError`.
    """

    @property
    def position(self) -> int:
        """How far the queue reaches: grows with what was handed over."""
        ...

    @property
    def waiting(self) -> str | None:
        """What it waits for, in one line; None while records go through."""
        ...

    @property
    def spilled(self) -> int:
        """Bytes that wait on the disk of the collector for a queue that is away."""
        ...

    async def put(self, record: Record) -> None:
        """Takes one record; waits while the queue is full."""
        ...

    async def flush(self) -> None:
        """Hands everything that was put to the queue."""
        ...

    async def close(self) -> None:
        """Flushes and lets go of the queue; a second call does nothing."""
        ...
