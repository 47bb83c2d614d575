"""The batch views in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sparkstream.rollups import Rollup
from sparkstream.stores.base import Pointer
from sparkstream.stores.packing import PackedSums, PackedTerms, by_bytes, pack_all
from sparkstream.stores.sqlite.connection import Connections, bump, chunks, revision
from sparkstream.stores.sqlite.sums import FACET_NUMBERS, SKETCH_COLUMNS, SqliteSums, span_values
from sparkstream.times import Span

_REMOVED: Final = 200
"""Periods of one transaction, with up to a thousand terms each."""

_WRITE_PERIOD: Final = f"""
insert into batch_periods (topic, step, start, generation, posts, counts, cut, {", ".join(SKETCH_COLUMNS)})
values (?, ?, ?, ?, ?, ?, ?{", ?" * len(SKETCH_COLUMNS)}) returning id
"""
_WRITE_TERMS: Final = "insert into batch_texts (place, terms) values (?, ?)"
_DROP_TERMS: Final = "delete from batch_texts where place >= ? * 8 and place < ? * 8 + 8"
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


class SqliteBatch(PackedTerms, SqliteSums):
    def __init__(self, connections: Connections) -> None:
        super().__init__(connections, "batch_periods", generations=True)

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
        self.put(topic, generation, pack_all(sums))

    def put(self, topic: str, generation: int, sums: Iterable[PackedSums]) -> None:
        for some in by_bytes(sums):
            with self._connections.writing() as db:
                for packed in some:
                    _put(db, topic, generation, packed)
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

    def starts(self, topic: str, span: Span) -> list[int]:
        with self._connections.reading() as db:
            return [start for (start,) in db.execute(self.visible(db, topic, "start"), span_values(topic, [span]))]

    def texts(self, topic: str, spans: Sequence[Span], facet: str) -> Iterator[tuple[int, str]]:
        with self._connections.reading() as db:
            query = (
                f"select found.start, terms from ({self.visible(db, topic, 'id, start')}) as found"
                " join batch_texts on place = found.id * 8 + ?"
            )
            rows = [
                row
                for span in spans
                for row in db.execute(query, [*span_values(topic, [span]), FACET_NUMBERS[facet]]).fetchall()
            ]
        yield from rows

    def version(self) -> str:
        return revision(self._connections, "batch")

    def close(self) -> None:
        self._connections.close()

    def _remove(self, which: str, values: tuple[str | int, ...]) -> None:
        """Remove the periods that a query names, some at a time, so that no writer waits long."""
        with self._connections.reading() as db:
            gone = db.execute(which, values).fetchall()
        for some in chunks(gone, _REMOVED):
            with self._connections.writing() as db:
                db.executemany(_DROP_TERMS, [(period, period) for (period,) in some])
                db.executemany("delete from batch_periods where id = ?", some)
                bump(db, "batch")


def _put(db: sqlite3.Connection, topic: str, generation: int, sums: PackedSums) -> None:
    where = (topic, sums.period.step, sums.period.start, generation)
    row = db.execute(
        "select id from batch_periods where topic = ? and step = ? and start = ? and generation = ?", where
    ).fetchone()
    if row:
        db.execute(_DROP_TERMS, (row[0], row[0]))
        db.execute("delete from batch_periods where id = ?", row)
    number = db.execute(_WRITE_PERIOD, (*where, sums.posts, sums.counts, sums.cut, *sums.sketches)).fetchone()[0]
    db.executemany(_WRITE_TERMS, [(number * 8 + FACET_NUMBERS[facet], text) for facet, text in sums.terms.items()])
