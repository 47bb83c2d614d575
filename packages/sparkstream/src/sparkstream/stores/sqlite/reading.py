"""What the view API asks of the SQLite views."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import orjson

from sparkstream.stores.base import JobStatus, Period, TermCount, Topic
from sparkstream.stores.sqlite.connection import Connections
from sparkstream.stores.sqlite.speed import FACET_NUMBERS, SKETCH_COLUMNS, SKETCHES
from sparkstream.times import DAY, HOUR, MINUTE, Span

_COLUMNS = {name: name for name in ("posts", "positive", "neutral", "negative")} | {
    "not_rated": "posts - positive - neutral - negative"
}

_TOPICS = f"""
select slug, query, state,
  (select coalesce(sum(posts), 0) from periods where topic = slug and step = {DAY}),
  (select event_time from posts where topic = slug order by event_time limit 1),
  (select event_time from posts where topic = slug order by event_time desc limit 1),
  (select received_at from posts where topic = slug order by event_time desc, id desc limit 1),
  (select coalesce(sum(posts), 0) from periods where topic = slug and step = {MINUTE} and start > newest - {HOUR})
from topics where state <> 'deleted'
"""

_SUMS = "sum(posts) as posts, sum(positive) as positive, sum(neutral) as neutral, sum(negative) as negative"


class SqliteReading:
    _connections: Connections

    def version(self) -> str:
        with self._connections.reading() as db:
            runs = db.execute("select run, applied from runs order by run").fetchall()
            events = db.execute("select count(*), max(at) from topics").fetchone()
            waiting = db.execute("select count(*) from dirty").fetchone()
        return repr((runs, events, waiting))

    def status(self) -> JobStatus | None:
        with self._connections.reading() as db:
            row = db.execute("select run, batch, updated_at, rate, lag, models from status").fetchone()
        if row is None:
            return None
        run, batch, updated_at, rate, lag, models = row
        return JobStatus(run, batch, updated_at, rate, lag, orjson.loads(models))

    def topics(self) -> list[Topic]:
        with self._connections.reading() as db:
            return [Topic(*row) for row in db.execute(f"{_TOPICS} order by slug").fetchall()]

    def topic(self, slug: str) -> Topic | None:
        with self._connections.reading() as db:
            row = db.execute(f"{_TOPICS} and slug = ?", (slug,)).fetchone()
        return Topic(*row) if row else None

    def periods(self, topic: str, spans: Sequence[Span]) -> list[Period]:
        query = (
            f"select step, start, posts, counts, cut, {', '.join(SKETCH_COLUMNS)} from periods"
            " where topic = ? and step = ? and start >= ? and start < ? order by start"
        )
        with self._connections.reading() as db:
            rows = chain.from_iterable(
                db.execute(query, (topic, span.step, span.start, span.end)).fetchall() for span in spans
            )
            return [
                Period(
                    step=step,
                    start=start,
                    posts=posts,
                    counts=orjson.loads(counts),
                    cut=bool(cut),
                    authors=dict(zip(SKETCHES, sketches[: len(SKETCHES)], strict=True)),
                    messages=dict(zip(SKETCHES, sketches[len(SKETCHES) :], strict=True)),
                )
                for step, start, posts, counts, cut, *sketches in rows
            ]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        query = "select 1 from periods where topic = ? and step = ? and start >= ? and start < ? and cut limit 1"
        with self._connections.reading() as db:
            return any(db.execute(query, (topic, span.step, span.start, span.end)).fetchone() for span in spans)

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
        where, values = _where(topic, spans, facet)
        column = _COLUMNS[by]
        name = "casefold(substr(term, instr(term, ':') + 1))" if facet == "entity" else "term"
        hide = f" and {name} not in ({', '.join('?' * len(hidden))})" if hidden else ""
        query = (
            f"select term, {_SUMS} from terms where {where}{hide} group by term"
            f" having sum({column}) > 0 order by sum({column}) desc, term limit ? offset ?"
        )
        with self._connections.reading() as db:
            return [TermCount(*row) for row in db.execute(query, [*values, *sorted(hidden), limit, offset]).fetchall()]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        where, values = _where(topic, spans, facet)
        query = (
            f"select term, {_SUMS} from terms where {where} and term in ({', '.join('?' * len(terms))}) group by term"
        )
        with self._connections.reading() as db:
            return {row[0]: TermCount(*row) for row in db.execute(query, [*values, *terms]).fetchall()}

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        found: dict[int, TermCount] = {}
        query = (
            "select periods.start, term, terms.posts, positive, neutral, negative"
            " from periods join terms on terms.period = periods.id"
            " where topic = ? and step = ? and start >= ? and start < ? and facet = ? and term = ?"
        )
        with self._connections.reading() as db:
            for span in spans:
                rows = db.execute(
                    query, (topic, span.step, span.start, span.end, FACET_NUMBERS[facet], term)
                ).fetchall()
                found |= {start: TermCount(*row) for start, *row in rows}
        return found


def _where(topic: str, spans: Sequence[Span], facet: str) -> tuple[str, list[str | int]]:
    """The condition that picks the terms of some periods, and its values."""
    periods = (
        " union all ".join(
            ["select id from periods where topic = ? and step = ? and start >= ? and start < ?"] * len(spans)
        )
        or "select null"
    )
    values: list[str | int] = [value for span in spans for value in (topic, span.step, span.start, span.end)]
    return f"period in ({periods}) and facet = ?", [*values, FACET_NUMBERS[facet]]
