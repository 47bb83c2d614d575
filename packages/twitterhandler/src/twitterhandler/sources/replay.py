"""A file of X API v2 messages, one a line, as if it were heard now."""

import gzip
import io
import math
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SettingError, SourceError, UnreadableMessageError
from twitterhandler.posts import Post, Record, TopicEvent, dead
from twitterhandler.topics import Topic
from twitterhandler.x_messages import parse_message

MAX_LINE: Final = 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"


class ReplaySource:
    """Replays a file, plain or gzip.

    A tag is announced as a started topic without a query before its first post. A line that cannot be read is a `dead`
    record; empty lines (X's keep-alives) are passed over.

    Args:
        path: The file.
        speed: How many times faster than it was; `math.inf` waits for nothing.
        retime: Whether posts get the time at which they are heard: start + (original - first) / speed. Else they keep
            their own. Needs a finite speed.
    """

    name = "replay"
    matches = True
    keeps_repeats = True

    def __init__(
        self, path: Path, *, speed: float = math.inf, retime: bool = False, clock: Clock | None = None
    ) -> None:
        if not speed > 0:
            raise SettingError(f"a speed of {speed:g} never ends; take a positive number or max")
        if retime and math.isinf(speed):
            raise SettingError("--retime needs a speed that is a number: at max speed all posts would get one time")
        if not path.is_file():
            raise SourceError(f"there is no file {path}; give the path of X API v2 messages, one a line")
        self._path = path
        self._speed = speed
        self._retime = retime
        self._clock = clock or SystemClock()

    def follow(self, topics: Sequence[Topic]) -> None:
        pass

    async def records(self) -> AsyncGenerator[Record, None]:
        announced: set[str] = set()
        pace = _Pace(self._clock, self._speed, self._retime)
        for line in self._lines():
            received_at = self._clock.now()
            if len(line) > MAX_LINE:
                yield dead(line, f"a line longer than {MAX_LINE} bytes", received_at)
                continue
            try:
                post = parse_message(line, received_at)
            except UnreadableMessageError as exc:
                yield dead(line, str(exc), received_at)
                continue
            if not math.isinf(self._speed):
                post = await pace.wait(post)
            for slug in post.topics:
                if slug not in announced:
                    announced.add(slug)
                    yield TopicEvent(slug, None, "started", self._clock.now())
            yield post

    def _lines(self) -> Iterator[bytes]:
        """Lines without their ends; of an overlong one its beginning."""
        try:
            with _open(self._path) as stream:
                while line := stream.readline(MAX_LINE + 1):
                    if len(line) > MAX_LINE:
                        _skip_line(stream, line)
                    if stripped := line.strip(b"\r\n"):
                        yield stripped
        except (OSError, EOFError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
            raise SourceError(f"cannot read {self._path}: {reason}; what was read before it is kept") from exc


class _Pace:
    """Waits until a post is due; the first one is due at once."""

    def __init__(self, clock: Clock, speed: float, retime: bool) -> None:
        self._clock = clock
        self._speed = speed
        self._retime = retime
        self._start: tuple[datetime, datetime] | None = None

    async def wait(self, post: Post) -> Post:
        began, first = self._start = self._start or (self._clock.now(), post.created_at)
        due = began + (post.created_at - first) / self._speed
        if (remaining := due - self._clock.now()) > timedelta(0):
            await self._clock.sleep(remaining.total_seconds())
        return replace(post, received_at=self._clock.now(), created_at=due if self._retime else post.created_at)


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        compressed = stream.read(2) == _GZIP_MAGIC
    if compressed:
        return cast("BinaryIO", io.BufferedReader(gzip.open(path, "rb"), 1 << 20))
    return path.open("rb", buffering=1 << 20)


def _skip_line(stream: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(MAX_LINE)
