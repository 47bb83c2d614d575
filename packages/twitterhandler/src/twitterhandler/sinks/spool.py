"""A queue that is a folder: segments of JSON lines, written by one process, read by another (docs/contracts/queue.md).

A position is a byte offset into one endless log; a segment's name is the position of its first byte.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import re
import secrets
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

import orjson

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SettingError, SinkCorruptError, SinkError, SinkLockedError
from twitterhandler.posts import Record, encode

SEGMENT_BYTES: Final = 16 * 1024 * 1024
MAX_BYTES: Final = 1024 * 1024 * 1024
FLUSH_RECORDS: Final = 1_000
FLUSH_SECONDS: Final = 0.2
FULL_POLL_SECONDS: Final = 0.2
"""How often a writer at the bound looks whether the reader went on."""

_FORMAT: Final = 1
_SEGMENT_NAME = re.compile(r"^(\d{20})\.jsonl$")
_TAIL_BLOCK: Final = 64 * 1024

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
        self._fd = -1
        self._bases: list[int] = []
        self._base = self._size = 0
        with self._disk_errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder)
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
    def oldest(self) -> int:
        """Start of the oldest segment that is kept."""
        return self._bases[0]

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
        log.warning("spool %s is full (%d bytes): waiting for its reader", self.folder, self.position - self.oldest)
        while self.position + needed - self.oldest > self._max_bytes:
            await self._clock.sleep(FULL_POLL_SECONDS)
            self._delete_consumed()

    def _write(self) -> None:
        if not self._buffer:
            return
        with self._disk_errors():
            if self._size >= self._segment_bytes:
                self._roll()
            try:
                _write_all(self._fd, b"".join(self._buffer))
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._size)  # no half line: the lines are written again by the next flush
                raise
        self._size += self._buffered
        self._buffer.clear()
        self._buffered = 0

    def _roll(self) -> None:
        new = self._base + self._size
        fd = _open_segment(self.folder, new)
        os.close(self._fd)
        self._fd, self._base, self._size = fd, new, 0
        self._bases.append(new)
        self._delete_consumed()

    def _delete_consumed(self) -> None:
        """Removes the segments that lie wholly below the position that the reader marked; never the last one."""
        with self._disk_errors():
            consumed = _read_consumed(self.folder)
            while len(self._bases) > 1 and self._bases[1] <= consumed:
                _segment_path(self.folder, self._bases[0]).unlink(missing_ok=True)
                del self._bases[0]

    def _open(self) -> None:
        self._bases = _segments(self.folder)
        self.id = _spool_id(self.folder, new=not self._bases)
        if not self._bases:
            self._bases = [0]
        self._base = self._bases[-1]
        self._fd = _open_segment(self.folder, self._base)
        self._size = _cut_torn_tail(self._fd)
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


def _lock(folder: Path) -> int:
    """Takes the folder for this process; the kernel lets it go when the process ends."""
    fd = os.open(folder / "spool.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise SinkLockedError(f"the spool {folder} has a writer already; stop it, or choose another folder") from None
    return fd


def _spool_id(folder: Path, *, new: bool) -> str:
    path = folder / "spool.json"
    if not path.exists():
        if not new:
            raise SinkCorruptError(f"{folder} has segments but no spool.json; choose an empty folder")
        _replace(path, orjson.dumps({"spool": secrets.token_hex(16), "format": _FORMAT}))
    try:
        about = orjson.loads(path.read_bytes())
        spool, number = str(about["spool"]), about["format"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise SinkCorruptError(f"{path} cannot be read; choose an empty folder") from exc
    if number != _FORMAT:
        raise SinkCorruptError(f"{path} is of format {number!r}, not {_FORMAT}; choose another folder")
    return spool


def _segments(folder: Path) -> list[int]:
    """Bases of the segments, oldest first."""
    names = (_SEGMENT_NAME.match(path.name) for path in folder.iterdir())
    bases = sorted(int(name[1]) for name in names if name)
    for base, following in pairwise(bases):
        end = base + _segment_path(folder, base).stat().st_size
        if end != following:
            raise SinkCorruptError(f"the spool {folder} has a hole at {end}; choose an empty folder")
    return bases


def _segment_path(folder: Path, base: int) -> Path:
    return folder / f"{base:020d}.jsonl"


def _open_segment(folder: Path, base: int) -> int:
    return os.open(_segment_path(folder, base), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _cut_torn_tail(fd: int) -> int:
    """Cuts what follows the last newline; the size that is left."""
    size = end = os.fstat(fd).st_size
    keep = 0
    while end > 0 and keep == 0:
        start = max(0, end - _TAIL_BLOCK)
        keep = start + os.pread(fd, end - start, start).rfind(b"\n") + 1
        if keep == start:
            keep, end = 0, start
    if keep < size:
        log.warning("cut a torn last line of %d bytes", size - keep)
        os.ftruncate(fd, keep)
    return keep


def _read_consumed(folder: Path) -> int:
    """The position that the reader marked; 0 before the first mark."""
    try:
        return int(orjson.loads((folder / "consumed.json").read_bytes())["position"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as exc:
        raise SinkCorruptError(f"{folder / 'consumed.json'} holds no position; the reader writes it") from exc


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
