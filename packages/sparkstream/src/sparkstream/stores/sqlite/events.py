"""What else came through the queue, in SQLite: topics, gaps, dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.sqlite.connection import Connections, bump


class SqliteEvents:
    _connections: Connections

    def write_events(self, topics: Sequence[TopicEvent], gaps: Sequence[Gap], dead: Sequence[DeadLetter]) -> None:
        if not (topics or gaps or dead):
            return
        with self._connections.writing() as db:
            if topics:
                bump(db, "master")
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

    def topic_events(self) -> list[TopicEvent]:
        with self._connections.reading() as db:
            rows = db.execute("select slug, query, state, at from topics order by slug").fetchall()
        return [TopicEvent(*row) for row in rows]

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
        with self._connections.reading() as db:
            return int(db.execute("select count(*) from dead_letters").fetchone()[0])

    def drop_topic(self, slug: str) -> None:
        with self._connections.writing() as db:
            db.execute("delete from topics where slug = ?", (slug,))
            db.execute("delete from gaps where topic = ?", (slug,))
            bump(db, "master")

    def drop_gaps(self, topic: str, before: int) -> None:
        with self._connections.writing() as db:
            db.execute("delete from gaps where topic = ? and stop <= ?", (topic, before))

    def drop_dead_letters(self, ids: Sequence[str]) -> None:
        with self._connections.writing() as db:
            db.executemany("delete from dead_letters where id = ?", [(letter,) for letter in ids])
