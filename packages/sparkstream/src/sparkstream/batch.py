"""The batch layer: the sums of all that is old enough, folded from the master set alone, one generation after another.

A batch announces how far it will go, folds, folds again what was marked meanwhile, and flips the topic's pointer: from
then on the minutes before it are read from the new generation. The job goes on beside it. What it adds before the
announced border after the fold has passed is marked by then (`layers.apply_batch`), and whoever sees the mark after the
flip folds it into the batch views: this batch, or the job. One at a time (`holding`).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sparkstream.annotation import AnnotatedPost, Annotator, annotate_again
from sparkstream.errors import HeldStoreError, UnknownTopicError
from sparkstream.folding import Day, FoldedDay, ParallelFolding, fold_days
from sparkstream.holding import Hold
from sparkstream.layers import in_flight
from sparkstream.refolding import refold_without_job
from sparkstream.rollups import Rollup, fold
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Mark, Pointer
from sparkstream.stores.packing import PackedSums, pack
from sparkstream.stores.summing import CLOSING_DELAY, periods_of
from sparkstream.times import DAY, HOUR, LATEST, MINUTE, STORED_STEPS, Span, floor

_log = logging.getLogger(__name__)

_MARKS: Final = 10_000
_ANNOTATED_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class TopicBatch:
    """What a batch did for a topic; `posts` is how many it has read."""

    topic: str
    generation: int
    until: int
    posts: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What of a topic is folded: [first, until); up to `before` it has been."""

    topic: str
    generation: int
    first: int
    until: int
    before: int


@dataclass(slots=True)
class BatchLayer:
    """Folds the master set of a store, whose job may run meanwhile; `clock` is in milliseconds.

    With `parallel` days are folded side by side, where there are more than a few posts.
    """

    store: LayeredStore
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    parallel: ParallelFolding | None = None
    _hold: Hold = field(init=False)
    _read: int = 0

    def __post_init__(self) -> None:
        self._hold = Hold(self.store.master, "a batch", self.clock)

    def run(
        self, topics: Sequence[str] | None = None, *, start: int | None = None, end: int | None = None
    ) -> list[TopicBatch]:
        """Fold what has come since the last batch.

        Args:
            topics: only these; by default all.
            start: fold again from here on, what earlier batches have folded too; 0 for all of it.
            end: a minute's edge to go up to; by default the hour that ends 10 minutes before the newest post, and never
                back.

        Raises:
            HeldStoreError: another batch, or one who forgets, is at work, or has begun because this one was held up.
            UnknownTopicError: as it says.
        """
        chosen = self._topics(topics)
        with self._hold:
            stretches = [stretch for topic in chosen if (stretch := self._stretch(topic, start, end)) is not None]
            done = list(self._folded(stretches))
        refold_without_job(self.store, self.clock())
        return done

    def _folded(self, stretches: Sequence[_Stretch]) -> Iterator[TopicBatch]:
        """Topic after topic, each flipped when all of its days are in; those of the next ones may be under way."""
        begun, posts = deque[_Stretch](), 0
        days = fold_days(self.store.master, self._days(stretches, begun), self._hold.keep, self.parallel)
        for folded in days:
            while folded.day.topic != begun[0].topic:
                yield self._flip(begun.popleft(), posts)
                posts = 0
            self._write(begun[0], folded)
            posts += folded.posts
            self._hold.keep()
        for stretch in begun:
            yield self._flip(stretch, posts)
            posts = 0

    def annotate_again(
        self, annotator: Annotator, topics: Sequence[str] | None = None, *, start: int = 0, end: int = LATEST
    ) -> int:
        """Find meaning in held posts once more, as with newer models. Returns how many rows were written.

        `run` folds them again, and the job what is newer. Not while the job runs: it might be editing the same posts.
        """
        status = self.store.status()
        if status is not None and not status.silent(self.clock()):
            raise HeldStoreError("the job is at work in this store; stop it, annotate again, and start it")
        chosen, written = self._topics(topics), 0
        with self._hold:
            for topic in chosen:
                scan = (stored.post for stored in self.store.master.scan(topic, start, end))
                while some := list(islice(scan, _ANNOTATED_AT_ONCE)):
                    self.store.master.mark({(topic, floor(post.event_time, MINUTE)) for post in some})
                    self.store.master.rewrite([(topic, post) for post in annotate_again(some, annotator)])
                    written += len(some)
                    self._hold.prolong()
        return written

    def _topics(self, topics: Sequence[str] | None) -> Sequence[str]:
        known = [event.slug for event in self.store.master.topic_events()]
        for topic in topics or ():
            if topic not in known:
                raise UnknownTopicError(topic)
        return known if topics is None else list(dict.fromkeys(topics))

    def _days(self, stretches: Iterable[_Stretch], begun: deque[_Stretch]) -> Iterator[Day]:
        """The days of one topic after the other, each announced before its first one is read."""
        for stretch in stretches:
            self.store.batch.prune(stretch.topic)  # what a batch that died has left would be read after the flip
            self.store.batch.announce(stretch.topic, stretch.until)
            begun.append(stretch)
            yield from self._of(stretch)

    def _of(self, stretch: _Stretch) -> Iterator[Day]:
        """Those that have posts, and of those that are folded again the ones that had some; with what is missing of the
        hour and the day that end in [first, until).
        """
        days = set(self.store.master.days(stretch.topic, floor(stretch.first, DAY), stretch.until))
        if stretch.first < stretch.before:
            spans = [Span(step, floor(stretch.first, step), stretch.before) for step in STORED_STEPS]
            days |= {floor(at, DAY) for span in spans for at in self.store.batch.starts(stretch.topic, span)}
        for day in sorted(days - self.store.batch.frozen(stretch.topic)):
            begin = day if day + DAY <= stretch.until else max(day, floor(stretch.first, HOUR))
            yield Day(stretch.topic, begin, min(day + DAY, stretch.until), stretch.first)

    def _stretch(self, topic: str, start: int | None, end: int | None) -> _Stretch | None:
        """How far a topic is to be folded; None where there is nothing."""
        pointer, ends = self.store.batch.pointer(topic), self.store.master.ends(topic)
        if ends is None and pointer == Pointer():
            return None
        newest = min(ends.last, self.clock()) if ends else 0
        until = max(pointer.until, floor(newest - CLOSING_DELAY, HOUR) if end is None else floor(end, MINUTE))
        first = pointer.until if start is None else min(floor(start, MINUTE), pointer.until)
        return _Stretch(topic, pointer.generation + 1, first, until, pointer.until)

    def _write(self, stretch: _Stretch, folded: FoldedDay) -> None:
        day, sums = folded.day, folded.sums
        if max(day.start, stretch.first) < stretch.before:
            found = {packed.period for packed in sums}
            sums = [*sums, *self._gone(stretch.topic, max(day.start, stretch.first), day.end, found)]
        self.store.batch.put(stretch.topic, stretch.generation, sums)

    def _gone(self, topic: str, start: int, end: int, found: Set[Span]) -> Iterator[PackedSums]:
        """Sums of nothing for the periods that have had posts and have none any more."""
        for step in STORED_STEPS:
            for at in self.store.batch.starts(topic, Span(step, floor(start, step), end)):
                period = Span(step, at, at + step)
                if period not in found and period.end <= end:
                    yield pack(period, Rollup())

    def _flip(self, stretch: _Stretch, posts: int) -> TopicBatch:
        topic, generation, until = stretch.topic, stretch.generation, stretch.until
        self._read = posts
        self._catch_up(topic, generation, until)
        self._hold.prolong()
        self.store.batch.flip(topic, generation, until)
        self._settle(topic, generation, until)
        self.store.batch.prune(topic)
        self.store.speed.drop(topic, until)
        return TopicBatch(topic, generation, until, self._read)

    def _scan(self, topic: str, start: int, end: int) -> Iterator[AnnotatedPost]:
        for stored in self._hold.during(self.store.master.scan(topic, start, end)):
            self._read += 1
            yield stored.post

    def _catch_up(self, topic: str, generation: int, until: int) -> list[Mark]:
        """Fold again what is marked before the border."""
        marks = [mark for mark in self.store.master.marks(_MARKS) if mark.topic == topic and mark.minute < until]
        frozen = self.store.batch.frozen(topic)
        for period in {period for mark in marks for period in periods_of(mark.minute) if period.end <= until}:
            if floor(period.start, DAY) not in frozen:
                sums = fold(self._scan(topic, period.start, period.end))
                self.store.batch.write(topic, generation, [(period, sums)])
        return marks

    def _settle(self, topic: str, generation: int, until: int) -> None:
        """Once more, after the flip; settled if no micro-batch was changing posts after the marks had been read."""
        marks = self.store.master.marks(_MARKS)
        quiet = not in_flight(self.store)
        folded = {mark.token for mark in self._catch_up(topic, generation, until)}
        if quiet:
            self.store.master.settle([mark for mark in marks if mark.token in folded])
