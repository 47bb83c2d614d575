"""Reading the batch views in Cassandra: of each period the newest sums up to the pointer's generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import orjson

from sparkstream.stores.base import Period, TermCount
from sparkstream.stores.cassandra.connection import Connection, Row
from sparkstream.stores.summing import SKETCHES, add_up_terms, rank
from sparkstream.times import DAY, HOUR, MINUTE, Span, floor

CHUNKS: Final = {MINUTE: DAY, HOUR: 32 * DAY, DAY: 1_024 * DAY}
"""How much time a partition holds, by step: about a thousand periods."""
SKETCH_COLUMNS: Final = tuple(f"{what}_{label}" for what in ("authors", "messages") for label in SKETCHES)

_SPAN: Final = "topic = ? and step = ? and chunk = ? and start >= ? and start < ?"
_COUNTS: Final = f"select start, generation, posts from batch_periods where {_SPAN}"
_CUT: Final = f"select start, generation, cut, posts from batch_periods where {_SPAN}"
_PERIODS: Final = (
    f"select start, generation, posts, counts, cut, {', '.join(SKETCH_COLUMNS)} from batch_periods where {_SPAN}"
)
_TERMS: Final = (
    "select start, generation, terms from batch_terms"
    " where topic = ? and step = ? and chunk = ? and facet = ? and start >= ? and start < ?"
)
_Place: TypeAlias = tuple[str, int, int, int, int]
"""topic, step, chunk, start, end."""


class CassandraSums:
    """A `ViewReader` but for its version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        return sum(posts for _, (_, _, posts) in self._visible(topic, spans, _COUNTS))

    def periods(self, topic: str, spans: Sequence[Span]) -> list[Period]:
        return [_period(span, row) for span, row in self._visible(topic, spans, _PERIODS) if row[2]]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        return any(row[2] and row[3] for _, row in self._visible(topic, spans, _CUT))

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
        sums: dict[str, list[int]] = {}
        for _, (term, *counts) in self._counts(topic, spans, facet):
            found = sums.get(term)
            if found is None:
                sums[term] = counts
            else:
                for number, count in enumerate(counts):
                    found[number] += count
        ranked = rank((TermCount(term, *counts) for term, counts in sums.items()), facet, by=by, hidden=hidden)
        return ranked[offset : offset + limit]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        wanted = frozenset(terms)
        return add_up_terms(TermCount(*row) for _, row in self._counts(topic, spans, facet) if row[0] in wanted)

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        return {start: TermCount(*row) for start, row in self._counts(topic, spans, facet) if row[0] == term}

    def _counts(self, topic: str, spans: Sequence[Span], facet: str) -> Iterator[tuple[int, list[Any]]]:
        """(start, [term, posts, positive, neutral, negative]) of all terms of all periods."""
        for _, (start, _, terms) in self._visible(topic, spans, _TERMS, facet):
            yield from ((start, row) for row in orjson.loads(terms))

    def _visible(
        self, topic: str, spans: Sequence[Span], query: str, facet: str | None = None
    ) -> Iterator[tuple[Span, Row]]:
        rows = self._connection.execute("select generation from pointers where one = 0 and topic = ?", topic)
        generation = rows[0][0] if rows and rows[0][0] else 0
        places = [(span, place) for span in spans for place in self._places(topic, span)]
        middle = () if facet is None else (facet,)
        answers = self._connection.many(query, [(*place[:3], *middle, *place[3:]) for _, place in places])
        for (span, _), answer in zip(places, answers, strict=True):
            yield from ((span, row) for row in _newest(answer, generation))

    def _places(self, topic: str, span: Span) -> list[_Place]:
        """The partitions that there are of a span."""
        size = CHUNKS[span.step]
        query = "select chunk from batch_chunks where topic = ? and step = ? and chunk >= ? and chunk < ?"
        chunks = self._connection.rows(query, topic, span.step, floor(span.start, size), span.end)
        return [(topic, span.step, chunk, span.start, span.end) for (chunk,) in chunks]


def _newest(rows: Iterable[Row], generation: int) -> Iterator[Row]:
    """Of rows in the order (start, generation), the last of each start that may be read."""
    best: Row | None = None
    for row in rows:
        if row[1] > generation:
            continue
        if best is not None and best[0] != row[0]:
            yield best
        best = row
    if best is not None:
        yield best


def _period(span: Span, row: Row) -> Period:
    start, _, posts, counts, cut, *sketches = row
    return Period(
        step=span.step,
        start=start,
        posts=posts,
        counts=orjson.loads(counts),
        cut=cut,
        authors=dict(zip(SKETCHES, sketches[: len(SKETCHES)], strict=True)),
        messages=dict(zip(SKETCHES, sketches[len(SKETCHES) :], strict=True)),
    )
