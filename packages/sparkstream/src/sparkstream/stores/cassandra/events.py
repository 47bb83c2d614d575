"""What else came through the queue, in Cassandra: topics, gaps, dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.cassandra.connection import Connection

_TOPIC = "insert into topics (one, slug, query, state, at) values (0, ?, ?, ?, ?)"
_GAP = "insert into gaps (topic, id, network, start, stop, reason, filled) values (?, ?, ?, ?, ?, ?, ?)"
_DEAD = "insert into dead_letters (id, raw, reason, at) values (?, ?, ?, ?) if not exists"
_CHANGED = "update revisions set change = now() where part = 'master'"
_DEAD_BY_TIME = "insert into dead_letters_by_time (one, at, id) values (0, ?, ?)"


class CassandraEvents:
    _connection: Connection

    def write_events(self, topics: Sequence[TopicEvent], gaps: Sequence[Gap], dead: Sequence[DeadLetter]) -> None:
        """Records of one topic come in one partition of a batch, so nobody writes between reading and writing here."""
        known = {event.slug: event.at for event in self.topic_events()} if topics else {}
        for event in topics:
            if event.at >= known.get(event.slug, 0):
                self._connection.execute(_TOPIC, event.slug, event.query, event.state, event.at)
                known[event.slug] = event.at
        self._connection.many(
            _GAP,
            [
                (topic, gap.id, gap.network, gap.start, gap.end, gap.reason, gap.filled)
                for gap in gaps
                for topic in gap.topics
            ],
        )
        for letter in dead:
            if not self._connection.applied(_DEAD, letter.id, letter.raw, letter.reason, letter.at):
                [(at,)] = self._connection.execute("select at from dead_letters where id = ?", letter.id)
            else:
                at = letter.at
            self._connection.execute(_DEAD_BY_TIME, at, letter.id)
        if topics:
            self._connection.execute(_CHANGED)

    def topic_events(self) -> list[TopicEvent]:
        rows = self._connection.rows("select slug, query, state, at from topics where one = 0")
        return [TopicEvent(slug, query, state or "started", at or 0) for slug, query, state, at in rows]

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        """All of a topic's are read: there are a few a day."""
        rows = self._connection.rows("select id, network, start, stop, reason, filled from gaps where topic = ?", topic)
        found = [Gap(row[0], row[1], (topic,), *row[2:]) for row in rows if row[2] < end and row[3] > start]
        return sorted(found, key=lambda gap: (gap.start, gap.id))

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        ids = self._connection.rows("select id from dead_letters_by_time where one = 0 limit ?", limit)
        answers = self._connection.many(
            "select id, raw, reason, at from dead_letters where id = ?", list(islice(ids, limit))
        )
        return [DeadLetter(*row) for answer in answers for row in answer]

    def dead_letter_count(self) -> int:
        return int(self._connection.execute("select count(*) from dead_letters_by_time where one = 0")[0][0])

    def drop_topic(self, slug: str) -> None:
        self._connection.execute("delete from gaps where topic = ?", slug)
        self._connection.execute("delete from topics where one = 0 and slug = ?", slug)
        self._connection.execute(_CHANGED)

    def drop_gaps(self, topic: str, before: int) -> None:
        over = [(topic, gap.id) for gap in self.gaps(topic, 0, before) if gap.end <= before]
        self._connection.many("delete from gaps where topic = ? and id = ?", over)

    def drop_dead_letters(self, ids: Sequence[str]) -> None:
        keys = [(letter,) for letter in ids]
        for answer in self._connection.many("select at, id from dead_letters where id = ?", keys):
            self._connection.many("delete from dead_letters_by_time where one = 0 and at = ? and id = ?", answer)
        for letter in ids:
            self._connection.applied("delete from dead_letters where id = ? if exists", letter)
