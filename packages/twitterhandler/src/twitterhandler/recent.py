"""What the loop remembers of the last posts: which they were, and how many a second."""

from collections import deque
from datetime import datetime
from functools import lru_cache

from twitterhandler.posts import Post


@lru_cache(maxsize=1024)
def _shared(topics: tuple[str, ...]) -> frozenset[str]:
    """One set for all posts with these topics, as a set has ten times the size of a post's entry."""
    return frozenset(topics)


class RecentIds:
    """The last (id, version) pairs and their topics: a courtesy to the queue, no promise; the store decides.

    Two dictionaries take turns, so between half of `limit` and all of it is remembered: one that grows is cheaper and
    steadier in memory than one from which the oldest is taken at each step.
    """

    def __init__(self, limit: int) -> None:
        self._turn = max(1, limit // 2)
        self._newer: dict[str, frozenset[str]] = {}
        self._older: dict[str, frozenset[str]] = {}

    def seen(self, post: Post) -> bool:
        """Whether it was here before, for no fewer topics; it is now."""
        identity = f"{post.id} {post.version}" if post.version else post.id
        topics, before = _shared(post.topics), self._newer.get(identity) or self._older.get(identity)
        if before is not None and topics <= before:
            return True
        self._newer[identity] = topics | before if before else topics
        if len(self._newer) >= self._turn:
            self._older, self._newer = self._newer, {}
        return False


class Rate:
    """Events a second over the last whole seconds."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._first: int | None = None
        self._counts: deque[tuple[int, int]] = deque(maxlen=seconds + 1)

    def add(self, moment: datetime) -> None:
        second = int(moment.timestamp())
        self._first = self._first or second
        if self._counts and self._counts[-1][0] == second:
            self._counts[-1] = (second, self._counts[-1][1] + 1)
        else:
            self._counts.append((second, 1))

    def at(self, moment: datetime) -> float:
        now = int(moment.timestamp())
        span = min(self._seconds, now - (self._first or now))
        return sum(count for second, count in self._counts if now - span <= second < now) / span if span else 0.0
