"""The store of those who only read: while one layer is down the other one answers, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from sparkstream.errors import StoreBusyError, StoreError
from sparkstream.schema import Gap, TopicEvent
from sparkstream.stores.base import (
    LAYERS,
    Ends,
    JobStatus,
    Layer,
    LayerTimes,
    PagePosition,
    Pointer,
    StoredPost,
    Topic,
    Unread,
    ViewReader,
)
from sparkstream.stores.layered import LayeredStore, Reading, split
from sparkstream.stores.protocols import BatchViews, MasterStore, SpeedViews
from sparkstream.stores.side import Part, Side
from sparkstream.times import LATEST, Span

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Archive:
    """What lives in one store: the master set and the batch views."""

    master: MasterStore
    batch: BatchViews

    def close(self) -> None:
        self.batch.close()
        self.master.close()


class ServedStore(LayeredStore):
    """Raises like any other while a layer is down; what it gives for one answer (`at_once`) does without that layer."""

    def __init__(self, archive: Side[Archive], speed: Side[SpeedViews]) -> None:
        self._sides = (archive, speed)
        self._known: list[TopicEvent] = []
        super().__init__(
            cast(MasterStore, Part(archive, lambda opened: opened.master)),
            cast(BatchViews, Part(archive, lambda opened: opened.batch)),
            cast(SpeedViews, Part(speed, lambda opened: opened)),
        )

    def open(self) -> ServedStore:
        """Open what answers.

        Raises:
            StoreError: a store answers, and cannot be used.
        """
        for side in self._sides:
            side.open()
        return self

    def close(self) -> None:
        for side in self._sides:
            side.close()

    def version(self) -> str:
        """Another one, too, when a layer goes or comes back."""
        return _version(self.master, self.batch, self.speed)

    def at_once(self) -> OneAnswer:
        return OneAnswer(self.master, self.batch, self.speed, self._known)

    def troubles(self) -> dict[Layer, StoreError]:
        return super().troubles() or self.at_once().missing


def _version(*parts: MasterStore | BatchViews | SpeedViews) -> str:
    found = []
    for part in parts:
        try:
            found.append(part.version())
        except StoreError:
            found.append("down")
    return " ".join(found)


class OneAnswer(LayeredStore):
    """Both layers as one, for the questions of one answer: a layer that fails one of them is asked no more.

    While the store of the master set and the batch views is down, the border is where the speed views begin, and topics
    are those that were known or that the speed views have.

    Raises (from all that it is asked):
        StoreError: no layer answers.
    """

    def __init__(self, master: MasterStore, batch: BatchViews, speed: SpeedViews, known: list[TopicEvent]) -> None:
        super().__init__(master, batch, speed)
        self._known = known
        self.missing: dict[Layer, StoreError] = {}
        runs = self._of("batch", master.runs) or {}
        applied = self._of("speed", speed.applied) or {}
        if not self.down() and any(applied.get(run, -1) < state.started - 1 for run, state in runs.items()):
            self._miss("speed", StoreBusyError("the speed views are not whole; the job folds them from the master set"))

    def at_once(self) -> OneAnswer:
        return self

    def down(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in LAYERS if layer in self.missing)

    def unread(self, topic: str) -> list[Unread]:
        border, found = self._pointer(topic).until, []
        if "batch" in self.missing:
            found.append(Unread(0, border, "the batch layer is down", sums=True, posts=True))
            found.append(Unread(border, LATEST, "the batch layer, which knows gaps, is down", sums=False, posts=True))
        if "speed" in self.missing:
            found.append(Unread(border, LATEST, "the speed layer is down", sums=True, posts=False))
        return found

    def version(self) -> str:
        return _version(self.master, self.batch, self.speed)

    def layers(self, topic: str | None = None) -> LayerTimes:
        slugs = [event.slug for event in self._events()] if topic is None else [topic]
        newest = [at for slug in slugs if (at := self._newest(slug)) is not None]
        until = min((self._pointer(slug).until for slug in slugs), default=0)
        known = "batch" not in self.missing
        return LayerTimes((until if known else 0) or None, max(newest, default=None), self.down())

    def status(self) -> JobStatus | None:
        return self._of("speed", self.speed.status)

    def topic(self, slug: str) -> Topic | None:
        """One that is not among those that are known may still be one.

        Raises:
            StoreError: for that reason.
        """
        found = super().topic(slug)
        if found is None and "batch" in self.missing:
            raise StoreBusyError(f"which topics there are cannot be read now: {self.missing['batch']}")
        return found

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        """Only the master set has them.

        Raises:
            StoreError: it is down.
        """
        ask = partial(self.master.posts, before=before, sentiment=sentiment, limit=limit)
        found = self._of("batch", lambda: ask(topic, start, end))
        if found is None:
            raise StoreBusyError(f"posts cannot be read now: {self.missing['batch']}")
        return found

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        return self._of("batch", lambda: self.master.gaps(topic, start, end)) or []

    def dead_letter_count(self) -> int | None:
        return self._of("batch", self.master.dead_letter_count)

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        unread = [some for some in self.unread(topic) if some.sums]
        lacks = any(span.start < some.end and span.end > some.start for span in spans for some in unread)
        return lacks or super().is_cut(topic, spans)

    def _events(self) -> list[TopicEvent]:
        events = self._of("batch", self.master.topic_events)
        if events is not None:
            self._known[:] = events
        else:
            events = list(self._known)
            named = {event.slug for event in events}
            found = sorted(self._of("speed", self.speed.topics) or [])
            events += [TopicEvent(slug, None, "started", 0) for slug in found if slug not in named]
        return [event for event in events if event.state != "deleted"]

    def _ends(self, topic: str) -> Ends | None:
        """Without the master set those that the speed views know; the last post counts as received when it was made."""
        ends = self._of("batch", lambda: self.master.ends(topic))
        newest = self._newest(topic) if "batch" in self.missing else None
        return ends if newest is None else Ends(min(self._pointer(topic).until, newest), newest, newest)

    def _pointer(self, topic: str) -> Pointer:
        pointer = self._of("batch", lambda: self.batch.pointer(topic))
        if pointer is not None:
            return pointer
        oldest = self._of("speed", lambda: self.speed.oldest(topic))
        return Pointer(until=LATEST if oldest is None else oldest)

    def _newest(self, topic: str) -> int | None:
        return self._of("speed", lambda: self.speed.newest(topic))

    def _ask(self, topic: str, spans: Sequence[Span], ask: Reading[R]) -> list[R]:
        """Once more, too, when a layer has failed meanwhile: then the border is elsewhere."""
        while True:
            pointer, down, answers = self._pointer(topic), self.down(), list[R]()
            batch, speed = split(spans, pointer.until)
            shares: list[tuple[Layer, ViewReader, list[Span]]]
            shares = [("batch", self.batch, batch), ("speed", self.speed, speed)]
            for layer, reader, share in shares:
                if share:
                    answers += self._of(layer, partial(_one, ask, reader, share)) or []
            if self._pointer(topic) == pointer and self.down() == down:
                return answers

    def _of(self, layer: Layer, question: Callable[[], R]) -> R | None:
        """What a layer says; None without it."""
        if layer not in self.missing:
            try:
                return question()
            except StoreError as error:
                self._miss(layer, error)
        if len(self.missing) == len(LAYERS):
            raise self.missing[layer]
        return None

    def _miss(self, layer: Layer, error: StoreError) -> None:
        self.missing[layer] = error


def _one(ask: Reading[R], reader: ViewReader, share: list[Span]) -> list[R]:
    return [ask(reader, share)]
