"""A queue that is a folder: segments of JSON lines, written by one process, read by another (docs/contracts/queue.md).

How its files lie is in `segments`.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SettingError, SinkError
from twitterhandler.posts import Record, encode
from twitterhandler.sinks.segments import (
    cut_torn_tail,
    lock,
    mark_consumed,
    open_segment,
    read_consumed,
    read_lines,
    segment_path,
    segments,
    spool_id,
    write_all,
)

SEGMENT_BYTES: Final = 16 * 1024 * 1024
MAX_BYTES: Final = 1024 * 1024 * 1024
FLUSH_RECORDS: Final = 1_000
FLUSH_SECONDS: Final = 0.2
FULL_POLL_SECONDS: Final = 0.2
"""How often a writer at the bound looks whether the reader went on."""

log = logging.getLogger(__name__)


class SpoolSink:
    """Writes a spool: at least once, order kept, at most 1 GiB ahead of the reader's oldest segment.

    What was flushed survives the end of this process, however it ends. At the bound `put` waits for the reader.
    Use inside a running event loop; close it, or use `async with`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_BYTES,
        clock: Clock | None = None,
    ) -> None:
        """Opens or makes the spool in `folder`, cuts a torn last line, deletes what the reader has consumed.

        Raises:
            SinkLockedError: another writer has it open.
            SinkCorruptError: the folder holds segments that do not follow each other, or another format.
            SinkError: the disk refused.
        """
        if max_bytes < 2 * segment_bytes:
            raise SettingError(f"a spool of {max_bytes} bytes holds no two segments of {segment_bytes}; make it larger")
        self.folder = folder
        self.id = ""
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._clock = clock or SystemClock()
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._failure: SinkError | None = None
        self._waiting: str | None = None
        self._fd = -1
        self._bases: list[int] = []
        self._base = self._size = 0
        with self._disk_errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock(folder)
            try:
                self._open()
            except BaseException:
                os.close(self._lock)
                raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def position(self) -> int:
        """End of what was handed to the operating system."""
        return self._base + self._size

    @property
    def end(self) -> int:
        """`position`, with what waits to be handed over."""
        return self.position + self._buffered

    @property
    def waiting(self) -> str | None:
        return self._waiting

    @property
    def spilled(self) -> int:
        return 0

    @property
    def oldest(self) -> int:
        """Start of the oldest segment that is kept."""
        return self._bases[0]

    @property
    def consumed(self) -> int:
        """The position that the reader marked."""
        with self._disk_errors():
            return max(read_consumed(self.folder), self.oldest)

    def mark_consumed(self, position: int) -> None:
        """For a writer that is its own reader: what lies below may be deleted."""
        with self._disk_errors():
            mark_consumed(self.folder, position)

    def lines(self, start: int) -> Iterator[tuple[int, bytes]]:
        """(position after it, line) of what was handed to the operating system, from the line at `start` on."""
        with self._disk_errors():
            yield from read_lines(self.folder, start, self.position)

    async def put(self, record: Record) -> None:
        if self._failure is not None:
            await self.flush()
        line = encode(record) + b"\n"
        if self.position + self._buffered + len(line) - self.oldest > self._max_bytes:
            await self._wait_for_room(len(line))
        self._buffer.append(line)
        self._buffered += len(line)
        if len(self._buffer) >= FLUSH_RECORDS:
            await self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._on_timer)

    async def flush(self) -> None:
        self._stop_timer()
        self._failure = None
        self._write()

    async def close(self) -> None:
        if self._fd < 0:
            return
        try:
            await self.flush()
        finally:
            os.close(self._fd)
            os.close(self._lock)
            self._fd = -1

    def _on_timer(self) -> None:
        self._timer = None
        try:
            self._write()
        except SinkError as exc:
            self._failure = exc  # nobody awaits a timer: the next put meets the disk again and raises
            log.warning("%s", exc)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait_for_room(self, needed: int) -> None:
        await self.flush()
        self._delete_consumed()
        if self.position + needed - self.oldest <= self._max_bytes:
            return
        self._waiting = f"the spool {self.folder} is full: its reader has {self.position - self.oldest:,} bytes to read"
        log.warning("%s", self._waiting)
        try:
            while self.position + needed - self.oldest > self._max_bytes:
                await self._clock.sleep(FULL_POLL_SECONDS)
                with self._disk_errors():
                    if self._size and self.consumed >= self.position:
                        self._roll()  # the last segment is never deleted, and may be all that there is
                self._delete_consumed()
        finally:
            self._waiting = None

    def _write(self) -> None:
        if not self._buffer:
            return
        with self._disk_errors():
            if self._size >= self._segment_bytes:
                self._roll()
            try:
                write_all(self._fd, b"".join(self._buffer))
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._size)  # no half line: the lines are written again by the next flush
                raise
        self._size += self._buffered
        self._buffer.clear()
        self._buffered = 0

    def _roll(self) -> None:
        new = self._base + self._size
        fd = open_segment(self.folder, new)
        os.close(self._fd)
        self._fd, self._base, self._size = fd, new, 0
        self._bases.append(new)
        self._delete_consumed()

    def _delete_consumed(self) -> None:
        """Removes the segments that lie wholly below the position that the reader marked; never the last one."""
        with self._disk_errors():
            consumed = read_consumed(self.folder)
            while len(self._bases) > 1 and self._bases[1] <= consumed:
                segment_path(self.folder, self._bases[0]).unlink(missing_ok=True)
                del self._bases[0]

    def _open(self) -> None:
        self._bases = segments(self.folder)
        self.id = spool_id(self.folder, new=not self._bases)
        if not self._bases:
            self._bases = [0]
        self._base = self._bases[-1]
        self._fd = open_segment(self.folder, self._base)
        self._size = cut_torn_tail(self._fd)
        self._delete_consumed()

    @contextlib.contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except SinkError:
            raise
        except OSError as exc:
            raise SinkError(
                f"cannot write the spool {self.folder}: {exc.strerror}; free or choose another place"
            ) from exc
