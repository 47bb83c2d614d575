"""The speed views in SQLite: one transaction a micro-batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sparkstream.rollups import Rollup
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.stores.sqlite.connection import Connections, bump, revision
from sparkstream.stores.sqlite.sums import FACET_NUMBERS, SKETCH_COLUMNS
from sparkstream.stores.sqlite.terms import SqliteTerms
from sparkstream.stores.summing import (
    CLOSING_DELAY,
    KEPT_TERMS,
    SKETCHES,
    add_counts,
    add_sketches,
    by_period,
    by_size,
    new_sketches,
    newest,
    sketches_of,
)
from sparkstream.times import MINUTE, STORED_STEPS, Span

_COLUMNS: Final = ", ".join(SKETCH_COLUMNS)
_READ_PERIOD: Final = (
    f"select id, counts, closed, cut, {_COLUMNS} from periods where topic = ? and step = ? and start = ?"
)
_NEW_PERIOD: Final = f"""
insert into periods (topic, step, start, posts, counts, {_COLUMNS})
values (?, ?, ?, ?, ?{", ?" * len(SKETCH_COLUMNS)}) returning id
"""
_ADD_TO_PERIOD: Final = f"""
update periods set posts = posts + ?, counts = ?, closed = 0, {", ".join(f"{name} = ?" for name in SKETCH_COLUMNS)}
where id = ?
"""
_ADD_TERM: Final = """
insert into terms (period, facet, term, posts, positive, neutral, negative) values (?, ?, ?, ?, ?, ?, ?)
on conflict do update set
  posts = posts + excluded.posts, positive = positive + excluded.positive,
  neutral = neutral + excluded.neutral, negative = negative + excluded.negative
"""
_CUT_TERMS: Final = """
delete from terms where period = ?1 and facet = ?2 and term not in
  (select term from terms where period = ?1 and facet = ?2 order by posts desc, term limit ?3)
"""
_DIRTY: Final = "insert or ignore into dirty (topic, step, start) values (?, ?, ?)"
_APPLIED: Final = "insert or replace into applied (run, batch) values (?, ?)"
_SEE_NEWEST: Final = """
insert into newest (topic, event_time) values (?, ?)
on conflict (topic) do update set event_time = max(event_time, excluded.event_time) returning event_time
"""
_WRITE_STATUS: Final = (
    "insert or replace into status (one, run, batch, updated_at, rate, lag, models) values (1, ?, ?, ?, ?, ?, ?)"
)


class SqliteSpeed(SqliteTerms):
    def __init__(self, connections: Connections) -> None:
        super().__init__(connections, "periods", generations=False)

    def applied(self) -> dict[str, int]:
        with self._connections.reading() as db:
            return dict(db.execute("select run, batch from applied").fetchall())

    def apply(self, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> bool:
        sums = by_period(deltas)
        fresh = sketches_of(sums.values())
        with self._connections.writing() as db:
            row = db.execute("select batch from applied where run = ?", (stamp.run,)).fetchone()
            if row and row[0] >= stamp.batch:
                return False
            for (topic, period), rollup in sums.items():
                _add(db, topic, period, rollup, fresh[id(rollup)])
            for topic, at in newest(deltas).items():
                _move_on(db, topic, at)
            db.execute(_APPLIED, (stamp.run, stamp.batch))
            db.execute(_WRITE_STATUS, _status_row(status))
            bump(db, "speed")
        return True

    def heartbeat(self, status: JobStatus) -> None:
        with self._connections.writing() as db:
            db.execute(_WRITE_STATUS, _status_row(status))

    def status(self) -> JobStatus | None:
        with self._connections.reading() as db:
            row = db.execute("select run, batch, updated_at, rate, lag, models from status").fetchone()
        if row is None:
            return None
        run, batch, updated_at, rate, lag, models = row
        return JobStatus(run, batch, updated_at, rate, lag, orjson.loads(models))

    def dirty(self, limit: int) -> list[tuple[str, Span]]:
        with self._connections.reading() as db:
            rows = db.execute(
                "select topic, step, start from dirty order by topic, step, start limit ?", (limit,)
            ).fetchall()
        return [(topic, Span(step, start, start + step)) for topic, step, start in rows]

    def replace(self, topic: str, sums: Sequence[tuple[Span, Rollup]]) -> None:
        for some in by_size(sums):
            with self._connections.writing() as db:
                for period, rollup in some:
                    _replace(db, topic, period, rollup)
                bump(db, "speed")

    def drop(self, topic: str, before: int | None = None) -> None:
        which = "topic = ?" + ("" if before is None else " and start + step <= ?")
        values = (topic,) if before is None else (topic, before)
        with self._connections.writing() as db:
            db.execute(f"delete from terms where period in (select id from periods where {which})", values)
            db.execute(f"delete from periods where {which}", values)
            db.execute(f"delete from dirty where {which}", values)
            if before is None:
                db.execute("delete from newest where topic = ?", values)
            bump(db, "speed")

    def clear(self) -> None:
        with self._connections.writing() as db:
            for table in ("applied", "terms", "periods", "dirty", "newest"):
                db.execute(f"delete from {table}")
            bump(db, "speed")

    def restore(self, applied: Mapping[str, int]) -> None:
        with self._connections.writing() as db:
            db.executemany(_APPLIED, applied.items())
            bump(db, "speed")

    def topics(self) -> list[str]:
        with self._connections.reading() as db:
            return [topic for (topic,) in db.execute("select topic from newest").fetchall()]

    def oldest(self, topic: str) -> int | None:
        with self._connections.reading() as db:
            row = db.execute("select min(start) from periods where topic = ? and step = ?", (topic, MINUTE)).fetchone()
        return None if row is None else row[0]

    def newest(self, topic: str) -> int | None:
        with self._connections.reading() as db:
            row = db.execute("select event_time from newest where topic = ?", (topic,)).fetchone()
        return row[0] if row else None

    def version(self) -> str:
        return revision(self._connections, "speed")

    def close(self) -> None:
        self._connections.close()


def _replace(db: sqlite3.Connection, topic: str, period: Span, rollup: Rollup) -> None:
    where = (topic, period.step, period.start)
    row = db.execute("select id from periods where topic = ? and step = ? and start = ?", where).fetchone()
    if row:
        db.execute("delete from terms where period = ?", row)
        db.execute("delete from periods where id = ?", row)
    if rollup.posts:
        _add(db, topic, period, rollup, new_sketches(rollup))
        _move_on(db, topic, rollup.newest)
    db.execute("delete from dirty where topic = ? and step = ? and start = ?", where)


def _add(db: sqlite3.Connection, topic: str, period: Span, rollup: Rollup, fresh: Sequence[bytes | None]) -> None:
    """Add to a period's sums.

    A closed one opens again, to be cut again in this transaction; one that has lost terms by a cut becomes dirty.
    """
    row = db.execute(_READ_PERIOD, (topic, period.step, period.start)).fetchone()
    number, counts, closed, cut, *sketches = row or (None, "{}", 0, 0, *[None] * 2 * len(SKETCHES))
    more = (orjson.dumps(add_counts(orjson.loads(counts), rollup)).decode(), *add_sketches(sketches, fresh))
    if number is None:
        number = db.execute(_NEW_PERIOD, (topic, period.step, period.start, rollup.posts, *more)).fetchone()[0]
    else:
        db.execute(_ADD_TO_PERIOD, (rollup.posts, *more, number))
        if closed and cut:
            db.execute(_DIRTY, (topic, period.step, period.start))
    db.executemany(
        _ADD_TERM, [(number, FACET_NUMBERS[facet], term, *sums) for (facet, term), sums in rollup.terms.items()]
    )


def _move_on(db: sqlite3.Connection, topic: str, at: int) -> None:
    """Take note of a topic's newest post and close the periods that it is 10 minutes past."""
    latest = db.execute(_SEE_NEWEST, (topic, at)).fetchone()[0]
    for step in STORED_STEPS:
        over = db.execute(
            "select id from periods where topic = ? and step = ? and start <= ? and closed = 0",
            (topic, step, latest - step - CLOSING_DELAY),
        ).fetchall()
        for (period,) in over:
            _close(db, period, KEPT_TERMS[step])


def _close(db: sqlite3.Connection, period: int, kept: int) -> None:
    too_many = db.execute(
        "select facet from terms where period = ? group by facet having count(*) > ?", (period, kept)
    ).fetchall()
    for (facet,) in too_many:
        db.execute(_CUT_TERMS, (period, facet, kept))
    db.execute("update periods set closed = 1, cut = max(cut, ?) where id = ?", (1 if too_many else 0, period))


def _status_row(status: JobStatus) -> tuple[Any, ...]:
    return (
        status.run,
        status.batch,
        status.updated_at,
        status.rate,
        status.lag,
        orjson.dumps(dict(status.models)).decode(),
    )
