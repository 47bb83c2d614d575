"""What the loop remembers of the last posts: which they were, and how many a second."""

from collections import deque
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Generic, TypeVar

from twitterhandler.posts import Post

Value = TypeVar("Value")


@lru_cache(maxsize=1024)
def _shared(topics: tuple[str, ...]) -> frozenset[str]:
    """One set for all posts with these topics, as a set has ten times the size of a post's entry."""
    return frozenset(topics)


class Recent(Generic[Value]):
    """Values by key, of which between half of `limit` and all of it are remembered, the newest.

    Two dictionaries take turns: one that grows is cheaper and steadier in memory than one from which the oldest is
    taken at each step.
    """

    def __init__(self, limit: int) -> None:
        self._turn = max(1, limit // 2)
        self._newer: dict[str, Value] = {}
        self._older: dict[str, Value] = {}

    def get(self, key: str) -> Value | None:
        found = self._newer.get(key)
        return self._older.get(key) if found is None else found

    def keep(self, key: str, value: Value) -> None:
        self._newer[key] = value
        if len(self._newer) >= self._turn:
            self._older, self._newer = self._newer, {}


def identity(post: Post) -> str:
    """One short key for (id, version): a tuple of them weighs twice as much, a hundred thousand times."""
    return f"{post.id} {post.version}" if post.version else post.id


class RecentIds:
    """The last (id, version) pairs and their topics: a courtesy to the queue, no promise; the store decides.

    Of a post that was edited it is known in which topics any version stood.
    """

    def __init__(self, limit: int) -> None:
        self._topics: Recent[frozenset[str]] = Recent(limit)

    def earlier(self, post: Post) -> frozenset[str]:
        """The topics in which other versions of an edited post stood; none of one that is not edited."""
        return self._known(post.id) | self._known(f"{post.id} edits") if post.version else frozenset()

    def seen(self, post: Post) -> bool:
        """Whether it was here before, for no fewer topics; it is now."""
        key, topics = identity(post), _shared(post.topics)
        before = self._known(key)
        if before and topics <= before:
            return True
        if post.version:
            self._topics.keep(f"{post.id} edits", self.earlier(post) | topics)
        self._topics.keep(key, topics | before if before else topics)
        return False

    def _known(self, key: str) -> frozenset[str]:
        return self._topics.get(key) or frozenset()


class Sparing:
    """How many of many alike are to be told of, and when: the first at once, those that follow together."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._untold = 0
        self._told_at: datetime | None = None

    def add(self) -> None:
        self._untold += 1

    def due(self, moment: datetime, *, last: bool = False) -> int:
        """So many are told of now; with `last` all that are left."""
        if not last and self._told_at is not None and moment - self._told_at < self._every:
            return 0
        count, self._untold = self._untold, 0
        if count:
            self._told_at = moment
        return count


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
