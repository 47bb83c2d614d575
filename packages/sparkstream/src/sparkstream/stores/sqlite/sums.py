"""Reading the sums of either layer in SQLite: two tables of periods, alike but for the generation."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import orjson

from sparkstream.rollups import FACETS
from sparkstream.stores.base import Period
from sparkstream.stores.sqlite.connection import Connections
from sparkstream.stores.summing import SKETCHES, sketch_columns, split_sketches
from sparkstream.times import Span

SKETCH_COLUMNS: Final = sketch_columns()
FACET_NUMBERS: Final = {facet: number for number, facet in enumerate(FACETS)}
_SPAN: Final = "topic = ? and step = ? and start >= ? and start < ?"


class SqliteSums:
    """A `ViewReader` but for its version and its terms; of a table whose rows have a generation, or have not."""

    def __init__(self, connections: Connections, table: str, *, generations: bool) -> None:
        self._connections = connections
        self._table = table
        self._generations = generations

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        with self._connections.reading() as db:
            query = f"select coalesce(sum(posts), 0) from ({self.visible(db, topic, 'posts')})"
            return sum(db.execute(query, span_values(topic, [span])).fetchone()[0] for span in spans)

    def periods(self, topic: str, spans: Sequence[Span], labels: Sequence[str] | None = None) -> list[Period]:
        asked = SKETCHES if labels is None else labels
        columns = ", ".join(("step", "start", "posts", "counts", "cut", *sketch_columns(asked)))
        with self._connections.reading() as db:
            query = f"{self.visible(db, topic, columns)} order by start"
            return [
                _period(row, asked)
                for span in spans
                for row in db.execute(query, span_values(topic, [span])).fetchall()
            ]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        with self._connections.reading() as db:
            query = f"select 1 from ({self.visible(db, topic, 'cut')}) where cut limit 1"
            return any(db.execute(query, span_values(topic, [span])).fetchone() for span in spans)

    def visible(self, db: sqlite3.Connection, topic: str, columns: str) -> str:
        """The query of the periods of one span that may be read; of a period the newest generation up to the pointer's.

        With `max` SQLite takes the other columns from the row that has it (https://sqlite.org/lang_select.html,
        section 2.5).
        """
        if not self._generations:
            return f"select {columns} from {self._table} where {_SPAN}"
        row = db.execute("select generation from pointers where topic = ?", (topic,)).fetchone()
        newest = (  # no column more than is asked for: a sketch has up to 32 KB
            f"select {columns}, posts as held, max(generation) from {self._table}"
            f" where {_SPAN} and generation <= {row[0] if row else 0} group by start"
        )
        return f"select {columns} from ({newest}) where held > 0"


def span_values(topic: str, spans: Sequence[Span]) -> list[str | int]:
    return [value for span in spans for value in (topic, span.step, span.start, span.end)]


def _period(row: Sequence[Any], labels: Sequence[str]) -> Period:
    step, start, posts, counts, cut, *sketches = row
    authors, messages = split_sketches(labels, sketches)
    return Period(
        step=step,
        start=start,
        posts=posts,
        counts=orjson.loads(counts),
        cut=bool(cut),
        authors=authors,
        messages=messages,
    )
