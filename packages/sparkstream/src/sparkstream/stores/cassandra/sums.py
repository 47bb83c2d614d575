"""Reading the batch views in Cassandra: of each period the newest sums up to the pointer's generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import orjson

from sparkstream.stores.base import Period
from sparkstream.stores.cassandra.connection import Connection, Row
from sparkstream.stores.packing import PackedTerms
from sparkstream.stores.summing import SKETCHES, sketch_columns, split_sketches
from sparkstream.times import DAY, HOUR, MINUTE, Span, floor

CHUNKS: Final = {MINUTE: DAY, HOUR: 32 * DAY, DAY: 1_024 * DAY}
"""How much time a partition holds, by step: about a thousand periods."""
SKETCH_COLUMNS: Final = sketch_columns()

_SPAN: Final = "topic = ? and step = ? and chunk = ? and start >= ? and start < ?"
COUNTS: Final = f"select start, generation, posts from batch_periods where {_SPAN}"
_CUT: Final = f"select start, generation, cut, posts from batch_periods where {_SPAN}"
_TERMS: Final = (
    "select start, generation, terms from batch_terms"
    " where topic = ? and step = ? and chunk = ? and facet = ? and start >= ? and start < ?"
)
_Place: TypeAlias = tuple[str, int, int, int, int]
"""topic, step, chunk, start, end."""


class CassandraSums(PackedTerms):
    """A `ViewReader` but for its version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        return sum(posts for _, (_, _, posts) in self.visible(topic, spans, COUNTS))

    def periods(self, topic: str, spans: Sequence[Span], labels: Sequence[str] | None = None) -> list[Period]:
        asked = SKETCHES if labels is None else labels
        columns = ", ".join(("start", "generation", "posts", "counts", "cut", *sketch_columns(asked)))
        query = f"select {columns} from batch_periods where {_SPAN}"
        return [_period(span, row, asked) for span, row in self.visible(topic, spans, query) if row[2]]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        return any(row[2] and row[3] for _, row in self.visible(topic, spans, _CUT))

    def texts(self, topic: str, spans: Sequence[Span], facet: str) -> Iterator[tuple[int, str]]:
        return ((start, terms) for _, (start, _, terms) in self.visible(topic, spans, _TERMS, facet))

    def visible(
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


def _period(span: Span, row: Row, labels: Sequence[str]) -> Period:
    start, _, posts, counts, cut, *held = row
    authors, messages = split_sketches(labels, [sketch or None for sketch in held])
    return Period(
        step=span.step,
        start=start,
        posts=posts,
        counts=orjson.loads(counts),
        cut=cut,
        authors=authors,
        messages=messages,
    )
