"""The files of a spool (docs/contracts/queue.md): a folder of segments that make one endless log of lines.

A position is a byte offset into it; a segment's name is the position of its first byte. What the system refuses stays
an OSError here: the spool says it in its own words.
"""

import fcntl
import logging
import os
import re
import secrets
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import orjson

from twitterhandler.errors import SinkCorruptError, SinkLockedError

_FORMAT: Final = 1
_SEGMENT_NAME = re.compile(r"^(\d{20})\.jsonl$")
_BLOCK: Final = 64 * 1024

log = logging.getLogger(__name__)


def lock(folder: Path) -> int:
    """Takes the folder for this process; the kernel lets it go when the process ends."""
    fd = os.open(folder / "spool.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise SinkLockedError(f"the spool {folder} has a writer already; stop it, or choose another folder") from None
    return fd


def spool_id(folder: Path, *, new: bool) -> str:
    path = folder / "spool.json"
    if not path.exists():
        if not new:
            raise SinkCorruptError(f"{folder} has segments but no spool.json; choose an empty folder")
        replace(path, orjson.dumps({"spool": secrets.token_hex(16), "format": _FORMAT}))
    try:
        about = orjson.loads(path.read_bytes())
        spool, number = str(about["spool"]), about["format"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise SinkCorruptError(f"{path} cannot be read; choose an empty folder") from exc
    if number != _FORMAT:
        raise SinkCorruptError(f"{path} is of format {number!r}, not {_FORMAT}; choose another folder")
    return spool


def segments(folder: Path) -> list[int]:
    """Bases of the segments, oldest first."""
    names = (_SEGMENT_NAME.match(path.name) for path in folder.iterdir())
    bases = sorted(int(name[1]) for name in names if name)
    for base, following in pairwise(bases):
        end = base + segment_path(folder, base).stat().st_size
        if end != following:
            raise SinkCorruptError(f"the spool {folder} has a hole at {end}; choose an empty folder")
    return bases


def segment_path(folder: Path, base: int) -> Path:
    return folder / f"{base:020d}.jsonl"


def open_segment(folder: Path, base: int) -> int:
    return os.open(segment_path(folder, base), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def cut_torn_tail(fd: int) -> int:
    """Cuts what follows the last newline; the size that is left."""
    size = end = os.fstat(fd).st_size
    keep = 0
    while end > 0 and keep == 0:
        start = max(0, end - _BLOCK)
        keep = start + os.pread(fd, end - start, start).rfind(b"\n") + 1
        if keep == start:
            keep, end = 0, start
    if keep < size:
        log.warning("cut a torn last line of %d bytes", size - keep)
        os.ftruncate(fd, keep)
    return keep


def read_consumed(folder: Path) -> int:
    """The position that the reader marked; 0 before the first mark."""
    try:
        return int(orjson.loads((folder / "consumed.json").read_bytes())["position"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as exc:
        raise SinkCorruptError(f"{folder / 'consumed.json'} holds no position; the reader writes it") from exc


def mark_consumed(folder: Path, position: int) -> None:
    """What lies below has been read and may be deleted; a kill leaves the old mark or the new."""
    replace(folder / "consumed.json", orjson.dumps({"position": position}))


def read_lines(folder: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(position after it, line) of the whole lines of [start, end), both at the start of a line; without newlines."""
    bases = segments(folder)
    position = start
    for base in bases[max(0, bisect_right(bases, start) - 1) :]:
        with segment_path(folder, base).open("rb") as file:
            file.seek(position - base)
            for line in file:
                if position >= end:
                    return
                position += len(line)
                yield position, line[:-1]


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def replace(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
