"""What the loop remembers of the last posts: which they were, and how many a second."""

from collections import OrderedDict, deque
from datetime import datetime
from functools import lru_cache

from twitterhandler.posts import Post


@lru_cache(maxsize=1024)
def _shared(topics: tuple[str, ...]) -> frozenset[str]:
    """One set for all posts with these topics, as a set has ten times the size of a post's entry."""
    return frozenset(topics)


class RecentIds:
    """The last (id, version) pairs and their topics: a courtesy to the queue, no promise; the store decides."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids: OrderedDict[tuple[str, int], frozenset[str]] = OrderedDict()

    def seen(self, post: Post) -> bool:
        """Whether it was here before, for no fewer topics; it is now."""
        identity, topics = (post.id, post.version), _shared(post.topics)
        before = self._ids.get(identity)
        if before is not None and topics <= before:
            return True
        self._ids[identity] = topics | before if before else topics
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)
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
