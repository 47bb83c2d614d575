"""The batch layer: the sums of all that is old enough, folded from the master set alone, one generation after another.

A batch announces how far it will go, folds, folds again what was marked meanwhile, and flips the topic's pointer: from
then on the minutes before it are read from the new generation. The job goes on beside it. What it adds before the
announced border after the fold has passed is marked by then (`layers.apply_batch`), and whoever sees the mark after the
flip folds it into the batch views: this batch, or the job. One at a time (`holding`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sparkstream.annotation import AnnotatedPost, Annotator, annotate_again
from sparkstream.errors import HeldStoreError, UnknownTopicError
from sparkstream.holding import Hold
from sparkstream.layers import in_flight
from sparkstream.refolding import refold_without_job
from sparkstream.rollups import Rollup, fold, fold_periods
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Mark, Pointer
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


@dataclass(slots=True)
class BatchLayer:
    """Folds the master set of a store, whose job may run meanwhile; `clock` is in milliseconds."""

    store: LayeredStore
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
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
            folded = [done for topic in chosen if (done := self._topic(topic, start, end)) is not None]
        refold_without_job(self.store, self.clock())
        return folded

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
        return known if topics is None else topics

    def _topic(self, topic: str, start: int | None, end: int | None) -> TopicBatch | None:
        pointer, ends = self.store.batch.pointer(topic), self.store.master.ends(topic)
        if ends is None and pointer == Pointer():
            return None
        newest = min(ends.last, self.clock()) if ends else 0
        until = max(pointer.until, floor(newest - CLOSING_DELAY, HOUR) if end is None else floor(end, MINUTE))
        first = pointer.until if start is None else min(floor(start, MINUTE), pointer.until)
        generation, self._read = pointer.generation + 1, 0
        self.store.batch.prune(topic)  # what a batch that died has left would be read after the flip
        self.store.batch.announce(topic, until)
        if first < until and ends is not None:
            self._fold(topic, generation, max(first, floor(ends.first, DAY)), until)
        if start is not None:
            self._hide(topic, generation, first, min(pointer.until, ends.first if ends else pointer.until))
        self._catch_up(topic, generation, until)
        self._hold.prolong()
        self.store.batch.flip(topic, generation, until)
        self._settle(topic, generation, until)
        self.store.batch.prune(topic)
        self.store.speed.drop(topic, until)
        return TopicBatch(topic, generation, until, self._read)

    def _fold(self, topic: str, generation: int, first: int, until: int) -> None:
        """Fold [first, until) day by day, with what is missing of the hour and the day that end in it."""
        frozen = self.store.batch.frozen(topic)
        for day in range(floor(first, DAY), until, DAY):
            if day in frozen:
                continue
            begin = day if day + DAY <= until else max(day, floor(first, HOUR))
            sums = fold_periods(self._scan(topic, begin, min(day + DAY, until)))
            wanted = {period: rollup for period, rollup in sums.items() if first < period.end <= until}
            held = Span(DAY, max(begin, first), min(day + DAY, until))
            self.store.batch.write(topic, generation, [*wanted.items(), *self._gone(topic, held, wanted)])
            self._hold.prolong()

    def _hide(self, topic: str, generation: int, first: int, end: int) -> None:
        """What is folded again from further back than there are posts has lost them."""
        frozen = self.store.batch.frozen(topic)
        for period, nothing in self._gone(topic, Span(DAY, first, end), {}):
            if floor(period.start, DAY) not in frozen:
                self.store.batch.write(topic, generation, [(period, nothing)])

    def _gone(self, topic: str, span: Span, sums: dict[Span, Rollup]) -> list[tuple[Span, Rollup]]:
        """Sums of nothing for the periods of a span that have had posts and have none any more."""
        spans = [Span(step, floor(span.start, step), span.end) for step in STORED_STEPS]
        found = (Span(held.step, held.start, held.start + held.step) for held in self.store.batch.periods(topic, spans))
        return [(period, Rollup()) for period in found if period not in sums and period.end <= span.end]

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
