"""Server-sent events: bytes as they come in, events out (the parts of the HTML standard that servers use)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_EVENT: Final = 1024 * 1024
"""Bytes of one event; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """`data` is joined by newlines; `whole` is false where it was cut at `MAX_EVENT`."""

    name: str
    data: bytes
    whole: bool = True


class EventStream:
    """Lines end with LF or CRLF; comments (heartbeats), ids and other fields are passed over."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._name = "message"
        self._whole = True

    @property
    def rest(self) -> bytes:
        """What has come of an event that is not complete."""
        return b"\n".join([*self._data, bytes(self._line)]) if self._data or self._line else b""

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """The events that `chunk` completes."""
        *lines, tail = chunk.split(b"\n")
        for line in lines:
            self._extend(line)
            whole, self._line = bytes(self._line), bytearray()
            yield from self._take(whole.removesuffix(b"\r"))
        self._extend(tail)

    def _extend(self, part: bytes) -> None:
        room = MAX_EVENT - self._size - len(self._line)
        self._whole = self._whole and len(part) <= room
        self._line += part[: max(0, room)]

    def _take(self, line: bytes) -> Iterator[ServerSentEvent]:
        if not line:
            if self._data:
                yield ServerSentEvent(self._name, b"\n".join(self._data), self._whole)
            self._data, self._size, self._name, self._whole = [], 0, "message", True
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"data":
            self._data.append(value)
            self._size += len(value)
