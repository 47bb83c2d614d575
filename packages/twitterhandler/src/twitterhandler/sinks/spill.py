"""A sink before a queue that may be away: until it is back, records wait on the disk, in a spool of their own."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import InternalError, SinkError, TwitterhandlerError, UnreadableMessageError
from twitterhandler.posts import Record, broken, decode
from twitterhandler.sinks.base import Sink
from twitterhandler.sinks.spool import MAX_BYTES, SEGMENT_BYTES, SpoolSink

RETRY_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.05
_CLOSE_SECONDS: Final = 10.0
_FLUSH_RECORDS: Final = 2_000
"""Records after which what has gone out is marked: so many may go out twice after a kill."""

log = logging.getLogger(__name__)


class RemoteSink(Sink, Protocol):
    """A sink whose queue is elsewhere: a `put` that raises has not taken its record, what was taken before is kept."""

    @property
    def unacknowledged(self) -> Sequence[Record]:
        """What was taken and may not have arrived, oldest first."""
        ...

    async def abandon(self) -> None:
        """Lets go without waiting; what was not acknowledged stays readable."""
        ...


class SpillSink:
    """Passes records on; while its queue is away, writes them to `folder`, and sends all in order when it is back.

    Delivers at least once and keeps the order: as long as something waits on the disk, new records queue up behind it.
    A process that ends meanwhile, however it does, leaves it to the next one. At the bound `put` waits. A queue that
    refuses (an error that is not retriable) is not waited for: `put` and `flush` raise it, the disk keeps the rest.
    """

    def __init__(
        self,
        remote: RemoteSink,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        clock: Clock | None = None,
    ) -> None:
        """Opens the folder; what an earlier process left there goes out first.

        Raises:
            SinkError: the folder cannot be used; see `SpoolSink`.
        """
        self._remote = remote
        self._clock = clock or SystemClock()
        self._spool = SpoolSink(folder, max_bytes=max_bytes, segment_bytes=segment_bytes, clock=clock)
        self._sent = self._handed = self._spool.consumed
        self._waiting: str | None = None
        self._failure: TwitterhandlerError | None = None
        self._turn = asyncio.Lock()
        self._sending: asyncio.Task[None] | None = None
        self._is_closed = False
        if self.spilled:
            log.warning("%d bytes that wait in %s go out first", self.spilled, folder)
            self._start_sending()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def position(self) -> int:
        return self._remote.position

    @property
    def waiting(self) -> str | None:
        return self._waiting or self._remote.waiting

    @property
    def spilled(self) -> int:
        return self._spool.end - self._sent

    async def put(self, record: Record) -> None:
        async with self._turn:
            self._raise_failure()
            if self._sending is None:
                try:
                    await self._remote.put(record)
                except SinkError as exc:
                    await self._spill(exc)
                else:
                    return
            await self._spool.put(record)
            if self._sending is None:  # the disk was full, and all that was on it has gone out since
                self._start_sending()

    async def flush(self) -> None:
        """Hands everything to the queue, or, while that is away, to the disk."""
        async with self._turn:
            self._raise_failure()
            if self._sending is None:
                try:
                    await self._remote.flush()
                except SinkError as exc:
                    await self._spill(exc)
            await self._spool.flush()

    async def close(self) -> None:
        """What the queue does not take within 10 s is on the disk afterwards."""
        if self._is_closed:
            return
        self._is_closed = True
        sending = self._sending
        try:
            if sending is not None:
                await self._send_a_while(sending)
                sending.cancel()
                await asyncio.wait({sending})
            elif self._remote.unacknowledged:
                await self._flush_or_keep()
        finally:
            await self._remote.abandon()
            await self._spool.close()
        if self.spilled:
            log.warning("%d bytes wait in %s: the next start sends them", self.spilled, self._spool.folder)

    async def _send_a_while(self, sending: "asyncio.Task[None]") -> None:
        until = asyncio.get_running_loop().time() + _CLOSE_SECONDS
        while not sending.done() and self._waiting is None and asyncio.get_running_loop().time() < until:
            await asyncio.wait({sending}, timeout=_POLL_SECONDS)

    async def _flush_or_keep(self) -> None:
        try:
            await self._remote.flush()
        except SinkError as exc:
            log.warning("%s", exc)
            await self._keep_unacknowledged()

    async def _spill(self, reason: SinkError) -> None:
        """From now on to the disk, beginning with what the queue was given and may not have."""
        if not reason.retriable:
            self._failure = reason
            await self._keep_unacknowledged()
            raise reason
        self._waiting = str(reason)
        log.warning("%s; records wait in %s until it is back", reason, self._spool.folder)
        await self._keep_unacknowledged()
        self._handed = self._spool.end  # the remote sink still has these, and sends them itself
        self._start_sending()

    async def _keep_unacknowledged(self) -> None:
        for record in self._remote.unacknowledged:
            await self._spool.put(record)
        await self._spool.flush()

    def _start_sending(self) -> None:
        self._sending = asyncio.create_task(self._send_spilled())
        self._sending.add_done_callback(self._on_end)

    def _on_end(self, sending: "asyncio.Task[None]") -> None:
        """Nobody awaits it: what nobody foresaw is for the next call to raise."""
        if not sending.cancelled() and isinstance(error := sending.exception(), Exception):
            self._failure = InternalError.of(error)

    async def _send_spilled(self) -> None:
        while True:
            try:
                await self._remote.flush()
                self._waiting = None
                self._mark()
                if self._sent == self._spool.end:
                    log.warning("all that waited in %s has gone out", self._spool.folder)
                    self._sending = None
                    return
                await self._spool.flush()
                await self._hand_over()
            except SinkError as exc:
                if not exc.retriable:
                    self._failure = exc
                    return
                self._waiting = str(exc)
                await self._clock.sleep(RETRY_SECONDS)

    async def _hand_over(self) -> None:
        """The next records of the disk; they count as sent after the flush that follows."""
        for _, (position, line) in zip(range(_FLUSH_RECORDS), self._spool.lines(self._handed), strict=False):
            await self._remote.put(self._read(line))
            self._handed = position

    def _read(self, line: bytes) -> Record:
        try:
            return decode(line)
        except UnreadableMessageError:  # somebody else has written there
            return broken(line, self._clock.now())

    def _mark(self) -> None:
        if self._handed > self._sent:
            self._spool.mark_consumed(self._handed)
            self._sent = self._handed

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
