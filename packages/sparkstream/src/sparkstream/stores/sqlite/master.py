"""The master set in SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import orjson

from sparkstream.annotation import AnnotatedPost, from_record
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.base import Key, PagePosition, Stamp, StoredPost
from sparkstream.stores.sqlite.connection import Connections

_LOOKED_UP: Final = 400
"""Keys of one look-up; SQLite takes 32,766 parameters, but prepares shorter statements once and for all."""
_WRITTEN: Final = 500
"""Rows of one transaction: under 100 ms with its sync on a laptop's disk."""
_SCANNED: Final = 2_000

_T = TypeVar("_T")

# The cross join keeps the order: each key by the index. `(topic, id) in (values …)` would scan the whole set.
_LOOK_UP = """
with wanted (topic, id) as (values {})
select topic, id, run, batch from wanted cross join posts using (topic, id)
"""
_INSERT_POST = """
insert into posts (topic, id, event_time, received_at, sentiment, run, batch, record) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (topic, id) do update set
  event_time = excluded.event_time, received_at = excluded.received_at,
  sentiment = excluded.sentiment, record = excluded.record
where run = excluded.run and batch = excluded.batch
"""


class SqliteMaster:
    _connections: Connections

    def stamps(self, keys: Sequence[Key]) -> dict[Key, Stamp]:
        found: dict[Key, Stamp] = {}
        with self._connections.reading() as db:
            for some in _chunks(keys, _LOOKED_UP):
                rows = db.execute(
                    _LOOK_UP.format(",".join(["(?,?)"] * len(some))), [part for key in some for part in key]
                )
                found |= {(topic, post_id): Stamp(run, batch) for topic, post_id, run, batch in rows}
        return found

    def write(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        for some in _chunks(posts, _WRITTEN):
            rows = [
                (
                    topic,
                    post.id,
                    post.event_time,
                    post.received_at,
                    post.sentiment,
                    stamp.run,
                    stamp.batch,
                    orjson.dumps(post.record).decode(),
                )
                for topic, post in some
            ]
            with self._connections.writing() as db:
                db.executemany(_INSERT_POST, rows)

    def write_events(self, topics: Sequence[TopicEvent], gaps: Sequence[Gap], dead: Sequence[DeadLetter]) -> None:
        if not (topics or gaps or dead):
            return
        with self._connections.writing() as db:
            db.executemany(
                "insert into topics (slug, query, state, at) values (?, ?, ?, ?) on conflict (slug) do update set"
                " query = excluded.query, state = excluded.state, at = excluded.at where excluded.at >= at",
                [(event.slug, event.query, event.state, event.at) for event in topics],
            )
            db.executemany(
                "insert or replace into gaps (id, topic, network, start, stop, reason, filled)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (gap.id, topic, gap.network, gap.start, gap.end, gap.reason, gap.filled)
                    for gap in gaps
                    for topic in gap.topics
                ],
            )
            db.executemany(
                "insert or ignore into dead_letters (id, raw, reason, at) values (?, ?, ?, ?)",
                [(d.id, d.raw, d.reason, d.at) for d in dead],
            )

    def scan(self, topic: str, start: int, end: int) -> Iterator[AnnotatedPost]:
        position = PagePosition(start, "")
        while True:
            with self._connections.reading() as db:
                rows = db.execute(
                    "select event_time, received_at, record, id from posts"
                    " where topic = ? and (event_time, id) > (?, ?) and event_time < ?"
                    f" order by event_time, id limit {_SCANNED}",
                    (topic, position.event_time, position.id, end),
                ).fetchall()
            for event_time, received_at, record, _ in rows:
                yield from_record(orjson.loads(record), event_time, received_at)
            if len(rows) < _SCANNED:
                return
            position = PagePosition(rows[-1][0], rows[-1][3])

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
            rows = db.execute(query, [*values, limit]).fetchall()
        return [StoredPost(from_record(orjson.loads(row[2]), row[0], row[1]), Stamp(row[3], row[4])) for row in rows]

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        with self._connections.reading() as db:
            rows = db.execute(
                "select id, network, start, stop, reason, filled from gaps"
                " where topic = ? and start < ? and stop > ? order by start, id",
                (topic, end, start),
            ).fetchall()
        return [
            Gap(id_, network, (topic,), begin, stop, reason, bool(filled))
            for id_, network, begin, stop, reason, filled in rows
        ]

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        with self._connections.reading() as db:
            rows = db.execute(
                "select id, raw, reason, at from dead_letters order by at desc, id desc limit ?", (limit,)
            ).fetchall()
        return [DeadLetter(*row) for row in rows]

    def dead_letter_count(self) -> int:
        return self._one("select count(*) from dead_letters")

    def distinct_posts(self) -> int:
        return self._one("select count(distinct id) from posts")

    def _one(self, query: str) -> int:
        with self._connections.reading() as db:
            value: Any = db.execute(query).fetchone()[0]
        return int(value)


def _chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
