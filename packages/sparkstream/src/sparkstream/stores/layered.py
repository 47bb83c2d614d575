"""Both layers as one: the minutes before a topic's `until` from the batch views only, the others from the speed views
only; they are never added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, TypeAlias, TypeVar

from sparkstream.errors import StoreError
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.base import (
    Ends,
    JobStatus,
    Layer,
    LayerTimes,
    PagePosition,
    Period,
    StoredPost,
    TermCount,
    Topic,
    Unread,
    ViewReader,
)
from sparkstream.stores.protocols import BatchViews, MasterStore, SpeedViews
from sparkstream.stores.summing import add_up_terms, rank
from sparkstream.times import DAY, HOUR, LATEST, MINUTE, Span, cover, floor

_T = TypeVar("_T")
Reading: TypeAlias = Callable[[ViewReader, list[Span]], _T]

_ALL: Final = Span(DAY, 0, floor(LATEST, DAY))
_EVERY: Final = 1 << 31
"""More terms than there are."""


class LayeredStore:
    """`stores.base.Store` over the three parts; it writes nothing, who writes takes a part."""

    def __init__(self, master: MasterStore, batch: BatchViews, speed: SpeedViews) -> None:
        self.master, self.batch, self.speed = master, batch, speed

    def close(self) -> None:
        for part in (self.speed, self.batch, self.master):
            part.close()

    def at_once(self) -> LayeredStore:
        """All parts are there, or it raises: `serving` has the store that answers with what is there."""
        return self

    def down(self) -> tuple[Layer, ...]:
        return ()

    def unread(self, topic: str) -> list[Unread]:
        return []

    def troubles(self) -> dict[Layer, StoreError]:
        """What keeps either layer from being read now."""
        found: dict[Layer, StoreError] = {}
        asked: list[tuple[Layer, Callable[[], str]]] = [("batch", self.master.version), ("speed", self.speed.version)]
        for layer, ask in asked:
            try:
                ask()
            except StoreError as error:
                found[layer] = error
        return found

    def version(self) -> str:
        return " ".join(part.version() for part in (self.master, self.batch, self.speed))

    def layers(self, topic: str | None = None) -> LayerTimes:
        """Of all topics together the earliest `until` and the newest post."""
        slugs = [event.slug for event in self._events()] if topic is None else [topic]
        pointers = self.batch.pointers() if topic is None else {topic: self.batch.pointer(topic)}
        until = min((pointers[slug].until if slug in pointers else 0 for slug in slugs), default=0)
        newest = [at for slug in slugs if (at := self.speed.newest(slug)) is not None]
        return LayerTimes(until or None, max(newest, default=None))

    def status(self) -> JobStatus | None:
        return self.speed.status()

    def topics(self) -> list[Topic]:
        return [self._topic(event) for event in self._events()]

    def topic(self, slug: str) -> Topic | None:
        found = [event for event in self._events() if event.slug == slug]
        return self._topic(found[0]) if found else None

    def _events(self) -> list[TopicEvent]:
        return [event for event in self.master.topic_events() if event.state != "deleted"]

    def _ends(self, topic: str) -> Ends | None:
        return self.master.ends(topic)

    def _topic(self, event: TopicEvent) -> Topic:
        posts, ends = self.count(event.slug, [_ALL]), self._ends(event.slug)
        if ends is None:
            return Topic(event.slug, event.query, event.state, posts, None, None)
        minute = floor(ends.last, MINUTE) + MINUTE
        last_hour = self.count(event.slug, [Span(MINUTE, minute - HOUR, minute)])
        return Topic(event.slug, event.query, event.state, posts, ends.first, ends.last, ends.last_received, last_hour)

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        return self.master.posts(topic, start, end, before=before, sentiment=sentiment, limit=limit)

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        return self.master.gaps(topic, start, end)

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        return self.master.dead_letters(limit)

    def dead_letter_count(self) -> int | None:
        return self.master.dead_letter_count()

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        return sum(self._ask(topic, spans, lambda layer, some: layer.count(topic, some)))

    def periods(self, topic: str, spans: Sequence[Span], labels: Sequence[str] | None = None) -> list[Period]:
        """As the layers hold them: a period in which they meet comes in the finer ones of either side."""
        return list(
            chain.from_iterable(self._ask(topic, spans, lambda layer, some: layer.periods(topic, some, labels)))
        )

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        return any(self._ask(topic, spans, lambda layer, some: layer.is_cut(topic, some)))

    def top(
        self,
        topic: str,
        spans: Sequence[Span],
        facet: str,
        *,
        by: str,
        limit: int,
        offset: int = 0,
        hidden: frozenset[str] = frozenset(),
    ) -> list[TermCount]:
        def ask(layer: ViewReader, some: list[Span]) -> tuple[bool, list[TermCount]]:
            if some == list(spans):  # all of it in one layer
                return True, layer.top(topic, some, facet, by=by, limit=limit, offset=offset, hidden=hidden)
            return False, layer.top(topic, some, facet, by=by, limit=_EVERY, hidden=hidden)

        lots = self._ask(topic, spans, ask)
        for whole, found in lots:
            if whole:
                return found
        return rank(add_up_terms(*(lot for _, lot in lots)).values(), facet, by=by)[offset : offset + limit]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        lots = self._ask(topic, spans, lambda layer, some: layer.terms(topic, some, facet, terms))
        return add_up_terms(*(lot.values() for lot in lots))

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        """By the start of the period; one in which the layers meet comes in finer ones."""
        found: dict[int, TermCount] = {}
        for lot in self._ask(topic, spans, lambda layer, some: layer.term_periods(topic, some, facet, term)):
            found |= lot
        return found

    def _ask(self, topic: str, spans: Sequence[Span], ask: Reading[_T]) -> list[_T]:
        """What each layer says of its share of the spans; once more when a batch has moved the border meanwhile."""
        while True:
            pointer = self.batch.pointer(topic)
            shares = split(spans, pointer.until)
            answers = [
                ask(layer, share) for layer, share in zip((self.batch, self.speed), shares, strict=True) if share
            ]
            if self.batch.pointer(topic) == pointer:
                return answers


def split(spans: Sequence[Span], until: int) -> tuple[list[Span], list[Span]]:
    """The shares of the batch views and of the speed views, a period in which they meet in finer ones."""
    early: list[Span] = []
    late: list[Span] = []
    for span in spans:
        if span.end <= until:
            early.append(span)
        elif span.start >= until:
            late.append(span)
        else:
            border = floor(until, span.step)
            after = border if border == until else border + span.step
            early += [part for part in (Span(span.step, span.start, border), *cover(border, until)) if _whole(part)]
            late += [part for part in (*cover(until, after), Span(span.step, after, span.end)) if _whole(part)]
    return early, late


def _whole(span: Span) -> bool:
    return span.start < span.end
