"""The speed views in SQLite: one transaction a micro-batch."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import orjson

from sparkstream.annotation import SENTIMENTS
from sparkstream.errors import CheckpointError
from sparkstream.rollups import FACETS, Rollup
from sparkstream.sketches import union
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.stores.sqlite.connection import Connections
from sparkstream.times import MINUTE, STORED_STEPS, Span, floor

CLOSING_DELAY: Final = 10 * MINUTE
"""How far past the end of a period the newest post of its topic has to be for the period to close."""
KEPT_TERMS: Final = {step: 200 if step == MINUTE else 1_000 for step in STORED_STEPS}
"""Terms a facet that a closed period keeps: the ones with most posts, ties by term."""

SKETCHES: Final = ("all", *SENTIMENTS)
SKETCH_COLUMNS: Final = tuple(f"{what}_{label}" for what in ("authors", "messages") for label in SKETCHES)
FACET_NUMBERS: Final = {facet: number for number, facet in enumerate(FACETS)}

_COLUMNS = ", ".join(SKETCH_COLUMNS)
_READ_PERIOD = f"select id, counts, closed, cut, {_COLUMNS} from periods where topic = ? and step = ? and start = ?"
_NEW_PERIOD = f"""
insert into periods (topic, step, start, posts, counts, {_COLUMNS})
values (?, ?, ?, ?, ?{", ?" * len(SKETCH_COLUMNS)}) returning id
"""
_ADD_TO_PERIOD = f"""
update periods set posts = posts + ?, counts = ?, closed = 0, {", ".join(f"{name} = ?" for name in SKETCH_COLUMNS)}
where id = ?
"""
_ADD_TERM = """
insert into terms (period, facet, term, posts, positive, neutral, negative) values (?, ?, ?, ?, ?, ?, ?)
on conflict do update set
  posts = posts + excluded.posts, positive = positive + excluded.positive,
  neutral = neutral + excluded.neutral, negative = negative + excluded.negative
"""
_CUT_TERMS = """
delete from terms where period = ?1 and facet = ?2 and term not in
  (select term from terms where period = ?1 and facet = ?2 order by posts desc, term limit ?3)
"""
_APPLIED = """
insert into runs (run, started, applied) values (?1, ?2, ?2)
on conflict do update set applied = excluded.applied
"""
_SEE_NEWEST = """
insert into topics (slug, newest) values (?, ?)
on conflict (slug) do update set newest = max(newest, excluded.newest) returning newest
"""
_BEGIN = """
insert into runs (run, started) values (?, ?)
on conflict do update set started = max(started, excluded.started)
"""
_WRITE_STATUS = (
    "insert or replace into status (one, run, batch, updated_at, rate, lag, models) values (1, ?, ?, ?, ?, ?, ?)"
)


class SqliteSpeed:
    _connections: Connections

    def begin(self, stamp: Stamp) -> None:
        with self._connections.writing() as db:
            row = db.execute("select abandoned from runs where run = ?", (stamp.run,)).fetchone()
            if row and row[0]:
                raise CheckpointError(
                    "a job with a newer checkpoint has taken this store over;"
                    " go on with that one, or start with a new checkpoint"
                )
            db.execute(_BEGIN, (stamp.run, stamp.batch))

    def applied(self, run: str) -> int | None:
        with self._connections.reading() as db:
            row = db.execute("select applied from runs where run = ? and applied >= 0", (run,)).fetchone()
        return row[0] if row else None

    def in_flight(self, run: str) -> bool:
        with self._connections.reading() as db:
            return db.execute("select 1 from runs where run = ? and started > applied", (run,)).fetchone() is not None

    def apply(self, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> bool:
        sums = _by_period(deltas)
        with self._connections.writing() as db:
            row = db.execute("select applied from runs where run = ?", (stamp.run,)).fetchone()
            if row and row[0] >= stamp.batch:
                return False
            for (topic, step, start), rollup in sums.items():
                _add(db, topic, Span(step, start, start + step), rollup)
            for topic, newest in _newest(deltas).items():
                _move_on(db, topic, newest)
            db.execute(_APPLIED, (stamp.run, stamp.batch))
            db.execute(_WRITE_STATUS, _status_row(status))
        return True

    def heartbeat(self, status: JobStatus) -> None:
        with self._connections.writing() as db:
            db.execute(_WRITE_STATUS, _status_row(status))

    def dirty(self, limit: int) -> list[tuple[str, Span]]:
        with self._connections.reading() as db:
            rows = db.execute(
                "select topic, step, start from dirty order by topic, step, start limit ?", (limit,)
            ).fetchall()
        return [(topic, Span(step, start, start + step)) for topic, step, start in rows]

    def replace(self, topic: str, period: Span, rollup: Rollup) -> None:
        with self._connections.writing() as db:
            where = (topic, period.step, period.start)
            row = db.execute("select id from periods where topic = ? and step = ? and start = ?", where).fetchone()
            if row:
                db.execute("delete from terms where period = ?", row)
                db.execute("delete from periods where id = ?", row)
            if rollup.posts:
                _add(db, topic, period, rollup)
                _move_on(db, topic, rollup.newest)
            db.execute("delete from dirty where topic = ? and step = ? and start = ?", where)

    def adopt(self, run: str) -> int:
        with self._connections.writing() as db:
            left = db.execute(
                "select run, applied from runs where run <> ? and started > applied and not abandoned", (run,)
            ).fetchall()
            found = 0
            for other, applied in left:
                rows = db.execute(
                    "select distinct topic, event_time from posts where run = ? and batch > ?", (other, applied)
                ).fetchall()
                periods = {(topic, step, floor(time, step)) for topic, time in rows for step in STORED_STEPS}
                db.executemany("insert or ignore into dirty (topic, step, start) values (?, ?, ?)", sorted(periods))
                found += len(periods)
            db.execute("update runs set abandoned = 1 where run <> ?", (run,))
        return found


def _by_period(deltas: Sequence[Delta]) -> dict[tuple[str, int, int], Rollup]:
    sums: dict[tuple[str, int, int], Rollup] = defaultdict(Rollup)
    for delta in deltas:
        for step in STORED_STEPS:
            sums[delta.topic, step, floor(delta.minute, step)].merge(delta.rollup)
    return sums


def _newest(deltas: Sequence[Delta]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for delta in deltas:
        newest[delta.topic] = max(newest.get(delta.topic, 0), delta.rollup.newest)
    return newest


def _add(db: sqlite3.Connection, topic: str, period: Span, rollup: Rollup) -> None:
    """Add to a period's sums.

    A closed one opens again, to be cut again in this transaction; one that has lost terms by a cut becomes dirty.
    """
    row = db.execute(_READ_PERIOD, (topic, period.step, period.start)).fetchone()
    number, counts, closed, cut, *sketches = row or (None, "{}", 0, 0, *[None] * len(SKETCH_COLUMNS))
    more = _sketches(sketches, rollup)
    if number is None:
        values = (topic, period.step, period.start, rollup.posts, orjson.dumps(rollup.counts).decode(), *more)
        number = db.execute(_NEW_PERIOD, values).fetchone()[0]
    else:
        db.execute(_ADD_TO_PERIOD, (rollup.posts, _added_counts(counts, rollup), *more, number))
        if closed and cut:
            db.execute(
                "insert or ignore into dirty (topic, step, start) values (?, ?, ?)", (topic, period.step, period.start)
            )
    db.executemany(
        _ADD_TERM, [(number, FACET_NUMBERS[facet], term, *sums) for (facet, term), sums in rollup.terms.items()]
    )


def _sketches(stored: Sequence[bytes | None], rollup: Rollup) -> list[bytes | None]:
    """The sketches of a period in the order of SKETCH_COLUMNS, the rollup's keys added."""
    keys = [
        set().union(*by_label.values()) if label == "all" else by_label.get(label, set())
        for by_label in (rollup.authors, rollup.messages)
        for label in SKETCHES
    ]
    return [union([old], new) if new else old for old, new in zip(stored, keys, strict=True)]


def _added_counts(stored: str, rollup: Rollup) -> str:
    counts: dict[str, dict[str, int]] = orjson.loads(stored)
    for dimension, labels in rollup.counts.items():
        into = counts.setdefault(dimension, {})
        for label, count in labels.items():
            into[label] = into.get(label, 0) + count
    return orjson.dumps(counts).decode()


def _move_on(db: sqlite3.Connection, topic: str, newest: int) -> None:
    """Take note of a topic's newest post and close the periods that it is 10 minutes past."""
    newest = db.execute(_SEE_NEWEST, (topic, newest)).fetchone()[0]
    for step in STORED_STEPS:
        over = db.execute(
            "select id from periods where topic = ? and step = ? and start <= ? and closed = 0",
            (topic, step, newest - step - CLOSING_DELAY),
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
