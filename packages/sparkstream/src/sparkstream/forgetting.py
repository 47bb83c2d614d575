"""Posts that have to go, and stay gone: from the master set, the views, and the dead letters that hold them.

Tombstones come first, then the marks, then the rows: whoever is killed between two of them has kept out what is not yet
removed, and is done when he does it again. The job folds what is marked between its batches; without a job it is folded
here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sparkstream.changes import grave
from sparkstream.holding import Hold
from sparkstream.refolding import refold_without_job
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Stamp, Tombstone
from sparkstream.times import LATEST, MINUTE, floor

_AT_ONCE: Final = 1_000
_LETTERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many posts, however many topics each had, and how many dead letters."""

    posts: int
    dead_letters: int


@dataclass(slots=True)
class Forgetting:
    """Forgets in a store, whose job may run meanwhile; `clock` is in milliseconds."""

    store: LayeredStore
    clock: Callable[[], int]
    _hold: Hold = field(init=False)

    def __post_init__(self) -> None:
        self._hold = Hold(self.store.master, "forget", self.clock)

    def posts(self, ids: Sequence[str]) -> Forgotten:
        """Those with these ids, also where none is held: a copy that comes later is kept out."""
        with self._hold:
            self._bury(ids)
            removed, letters = sum(self._remove(some) for some in _chunks(ids)), self._letters(ids)
        refold_without_job(self.store, self.clock())
        return Forgotten(removed, letters)

    def author(self, author: str) -> Forgotten:
        """All posts of an author, by id (`x:42`). Looks at every post. What he posts from now on is not kept out."""
        with self._hold:
            ids: set[str] = set()
            for event in self.store.master.topic_events():
                scan = self._hold.during(self.store.master.scan(event.slug, 0, LATEST))
                ids |= {stored.post.id for stored in scan if stored.post.author == author}
                self._hold.prolong()
            self._bury(sorted(ids))
            removed, letters = sum(map(self._remove, _chunks(sorted(ids)))), self._letters([author, *ids])
        refold_without_job(self.store, self.clock())
        return Forgotten(removed, letters)

    def topic(self, slug: str) -> Forgotten:
        """All that is known of a topic. Posts stay in their other topics; what is received from now on is new."""
        with self._hold:
            now, removed = self.clock(), 0
            self.store.master.bury([Tombstone(grave(slug), now, "forgotten")])
            self._find_all()
            self.store.batch.drop(slug)  # what is left is read from the speed views, minute by minute
            scan = (stored.post for stored in self.store.master.scan(slug, 0, LATEST))
            while some := list(islice(scan, _AT_ONCE)):
                self.store.master.mark({(slug, floor(post.event_time, MINUTE)) for post in some})
                keys = [(slug, post.id) for post in some if post.received_at <= now]
                self.store.master.remove(keys)
                removed += len(keys)
                self._hold.prolong()
            self.store.master.drop_topic(slug)
            letters = self._letters([slug])
        refold_without_job(self.store, self.clock())
        return Forgotten(removed, letters)

    def _bury(self, ids: Sequence[str]) -> None:
        now = self.clock()
        for some in _chunks(ids):
            self.store.master.bury([Tombstone(post_id, now, "forgotten") for post_id in some])
            self._hold.prolong()
        self._find_all()

    def _find_all(self) -> None:
        """What a kill, or a server that went away, left half written is removed by its id like all else."""
        for run, state in self.store.master.runs().items():
            if not state.abandoned:
                self.store.master.touched(Stamp(run, state.started))

    def _remove(self, ids: Sequence[str]) -> int:
        held = self.store.master.held(ids)
        rows = [(topic, post_id, row) for post_id, found in held.items() for topic, row in found.rows.items()]
        self.store.master.mark((topic, floor(row.event_time, MINUTE)) for topic, _, row in rows)
        self.store.master.remove([(topic, post_id) for topic, post_id, _ in rows])
        self._hold.prolong()
        return len({post_id for _, post_id, _ in rows})

    def _letters(self, names: Collection[str]) -> int:
        """Drop the dead letters that name any of these: what could not be read may still say much."""
        if not names:  # a pattern of nothing is in every letter
            return 0
        named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
        letters = self.store.master.dead_letters(_LETTERS)
        found = [letter.id for letter in letters if named.search(letter.raw)]
        self.store.master.drop_dead_letters(found)
        return len(found)


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
