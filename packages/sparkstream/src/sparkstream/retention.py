"""How long posts and their sums are kept: whole days go, once their last post was received long enough ago.

The sums of a day outlive its posts: they are *frozen* in the batch views, folded never again. So only days go that the
batch views have. A post that comes later for such a day is kept, and not in its sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sparkstream.errors import SettingsError
from sparkstream.holding import Hold
from sparkstream.stores import LayeredStore
from sparkstream.times import DAY, Span, floor

_AT_ONCE: Final = 1_000
_LETTERS: Final = 100_000
_MARKS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Milliseconds; None is for ever. Posts are kept no longer than their sums.

    Attributes:
        posts: after the last one of a day was received.
        views: after the end of a day.
        dead_letters: as long as a queue may bring the good lines around them again.
    """

    posts: int | None = None
    views: int | None = None
    dead_letters: int | None = 7 * DAY

    def __post_init__(self) -> None:
        if self.views is not None and (self.posts is None or self.posts > self.views):
            raise SettingsError("posts cannot be kept longer than their sums; set keep_posts to keep_views or less")


@dataclass(frozen=True, slots=True)
class Expired:
    """(topic, start of the day) of what went, and how many dead letters."""

    posts: tuple[tuple[str, int], ...]
    views: tuple[tuple[str, int], ...]
    dead_letters: int


@dataclass(slots=True)
class Retention:
    """Puts away what is too old in a store, whose job may run meanwhile; `clock` is in milliseconds."""

    store: LayeredStore
    keeping: Keeping
    clock: Callable[[], int]
    _hold: Hold = field(init=False)

    def __post_init__(self) -> None:
        self._hold = Hold(self.store.master, "retention", self.clock)

    def run(self) -> Expired:
        """Put away what is too old now.

        Raises:
            HeldStoreError: a batch, or one who forgets, is at work.
        """
        topics = [event.slug for event in self.store.master.topic_events()]
        with self._hold:
            posts = tuple((topic, day) for topic in topics for day in self._posts(topic))
            views = tuple((topic, day) for topic in topics for day in self._views(topic))
            return Expired(posts, views, self._letters())

    def _posts(self, topic: str) -> Iterator[int]:
        ends, keep, now = self.store.master.ends(topic), self.keeping.posts, self.clock()
        if keep is None or ends is None:
            return
        until = min(self.store.batch.pointer(topic).until, now - keep)  # no post was received before it was written
        waiting = {floor(mark.minute, DAY) for mark in self.store.master.marks(_MARKS) if mark.topic == topic}
        for day in range(floor(ends.first, DAY), floor(until, DAY), DAY):
            if day in waiting:  # its sums are not yet those of its posts
                continue
            scan = self._hold.during(self.store.master.scan(topic, day, day + DAY))
            newest = max((stored.post.received_at for stored in scan), default=None)
            if newest is not None and newest <= now - keep:
                self.store.batch.freeze(topic, [day])  # before the posts go, so that nobody folds what is left
                self._remove(topic, day)
                yield day

    def _remove(self, topic: str, day: int) -> None:
        scan = (stored.post.id for stored in self.store.master.scan(topic, day, day + DAY))
        while some := list(islice(scan, _AT_ONCE)):
            self.store.master.remove([(topic, post_id) for post_id in some])
            self._hold.prolong()

    def _views(self, topic: str) -> Iterator[int]:
        if self.keeping.views is None:
            return
        oldest = self.clock() - self.keeping.views
        self.store.master.drop_gaps(topic, floor(oldest, DAY))
        for day in sorted(self.store.batch.frozen(topic)):
            whole = Span(DAY, day, day + DAY)
            if whole.end <= oldest and self.store.batch.count(topic, [whole]):
                self.store.batch.drop(topic, whole)
                self._hold.prolong()
                yield day

    def _letters(self) -> int:
        if self.keeping.dead_letters is None:
            return 0
        oldest = self.clock() - self.keeping.dead_letters
        found = [letter.id for letter in self.store.master.dead_letters(_LETTERS) if letter.at < oldest]
        self.store.master.drop_dead_letters(found)
        return len(found)
