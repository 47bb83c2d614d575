"""The batch views in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import orjson

from sparkstream.rollups import Rollup
from sparkstream.stores.base import Pointer
from sparkstream.stores.sqlite.connection import Connections, bump, revision
from sparkstream.stores.sqlite.sums import BATCH, FACET_NUMBERS, SKETCH_COLUMNS, SqliteSums
from sparkstream.stores.summing import by_size, cut_terms, new_sketches
from sparkstream.times import Span

_REMOVED: Final = 200
"""Periods of one transaction, with up to a thousand terms each."""

_WRITE_PERIOD: Final = f"""
insert into batch_periods (topic, step, start, generation, posts, counts, cut, {", ".join(SKETCH_COLUMNS)})
values (?, ?, ?, ?, ?, ?, ?{", ?" * len(SKETCH_COLUMNS)}) returning id
"""
_WRITE_TERM: Final = """
insert into batch_terms (period, facet, term, posts, positive, neutral, negative) values (?, ?, ?, ?, ?, ?, ?)
"""
_FLIP: Final = """
insert into pointers (topic, generation, until, announced) values (?1, ?2, ?3, ?3)
on conflict do update set generation = ?2, until = ?3, announced = ?3
"""
_UNREAD: Final = """
select id from batch_periods as old where topic = ?1 and (
  generation > ?2
  or exists (
    select 1 from batch_periods as new
    where new.topic = ?1 and new.step = old.step and new.start = old.start
      and new.generation > old.generation and new.generation <= ?2
  )
)
"""


class SqliteBatch(SqliteSums):
    def __init__(self, connections: Connections) -> None:
        super().__init__(connections, BATCH)

    def pointers(self) -> dict[str, Pointer]:
        with self._connections.reading() as db:
            rows = db.execute("select topic, generation, until, announced from pointers").fetchall()
        return {topic: Pointer(*row) for topic, *row in rows}

    def pointer(self, topic: str) -> Pointer:
        with self._connections.reading() as db:
            row = db.execute("select generation, until, announced from pointers where topic = ?", (topic,)).fetchone()
        return Pointer(*row) if row else Pointer()

    def announce(self, topic: str, until: int) -> None:
        with self._connections.writing() as db:
            db.execute(
                "insert into pointers (topic, announced) values (?, ?)"
                " on conflict do update set announced = max(excluded.announced, pointers.until)",
                (topic, until),
            )

    def write(self, topic: str, generation: int, sums: Sequence[tuple[Span, Rollup]]) -> None:
        for some in by_size(sums):
            with self._connections.writing() as db:
                for period, rollup in some:
                    _write(db, topic, generation, period, rollup)
                bump(db, "batch")

    def flip(self, topic: str, generation: int, until: int) -> None:
        with self._connections.writing() as db:
            db.execute(_FLIP, (topic, generation, until))
            bump(db, "batch")

    def prune(self, topic: str) -> None:
        self._remove(_UNREAD, (topic, self.pointer(topic).generation))
        self._remove("select id from batch_periods where topic = ?1 and posts = 0", (topic,))  # they hide nothing now

    def drop(self, topic: str, span: Span | None = None) -> None:
        if span is not None:
            self._remove(
                "select id from batch_periods where topic = ?1 and start >= ?2 and start + step <= ?3",
                (topic, span.start, span.end),
            )
            return
        with self._connections.writing() as db:
            db.execute("delete from pointers where topic = ?", (topic,))
            db.execute("delete from frozen where topic = ?", (topic,))
        self._remove("select id from batch_periods where topic = ?1", (topic,))

    def freeze(self, topic: str, days: Sequence[int]) -> None:
        with self._connections.writing() as db:
            db.executemany("insert or ignore into frozen (topic, day) values (?, ?)", [(topic, day) for day in days])

    def frozen(self, topic: str) -> frozenset[int]:
        with self._connections.reading() as db:
            return frozenset(day for (day,) in db.execute("select day from frozen where topic = ?", (topic,)))

    def version(self) -> str:
        return revision(self._connections, "batch")

    def close(self) -> None:
        self._connections.close()

    def _remove(self, which: str, values: tuple[str | int, ...]) -> None:
        """Remove the periods that a query names, some at a time, so that no writer waits long."""
        while True:
            with self._connections.writing() as db:
                some = db.execute(f"{which} limit {_REMOVED}", values).fetchall()
                db.executemany("delete from batch_terms where period = ?", some)
                db.executemany("delete from batch_periods where id = ?", some)
                bump(db, "batch")
            if len(some) < _REMOVED:
                return


def _write(db: sqlite3.Connection, topic: str, generation: int, period: Span, rollup: Rollup) -> None:
    where = (topic, period.step, period.start, generation)
    row = db.execute(
        "select id from batch_periods where topic = ? and step = ? and start = ? and generation = ?", where
    ).fetchone()
    if row:
        db.execute("delete from batch_terms where period = ?", row)
        db.execute("delete from batch_periods where id = ?", row)
    terms, cut = cut_terms(rollup.terms, period.step)
    values = (*where, rollup.posts, orjson.dumps(rollup.counts).decode(), cut, *new_sketches(rollup))
    number = db.execute(_WRITE_PERIOD, values).fetchone()[0]
    db.executemany(
        _WRITE_TERM, [(number, FACET_NUMBERS[facet], term, *count) for (facet, term), count in terms.items()]
    )
