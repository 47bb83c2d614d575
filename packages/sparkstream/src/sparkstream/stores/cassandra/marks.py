"""The marks in Cassandra: a queue, in a store whose deletes cost those who read past them.

So they lie in buckets, by the minute in which they were made and some parts of it, and only the buckets that are listed
are read. One is listed after its marks are written, and taken off the list once it is empty. Both go by conditional
writes, in two steps: a bucket that is being closed is looked into once more, and whoever marks in it opens it again, so
none is lost, whatever the clocks say and whoever dies. The minute only decides how many marks lie together.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from sparkstream.stores.base import Mark, Minute
from sparkstream.stores.cassandra.connection import Connection
from sparkstream.times import MINUTE

PARTS: Final = 16
"""Of a minute: what a process can mark in one is far below the 100,000 deletes that Cassandra reads past, in each."""
AT_ONCE: Final = 1_000
"""Marks that are made in one part."""
FEW: Final = 100
"""So many go to the first part: most calls mark one or two, and each part that is listed is read."""
_OPEN: Final = "insert into mark_buckets (one, bucket, state) values (0, ?, 'open') if not exists"
_OPEN_AGAIN: Final = "update mark_buckets set state = 'open' where one = 0 and bucket = ? if state = 'closing'"
_CLOSING: Final = "update mark_buckets set state = 'closing' where one = 0 and bucket = ? if exists"
_CLOSE: Final = "delete from mark_buckets where one = 0 and bucket = ? if state = 'closing'"
_SOME: Final = "select topic, minute, mark from marked where bucket = ? limit ?"


class CassandraMarks:
    """`clock` is in milliseconds."""

    def __init__(self, connection: Connection, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._connection = connection
        self._clock = clock
        self._parts = itertools.cycle(range(PARTS))

    def add(self, minutes: Sequence[Minute]) -> None:
        for start in range(0, len(minutes), AT_ONCE):
            part = 0 if len(minutes) <= FEW else next(self._parts)
            bucket = self._clock() // MINUTE * PARTS + part
            rows = [(bucket, uuid.uuid4(), topic, minute) for topic, minute in minutes[start : start + AT_ONCE]]
            self._connection.many("insert into marked (bucket, mark, topic, minute) values (?, ?, ?, ?)", rows)
            self._list(bucket)

    def some(self, limit: int) -> list[Mark]:
        """The oldest buckets first."""
        found: list[Mark] = []
        for bucket in self._buckets():
            here = self._in(bucket, limit - len(found))
            found += here
            if len(found) >= limit:
                break
            if not here and bucket < (self._clock() // MINUTE - 1) * PARTS:  # one of now would soon be opened again
                self._close(bucket)
        return found

    def remove(self, marks: Iterable[Mark]) -> None:
        places = [mark.token.split(" ") for mark in marks]
        self._connection.many(
            "delete from marked where bucket = ? and mark = ?", [(int(bucket), UUID(name)) for bucket, name in places]
        )

    def _buckets(self) -> Iterator[int]:
        return (bucket for (bucket,) in self._connection.rows("select bucket from mark_buckets where one = 0"))

    def _in(self, bucket: int, limit: int) -> list[Mark]:
        rows = self._connection.execute(_SOME, bucket, limit)
        return [Mark(topic, minute, f"{bucket} {name}") for topic, minute, name in rows]

    def _list(self, bucket: int) -> None:
        """Opens it, unless it is open; again where somebody is closing it, or has done so between the two."""
        while not self._connection.applied(_OPEN, bucket):
            rows = self._connection.execute("select state from mark_buckets where one = 0 and bucket = ?", bucket)
            if rows and (rows[0][0] == "open" or self._connection.applied(_OPEN_AGAIN, bucket)):
                return

    def _close(self, bucket: int) -> None:
        if self._connection.applied(_CLOSING, bucket) and not self._in(bucket, 1):
            self._connection.applied(_CLOSE, bucket)
