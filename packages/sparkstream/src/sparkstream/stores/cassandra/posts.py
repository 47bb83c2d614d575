"""The posts of the master set in Cassandra: by topic and five minutes, newest first, and by id.

A post is a row in either table. The row by time is written first and removed first: what is held by its id is found by
a scan, or was on its way out. One that was left by a kill between the two is found by `touched`, which completes it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import orjson

from sparkstream.annotation import AnnotatedPost, from_record
from sparkstream.stores.base import Ends, Held, Key, Minute, PagePosition, Row, Stamp, StoredPost, Tombstone
from sparkstream.stores.cassandra.connection import Connection
from sparkstream.times import DAY, MINUTE, floor

BUCKET: Final = 5 * MINUTE
_AHEAD: Final = 16
"""Buckets that are asked for at once: most of them are small."""
_IDS: Final = 25
"""Looked up in one query: a request costs either side more than a row does."""

_READ: Final = "select event_time, received_at, record, run, batch_id, id from posts where topic = ? and bucket = ?"
_SCAN: Final = f"{_READ} and event_time >= ? and event_time < ?"
_BEFORE: Final = f"{_READ} and (event_time) >= (?) and (event_time, id) < (?, ?)"
_ONE: Final = f"{_READ} and event_time = ? and id = ?"
_WRITE: Final = """
insert into posts (topic, bucket, event_time, id, received_at, version, sentiment, record, run, batch_id)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REMOVE: Final = "delete from posts where topic = ? and bucket = ? and event_time = ? and id = ?"
_HELD: Final = "select id, topic, run, batch_id, version, event_time, buried_at from posts_by_id where id in ?"
_KNOW: Final = "insert into posts_by_id (id, topic, event_time, version, run, batch_id) values (?, ?, ?, ?, ?, ?)"
_TOUCH: Final = "insert into touched (run, batch_id, topic, minute) values (?, ?, ?, ?)"
_LIST: Final = "insert into buckets (topic, bucket) values (?, ?)"
_TOPIC: Final = "insert into topics (one, slug) values (0, ?)"
_BUCKETS: Final = "select bucket from buckets where topic = ? and bucket >= ? and bucket < ?"


class CassandraPosts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._looked_up: dict[str, Held] = {}

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """The answer is remembered for the writes that follow, until the next one."""
        self._looked_up = self._look_up(ids)
        return {post_id: held for post_id, held in self._looked_up.items() if held.rows or held.buried is not None}

    def read(self, keys: Sequence[Key]) -> dict[Key, AnnotatedPost]:
        rows = {key: row for key, row in self._rows(keys).items() if row is not None}
        places = [
            (topic, floor(row.event_time, BUCKET), row.event_time, post_id) for (topic, post_id), row in rows.items()
        ]
        found = self._connection.many(_ONE, places)
        return {key: _stored(answer[0]).post for key, answer in zip(rows, found, strict=True) if answer}

    def write(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        self._look_up_the_rest({post.id for _, post in posts})
        new = [
            (topic, post)
            for topic, post in posts
            if (row := self._looked_up[post.id].rows.get(topic)) is None or row.stamp == stamp
        ]
        self._announce(new, stamp)
        self._put([(topic, post, post.event_time, stamp) for topic, post in new])

    def rewrite(self, posts: Sequence[tuple[str, AnnotatedPost]]) -> None:
        rows = self._rows([(topic, post.id) for topic, post in posts])
        self._put(
            [
                (topic, post, row.event_time, row.stamp)
                for topic, post in posts
                if (row := rows[topic, post.id]) is not None
            ]
        )

    def remove(self, keys: Sequence[Key]) -> None:
        rows = {key: row for key, row in self._rows(keys).items() if row is not None}
        places = [
            (topic, floor(row.event_time, BUCKET), row.event_time, post_id) for (topic, post_id), row in rows.items()
        ]
        self._connection.many(_REMOVE, places)
        self._connection.many(
            "delete from posts_by_id where id = ? and topic = ?", [(post_id, topic) for topic, post_id in rows]
        )
        self._unlist({(topic, bucket) for topic, bucket, *_ in places})
        self._forget(post_id for _, post_id in keys)

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        values = [(stone.id, stone.at, stone.reason) for stone in tombstones]
        self._connection.many("insert into posts_by_id (id, buried_at, buried_reason) values (?, ?, ?)", values)
        self._forget(stone.id for stone in tombstones)

    def scan(self, topic: str, start: int, end: int) -> Iterator[StoredPost]:
        buckets = [
            bucket
            for (bucket,) in self._connection.rows(f"{_BUCKETS} order by bucket asc", *_within(topic, start, end))
        ]
        return (_stored(row) for row in self._ahead(_SCAN, [(topic, bucket, start, end) for bucket in buckets]))

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        """Bucket after bucket from the newest; one sentiment is picked out by the server, within a bucket."""
        last = (before.event_time, before.id) if before is not None and before.event_time < end else (end, "")
        narrow, more = ("", ()) if sentiment is None else (" and sentiment = ?", (sentiment,))
        query = f"{_BEFORE}{narrow} limit ?{' allow filtering' if narrow else ''}"
        buckets = self._connection.rows(_BUCKETS, *_within(topic, start, last[0] + 1))
        found: list[StoredPost] = []
        for row in self._ahead(query, ((topic, bucket, start, *last, *more, limit) for (bucket,) in buckets)):
            found.append(_stored(row))
            if len(found) == limit:
                break
        return found

    def days(self, topic: str, start: int, end: int) -> list[int]:
        buckets = self._connection.rows(_BUCKETS, *_within(topic, start, end))
        return sorted({floor(bucket, DAY) for (bucket,) in buckets})

    def ends(self, topic: str) -> Ends | None:
        query = "select bucket from buckets where topic = ? order by bucket"
        ends = []
        for order in ("asc", "desc"):
            one = (
                "select event_time, received_at from posts where topic = ? and bucket = ?"
                f" order by event_time {order} limit 1"
            )
            buckets = self._connection.rows(f"{query} {order}", topic)
            row = next(self._ahead(one, ((topic, bucket) for (bucket,) in buckets)), None)
            if row is None:
                return None
            ends.append(row)
        (first, _), (last, received) = ends
        return Ends(first, last, received)

    def distinct_posts(self) -> int:
        seen, count = None, 0
        for post_id, topic in self._connection.rows("select id, topic from posts_by_id"):
            if topic is not None and post_id != seen:
                seen, count = post_id, count + 1
        return count

    def complete(self, minutes: Iterable[Minute], stamp: Stamp) -> None:
        """Give the rows that a batch left in these minutes their places by id."""
        places = [(topic, floor(minute, BUCKET), minute, minute + MINUTE) for topic, minute in minutes]
        for (topic, *_), rows in zip(places, self._connection.many(_SCAN, places), strict=True):
            own = [_stored(row) for row in rows]
            self._list({(topic, floor(stored.post.event_time, BUCKET)) for stored in own})
            left = [stored.post for stored in own if stored.stamp == stamp]
            held = self._look_up([post.id for post in left])
            missing = [post for post in left if topic not in held[post.id].rows]
            self._connection.many(_KNOW, [_known(topic, post, post.event_time, stamp) for post in missing])

    def _rows(self, keys: Sequence[Key]) -> dict[Key, Row | None]:
        held = self._look_up(list(dict.fromkeys(post_id for _, post_id in keys)))
        return {(topic, post_id): held[post_id].rows.get(topic) for topic, post_id in keys}

    def _look_up_the_rest(self, ids: set[str]) -> None:
        """So that all of these are known; what is none of them is remembered no longer then."""
        if unknown := ids - self._looked_up.keys():
            known = {post_id: self._looked_up[post_id] for post_id in ids - unknown}
            self._looked_up = known | self._look_up(sorted(unknown))

    def _look_up(self, ids: Sequence[str]) -> dict[str, Held]:
        answers = self._connection.many(_HELD, [(ids[start : start + _IDS],) for start in range(0, len(ids), _IDS)])
        found: dict[str, list[tuple[Any, ...]]] = {post_id: [] for post_id in ids}
        for post_id, *row in chain.from_iterable(answers):
            found[post_id].append(tuple(row))
        return {post_id: _held(rows) for post_id, rows in found.items()}

    def _forget(self, ids: Iterable[str]) -> None:
        for post_id in ids:
            self._looked_up.pop(post_id, None)

    def _announce(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        """What has to be known before any row is there: the minutes, the buckets, the topics."""
        minutes = sorted({(topic, floor(post.event_time, MINUTE)) for topic, post in posts})
        self._connection.each(
            [
                *((_TOUCH, (stamp.run, stamp.batch, *minute)) for minute in minutes),
                *((_LIST, bucket) for bucket in sorted({(topic, floor(minute, BUCKET)) for topic, minute in minutes})),
                *((_TOPIC, (topic,)) for topic in sorted({topic for topic, _ in minutes})),
            ]
        )

    def _list(self, buckets: Iterable[tuple[str, int]]) -> None:
        self._connection.many(_LIST, sorted(buckets))

    def _unlist(self, buckets: Iterable[tuple[str, int]]) -> None:
        """Takes the empty ones off the list. Others write meanwhile: so they are looked into once more afterwards, and
        who writes lists them once more.
        """
        empty = self._empty(buckets)
        self._connection.many("delete from buckets where topic = ? and bucket = ?", sorted(empty))
        self._list(empty - self._empty(empty))

    def _empty(self, buckets: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        places = sorted(buckets)
        answers = self._connection.many("select id from posts where topic = ? and bucket = ? limit 1", places)
        return {place for place, rows in zip(places, answers, strict=True) if not rows}

    def _put(self, rows: Sequence[tuple[str, AnnotatedPost, int, Stamp]]) -> None:
        by_bucket: dict[tuple[str, int], list[tuple[Sequence[Any], int]]] = defaultdict(list)
        for topic, post, event_time, stamp in rows:
            record = orjson.dumps(post.record).decode()
            bucket = floor(event_time, BUCKET)
            values = (topic, bucket, event_time, post.id, post.received_at, post.version, post.sentiment, record)
            by_bucket[topic, bucket].append(((*values, stamp.run, stamp.batch), 200 + len(record)))
        self._connection.together(_WRITE, by_bucket.values())
        self._list(by_bucket)  # before them, too; but one who removes may just have found a bucket empty
        self._connection.scattered(
            _KNOW, [_known(topic, post, event_time, stamp) for topic, post, event_time, stamp in rows]
        )
        for topic, post, event_time, stamp in rows:
            if held := self._looked_up.get(post.id):
                rows_of = {**held.rows, topic: Row(stamp, post.version, event_time)}
                self._looked_up[post.id] = replace(held, rows=rows_of)

    def _ahead(self, query: str, values: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The rows of many queries in their order, some queries ahead of who reads: one first, then more at once."""
        waiting, asked, width = iter(values), deque[Any](), 1
        while True:
            for some in waiting:
                asked.append(self._connection.later(query, *some))
                if len(asked) >= width:
                    break
            if not asked:
                return
            yield from self._connection.wait(asked.popleft())
            width = min(2 * width, _AHEAD)


def _held(rows: Sequence[tuple[Any, ...]]) -> Held:
    """A tombstone alone is a row without a topic."""
    found = {
        topic: Row(Stamp(run, batch), version, event_time)
        for topic, run, batch, version, event_time, _ in rows
        if topic
    }
    return Held(found, buried=rows[0][5] if rows else None)


def _known(topic: str, post: AnnotatedPost, event_time: int, stamp: Stamp) -> tuple[Any, ...]:
    return post.id, topic, event_time, post.version, stamp.run, stamp.batch


def _within(topic: str, start: int, end: int) -> tuple[str, int, int]:
    return topic, floor(start, BUCKET), end


def _stored(row: Sequence[Any]) -> StoredPost:
    event_time, received_at, record, run, batch, *_ = row
    return StoredPost(from_record(orjson.loads(record), event_time, received_at), Stamp(run, batch))
