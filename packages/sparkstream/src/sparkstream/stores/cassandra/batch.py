"""The batch views in Cassandra."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from sparkstream.rollups import FACETS, Rollup
from sparkstream.stores.base import Pointer
from sparkstream.stores.cassandra.sums import CHUNKS, COUNTS, SKETCH_COLUMNS, CassandraSums
from sparkstream.stores.packing import PackedSums, by_bytes, pack_all
from sparkstream.times import STORED_STEPS, Span, floor

_WRITE_PERIOD: Final = f"""
insert into batch_periods (topic, step, chunk, start, generation, posts, counts, cut, {", ".join(SKETCH_COLUMNS)})
values (?, ?, ?, ?, ?, ?, ?, ?{", ?" * len(SKETCH_COLUMNS)})
"""
_WRITE_TERMS: Final = """
insert into batch_terms (topic, step, chunk, facet, start, generation, terms) values (?, ?, ?, ?, ?, ?, ?)
"""
_REMOVE_PERIOD: Final = (
    "delete from batch_periods where topic = ? and step = ? and chunk = ? and start = ? and generation = ?"
)
_REMOVE_TERMS: Final = (
    "delete from batch_terms where topic = ? and step = ? and chunk = ? and facet = ? and start = ? and generation = ?"
)
_POINTER: Final = "insert into pointers (one, topic, generation, until, announced) values (0, ?, ?, ?, ?)"
_REMOVED_BYTES: Final = 100
"""Of the mark that a removed row leaves, with its key."""
_Chunk: TypeAlias = tuple[str, int, int]


class CassandraBatch(CassandraSums):
    def pointers(self) -> dict[str, Pointer]:
        rows = self._connection.rows("select topic, generation, until, announced from pointers where one = 0")
        return {topic: Pointer(*pointer) for topic, *pointer in rows}

    def pointer(self, topic: str) -> Pointer:
        query = "select generation, until, announced from pointers where one = 0 and topic = ?"
        rows = self._connection.execute(query, topic)
        return Pointer(*rows[0]) if rows else Pointer()

    def announce(self, topic: str, until: int) -> None:
        now = self.pointer(topic)
        self._connection.execute(_POINTER, topic, now.generation, now.until, max(until, now.until))

    def write(self, topic: str, generation: int, sums: Sequence[tuple[Span, Rollup]]) -> None:
        self.put(topic, generation, pack_all(sums))

    def put(self, topic: str, generation: int, sums: Iterable[PackedSums]) -> None:
        """The terms first: what is found by its period can be removed. An empty list hides an older one."""
        for some in by_bytes(sums):
            periods: dict[_Chunk, list[tuple[Sequence[Any], int]]] = defaultdict(list)
            facets: dict[tuple[_Chunk, str], list[tuple[Sequence[Any], int]]] = defaultdict(list)
            for packed in some:
                place, start = (topic, packed.period.step, _chunk(packed.period)), packed.period.start
                sketches = [sketch or b"" for sketch in packed.sketches]  # a null is a tombstone; a day has thousands
                row = (*place, start, generation, packed.posts, packed.counts, packed.cut, *sketches)
                periods[place].append((row, packed.size))
                for facet in FACETS:
                    text = packed.terms.get(facet, "[]")
                    facets[place, facet].append(((*place, facet, start, generation, text), 100 + len(text)))
            self._connection.many("insert into batch_chunks (topic, step, chunk) values (?, ?, ?)", sorted(periods))
            self._connection.together(_WRITE_TERMS, facets.values())
            self._connection.together(_WRITE_PERIOD, periods.values())
        self._changed()

    def starts(self, topic: str, span: Span) -> list[int]:
        return [row[0] for _, row in self.visible(topic, [span], COUNTS) if row[2]]

    def flip(self, topic: str, generation: int, until: int) -> None:
        self._connection.execute(_POINTER, topic, generation, until, until)
        self._changed()

    def prune(self, topic: str) -> None:
        """Unread are generations after the pointer's, those with a newer one up to it, and sums of no posts.

        These go last: they hide what lies under them.
        """
        current = self.pointer(topic).generation
        gone: list[tuple[Any, ...]] = []
        hiding: list[tuple[Any, ...]] = []
        for place, rows in self._all(topic):
            by_start: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for start, generation, posts in rows:
                by_start[start].append((generation, posts))
            for start, found in by_start.items():
                read = [pair for pair in found if pair[0] <= current]
                kept, posts = read[-1] if read else (None, 0)
                gone += [(*place, start, generation) for generation, _ in found if generation != kept]
                if kept is not None and not posts:
                    hiding.append((*place, start, kept))
        self._remove(gone)
        self._remove(hiding)

    def drop(self, topic: str, span: Span | None = None) -> None:
        if span is None:
            self._connection.execute("delete from pointers where one = 0 and topic = ?", topic)
            self._connection.execute("delete from frozen where topic = ?", topic)
        self._remove(
            (*place, start, generation)
            for place, rows in self._all(topic)
            for start, generation, _ in rows
            if span is None or (start >= span.start and start + place[1] <= span.end)
        )

    def freeze(self, topic: str, days: Sequence[int]) -> None:
        self._connection.many("insert into frozen (topic, day) values (?, ?)", [(topic, day) for day in days])

    def frozen(self, topic: str) -> frozenset[int]:
        return frozenset(day for (day,) in self._connection.rows("select day from frozen where topic = ?", topic))

    def version(self) -> str:
        return str(self._connection.execute("select change from revisions where part = 'batch'"))

    def close(self) -> None:
        self._connection.close()

    def _all(self, topic: str) -> Iterable[tuple[tuple[str, int, int], list[tuple[int, int, int]]]]:
        """Each partition of a topic's periods with (start, generation, posts) of all its rows, in this order."""
        query = "select start, generation, posts from batch_periods where topic = ? and step = ? and chunk = ?"
        for step in STORED_STEPS:
            chunks = self._connection.execute(
                "select chunk from batch_chunks where topic = ? and step = ?", topic, step
            )
            for (chunk,) in chunks:
                yield (
                    (topic, step, chunk),
                    [(row[0], row[1], row[2]) for row in self._connection.rows(query, topic, step, chunk)],
                )

    def _remove(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """The terms first: what is found by its period can be removed again."""
        periods: dict[_Chunk, list[tuple[Sequence[Any], int]]] = defaultdict(list)
        facets: dict[tuple[_Chunk, str], list[tuple[Sequence[Any], int]]] = defaultdict(list)
        for topic, step, chunk, *version in rows:
            place = (topic, step, chunk)
            periods[place].append(((*place, *version), _REMOVED_BYTES))
            for facet in FACETS:
                facets[place, facet].append(((*place, facet, *version), _REMOVED_BYTES))
        self._connection.together(_REMOVE_TERMS, facets.values())
        self._connection.together(_REMOVE_PERIOD, periods.values())
        self._changed()

    def _changed(self) -> None:
        self._connection.execute("update revisions set change = now() where part = 'batch'")


def _chunk(period: Span) -> int:
    return floor(period.start, CHUNKS[period.step])
