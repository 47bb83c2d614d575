"""The posts of the master set in SQLite: by topic and time, and by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from sparkstream.annotation import AnnotatedPost, from_record
from sparkstream.stores.base import Ends, Held, Key, PagePosition, Row, Stamp, StoredPost, Tombstone
from sparkstream.stores.sqlite.connection import Connections, chunks
from sparkstream.times import DAY, MINUTE, floor

_LOOKED_UP: Final = 400
"""Ids of one look-up; SQLite takes 32,766 parameters, but prepares shorter statements once and for all."""
_WRITTEN: Final = 500
"""Rows of one transaction: under 100 ms with its sync on a laptop's disk."""
_SCANNED: Final = 2_000

_INSERT: Final = """
insert into posts (topic, id, event_time, received_at, version, sentiment, record, run, batch)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (id, topic) do update set
  event_time = excluded.event_time, received_at = excluded.received_at, version = excluded.version,
  sentiment = excluded.sentiment, record = excluded.record
where run = excluded.run and batch = excluded.batch
"""
_REWRITE: Final = """
update posts set received_at = ?, version = ?, sentiment = ?, record = ? where topic = ? and id = ?
"""
_ENDS: Final = """
select (select event_time from posts where topic = ?1 order by event_time limit 1), event_time, received_at
from posts where topic = ?1 order by event_time desc, id desc limit 1
"""


class SqlitePosts:
    _connections: Connections

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        rows: dict[str, dict[str, Row]] = {}
        buried: dict[str, int] = {}
        with self._connections.reading() as db:
            for some in chunks(ids, _LOOKED_UP):
                wanted = ",".join("?" * len(some))
                query = f"select id, topic, run, batch, version, event_time from posts where id in ({wanted})"
                for post_id, topic, run, batch, version, event_time in db.execute(query, some):
                    rows.setdefault(post_id, {})[topic] = Row(Stamp(run, batch), version, event_time)
                buried |= dict(db.execute(f"select id, at from tombstones where id in ({wanted})", some).fetchall())
        return {post_id: Held(rows.get(post_id, {}), buried.get(post_id)) for post_id in rows.keys() | buried}

    def read(self, keys: Sequence[Key]) -> dict[Key, AnnotatedPost]:
        found: dict[Key, AnnotatedPost] = {}
        query = "select event_time, received_at, record from posts where topic = ? and id = ?"
        with self._connections.reading() as db:
            for key in keys:
                row = db.execute(query, key).fetchone()
                if row:
                    found[key] = _post(*row)
        return found

    def write(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        for some in chunks(posts, _WRITTEN):
            rows = [(topic, post.id, post.event_time, *_content(post), stamp.run, stamp.batch) for topic, post in some]
            minutes = {(topic, floor(post.event_time, MINUTE)) for topic, post in some}
            with self._connections.writing() as db:
                db.executemany(
                    "insert or ignore into touched (run, batch, topic, minute) values (?, ?, ?, ?)",
                    [(stamp.run, stamp.batch, topic, minute) for topic, minute in sorted(minutes)],
                )
                db.executemany(
                    "insert or ignore into topics (slug) values (?)", [(slug,) for slug in {topic for topic, _ in some}]
                )
                db.executemany(_INSERT, rows)

    def rewrite(self, posts: Sequence[tuple[str, AnnotatedPost]]) -> None:
        for some in chunks(posts, _WRITTEN):
            with self._connections.writing() as db:
                db.executemany(_REWRITE, [(*_content(post), topic, post.id) for topic, post in some])

    def remove(self, keys: Sequence[Key]) -> None:
        for some in chunks(keys, _WRITTEN):
            with self._connections.writing() as db:
                db.executemany("delete from posts where topic = ? and id = ?", some)

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        for some in chunks(tombstones, _WRITTEN):
            with self._connections.writing() as db:
                db.executemany(
                    "insert or replace into tombstones (id, at, reason) values (?, ?, ?)",
                    [(stone.id, stone.at, stone.reason) for stone in some],
                )

    def scan(self, topic: str, start: int, end: int) -> Iterator[StoredPost]:
        position = PagePosition(start, "")
        while True:
            with self._connections.reading() as db:
                rows = db.execute(
                    "select event_time, received_at, record, run, batch, id from posts"
                    " where topic = ? and (event_time, id) > (?, ?) and event_time < ?"
                    f" order by event_time, id limit {_SCANNED}",
                    (topic, position.event_time, position.id, end),
                ).fetchall()
            yield from _stored(rows)
            if len(rows) < _SCANNED:
                return
            position = PagePosition(rows[-1][0], rows[-1][5])

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        where, values = ["topic = ?", "event_time >= ?", "event_time < ?"], [topic, start, end]
        if before is not None:
            where.append("(event_time, id) < (?, ?)")
            values += [before.event_time, before.id]
        if sentiment is not None:
            where.append("sentiment = ?")
            values.append(sentiment)
        query = (
            f"select event_time, received_at, record, run, batch from posts where {' and '.join(where)}"
            " order by event_time desc, id desc limit ?"
        )
        with self._connections.reading() as db:
            return list(_stored(db.execute(query, [*values, limit]).fetchall()))

    def days(self, topic: str, start: int, end: int) -> list[int]:
        query = (
            "select event_time from posts where topic = ? and event_time >= ? and event_time < ?"
            " order by event_time limit 1"
        )
        found, position = list[int](), start
        with self._connections.reading() as db:
            while row := db.execute(query, (topic, position, end)).fetchone():
                found.append(floor(row[0], DAY))
                position = found[-1] + DAY
        return found

    def ends(self, topic: str) -> Ends | None:
        with self._connections.reading() as db:
            row = db.execute(_ENDS, (topic,)).fetchone()
        return Ends(*row) if row else None

    def distinct_posts(self) -> int:
        with self._connections.reading() as db:
            return int(db.execute("select count(distinct id) from posts").fetchone()[0])


def _content(post: AnnotatedPost) -> tuple[int, int, str, str]:
    """What an edit may change: when it was received, the version, the sentiment, the record."""
    return post.received_at, post.version, post.sentiment, orjson.dumps(post.record).decode()


def _stored(rows: Iterable[Sequence[Any]]) -> Iterator[StoredPost]:
    return (StoredPost(_post(*row[:3]), Stamp(row[3], row[4])) for row in rows)


def _post(event_time: int, received_at: int, record: str) -> AnnotatedPost:
    return from_record(orjson.loads(record), event_time, received_at)
