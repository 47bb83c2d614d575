"""Reading the spool (docs/contracts/queue.md): one log of lines in a folder of segments, addressed by byte offsets."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from sparkstream.errors import QueueError

FORMAT: Final = 1
MAX_BATCH_BYTES: Final = 8 << 20
"""Bytes of one micro-batch, beside its lines; one longer line is a batch of its own."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    base: int
    path: Path
    size: int

    @property
    def end(self) -> int:
        return self.base + self.size


class SpoolLog:
    """The spool in `folder`, seen afresh at every call: the writer appends and deletes beside us."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def identity(self) -> str | None:
        """Which spool it is; None while no writer has made it."""
        try:
            head = orjson.loads((self.folder / "spool.json").read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
            raise QueueError(
                f"{self.folder}/spool.json cannot be read: {reason}; check the folder, or correct the queue's URL"
            ) from error
        if not isinstance(head, dict) or head.get("format") != FORMAT or not isinstance(head.get("spool"), str):
            raise QueueError(f"{self.folder} is a spool of another format; this version reads format {FORMAT}")
        return str(head["spool"])

    def first(self) -> int:
        """The position of the oldest line that is kept."""
        segments = self._segments()
        return segments[0].base if segments else self.consumed()

    def end(self) -> int:
        """The position after the last whole line."""
        segments = self._segments()
        return self.end_of_batch(segments[-1].base, None) if segments else self.consumed()

    def end_of_batch(self, start: int, max_lines: int | None) -> int:
        """The position after the last whole line of a batch from `start`: at most `max_lines` (None: all there are) and
        MAX_BATCH_BYTES.
        """
        end, lines = start, 0
        tail = 0
        for chunk in self._chunks(start, None):
            at = -1
            while (at := chunk.find(b"\n", at + 1)) >= 0:
                lines += 1
                end = start + tail + at + 1
                if max_lines is not None and lines >= max_lines:
                    return end
            tail += len(chunk)
            if max_lines is not None and tail >= MAX_BATCH_BYTES and end > start:
                return end
        return end

    def lines(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(position, line) of the whole lines of [start, end), both at the start of a line; without their newlines."""
        position, rest = start, b""
        for chunk in self._chunks(start, end):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield position, line
                position += len(line) + 1

    def consumed(self) -> int:
        try:
            return int(orjson.loads((self.folder / "consumed.json").read_bytes())["position"])
        except FileNotFoundError:
            return 0
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise QueueError(
                f"{self.folder}/consumed.json cannot be read: {error}; delete it to read from the oldest line"
            ) from error

    def mark_consumed(self, position: int) -> None:
        """Let the writer delete what lies below; atomic, so a kill leaves the old mark or the new."""
        temporary = self.folder / f"consumed.json.{os.getpid()}"
        try:
            temporary.write_bytes(orjson.dumps({"position": position}))
            temporary.replace(self.folder / "consumed.json")
        except OSError as error:
            raise QueueError(
                f"{self.folder} cannot be written: {error.strerror}; the job marks there what it has read"
            ) from error

    def _segments(self) -> list[Segment]:
        try:
            found = sorted(self.folder.glob("[0-9]" * 20 + ".jsonl"))
            return [Segment(int(path.stem), path, path.stat().st_size) for path in found]
        except FileNotFoundError:  # deleted by the writer between the listing and the look
            return self._segments()
        except OSError as error:
            raise QueueError(
                f"{self.folder} cannot be read: {error.strerror}; check the folder and its rights"
            ) from error

    def _chunks(self, start: int, end: int | None) -> Iterator[bytes]:
        segments = self._segments()
        if not segments:
            return
        if start < segments[0].base:
            raise QueueError(
                f"the lines before {segments[0].base:,} of {self.folder} are gone, the job is at {start:,};"
                " start it with a new checkpoint"
            )
        first = bisect_right([segment.base for segment in segments], start) - 1
        for segment in segments[first:]:
            stop = segment.end if end is None else min(end, segment.end)
            yield from _read(segment, max(start, segment.base), stop)


def _read(segment: Segment, start: int, stop: int) -> Iterator[bytes]:
    if start >= stop:
        return
    try:
        with segment.path.open("rb") as file:
            file.seek(start - segment.base)
            left = stop - start
            while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise QueueError(f"{segment.path} cannot be read: {error.strerror}; check the folder and its rights") from error
