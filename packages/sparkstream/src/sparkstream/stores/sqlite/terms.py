"""Terms of the speed views in SQLite: a row each, because they are added to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from sparkstream.stores.base import TermCount
from sparkstream.stores.sqlite.sums import FACET_NUMBERS, SqliteSums, span_values
from sparkstream.times import Span

_COLUMNS: Final = {name: name for name in ("posts", "positive", "neutral", "negative")} | {
    "not_rated": "posts - positive - neutral - negative"
}
_SUMS: Final = "sum(posts) as posts, sum(positive) as positive, sum(neutral) as neutral, sum(negative) as negative"


class SqliteTerms(SqliteSums):
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
        wanted = [*span_values(topic, spans), FACET_NUMBERS[facet], *sorted(hidden), limit, offset]
        with self._connections.reading() as db:
            query = (
                f"select term, {_SUMS} from terms where {self._within(db, topic, spans)}{hide}"
                f" group by term having sum({column}) > 0 order by sum({column}) desc, term limit ? offset ?"
            )
            return [TermCount(*row) for row in db.execute(query, wanted).fetchall()]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        wanted = [*span_values(topic, spans), FACET_NUMBERS[facet], *terms]
        with self._connections.reading() as db:
            query = (
                f"select term, {_SUMS} from terms where {self._within(db, topic, spans)}"
                f" and term in ({', '.join('?' * len(terms))}) group by term"
            )
            return {row[0]: TermCount(*row) for row in db.execute(query, wanted).fetchall()}

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        found: dict[int, TermCount] = {}
        with self._connections.reading() as db:
            query = (
                "select found.start, term, terms.posts, positive, neutral, negative"
                f" from ({self.visible(db, topic, 'id, start')}) as found"
                f" join terms on terms.period = found.id and facet = ? and term = ?"
            )
            for span in spans:
                rows = db.execute(query, [*span_values(topic, [span]), FACET_NUMBERS[facet], term]).fetchall()
                found |= {start: TermCount(*row) for start, *row in rows}
        return found

    def _within(self, db: sqlite3.Connection, topic: str, spans: Sequence[Span]) -> str:
        """The condition that picks the terms of a facet of some periods."""
        periods = " union all ".join([self.visible(db, topic, "id")] * len(spans)) or "select null"
        return f"period in ({periods}) and facet = ?"
