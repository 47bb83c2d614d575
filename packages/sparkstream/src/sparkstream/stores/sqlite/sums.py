"""Reading the sums of either layer in SQLite: two pairs of tables, alike but for the generation."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sparkstream.rollups import FACETS
from sparkstream.stores.base import Period, TermCount
from sparkstream.stores.sqlite.connection import Connections
from sparkstream.stores.summing import SKETCHES
from sparkstream.times import Span

SKETCH_COLUMNS: Final = tuple(f"{what}_{label}" for what in ("authors", "messages") for label in SKETCHES)
FACET_NUMBERS: Final = {facet: number for number, facet in enumerate(FACETS)}

_COLUMNS: Final = {name: name for name in ("posts", "positive", "neutral", "negative")} | {
    "not_rated": "posts - positive - neutral - negative"
}
_SUMS: Final = "sum(posts) as posts, sum(positive) as positive, sum(neutral) as neutral, sum(negative) as negative"
_SPAN: Final = "topic = ? and step = ? and start >= ? and start < ?"


@dataclass(frozen=True, slots=True)
class Tables:
    periods: str
    terms: str
    generations: bool


SPEED: Final = Tables("periods", "terms", generations=False)
BATCH: Final = Tables("batch_periods", "batch_terms", generations=True)


class SqliteSums:
    """A `ViewReader` but for its version."""

    def __init__(self, connections: Connections, tables: Tables) -> None:
        self._connections = connections
        self._tables = tables

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        with self._connections.reading() as db:
            query = f"select coalesce(sum(posts), 0) from ({self._visible(db, topic, 'posts')})"
            return sum(db.execute(query, _values(topic, [span])).fetchone()[0] for span in spans)

    def periods(self, topic: str, spans: Sequence[Span]) -> list[Period]:
        columns = f"step, start, posts, counts, cut, {', '.join(SKETCH_COLUMNS)}"
        with self._connections.reading() as db:
            query = f"{self._visible(db, topic, columns)} order by start"
            return [_period(row) for span in spans for row in db.execute(query, _values(topic, [span])).fetchall()]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        with self._connections.reading() as db:
            query = f"select 1 from ({self._visible(db, topic, 'cut')}) where cut limit 1"
            return any(db.execute(query, _values(topic, [span])).fetchone() for span in spans)

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
        column = _COLUMNS[by]
        name = "casefold(substr(term, instr(term, ':') + 1))" if facet == "entity" else "term"
        hide = f" and {name} not in ({', '.join('?' * len(hidden))})" if hidden else ""
        values = [*_values(topic, spans), FACET_NUMBERS[facet], *sorted(hidden), limit, offset]
        with self._connections.reading() as db:
            query = (
                f"select term, {_SUMS} from {self._tables.terms} where {self._within(db, topic, spans)}{hide}"
                f" group by term having sum({column}) > 0 order by sum({column}) desc, term limit ? offset ?"
            )
            return [TermCount(*row) for row in db.execute(query, values).fetchall()]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        values = [*_values(topic, spans), FACET_NUMBERS[facet], *terms]
        with self._connections.reading() as db:
            query = (
                f"select term, {_SUMS} from {self._tables.terms} where {self._within(db, topic, spans)}"
                f" and term in ({', '.join('?' * len(terms))}) group by term"
            )
            return {row[0]: TermCount(*row) for row in db.execute(query, values).fetchall()}

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        found: dict[int, TermCount] = {}
        with self._connections.reading() as db:
            query = (
                "select found.start, term, terms.posts, positive, neutral, negative"
                f" from ({self._visible(db, topic, 'id, start')}) as found"
                f" join {self._tables.terms} as terms on terms.period = found.id and facet = ? and term = ?"
            )
            for span in spans:
                rows = db.execute(query, [*_values(topic, [span]), FACET_NUMBERS[facet], term]).fetchall()
                found |= {start: TermCount(*row) for start, *row in rows}
        return found

    def _within(self, db: sqlite3.Connection, topic: str, spans: Sequence[Span]) -> str:
        """The condition that picks the terms of a facet of some periods."""
        periods = " union all ".join([self._visible(db, topic, "id")] * len(spans)) or "select null"
        return f"period in ({periods}) and facet = ?"

    def _visible(self, db: sqlite3.Connection, topic: str, columns: str) -> str:
        """The query of the periods of one span that may be read; of a period the newest generation up to the pointer's.

        With `max` SQLite takes the other columns from the row that has it (https://sqlite.org/lang_select.html,
        section 2.5).
        """
        if not self._tables.generations:
            return f"select {columns} from {self._tables.periods} where {_SPAN}"
        row = db.execute("select generation from pointers where topic = ?", (topic,)).fetchone()
        newest = (
            f"select *, max(generation) from {self._tables.periods}"
            f" where {_SPAN} and generation <= {row[0] if row else 0} group by start"
        )
        return f"select {columns} from ({newest}) where posts > 0"


def _values(topic: str, spans: Sequence[Span]) -> list[str | int]:
    return [value for span in spans for value in (topic, span.step, span.start, span.end)]


def _period(row: Sequence[Any]) -> Period:
    step, start, posts, counts, cut, *sketches = row
    return Period(
        step=step,
        start=start,
        posts=posts,
        counts=orjson.loads(counts),
        cut=bool(cut),
        authors=dict(zip(SKETCHES, sketches[: len(SKETCHES)], strict=True)),
        messages=dict(zip(SKETCHES, sketches[len(SKETCHES) :], strict=True)),
    )
