"""Reading the sums in Redis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sparkstream.stores.base import Period, TermCount
from sparkstream.stores.redis import keys
from sparkstream.stores.redis.connection import Redis
from sparkstream.stores.summing import SKETCHES, rank, sketch_columns, split_sketches
from sparkstream.times import Span

SKETCH_FIELDS: Final = sketch_columns()
COUNT: Final = "count:"
"""What the fields of counts begin with: `count:sentiment:positive`."""
_ENTITY_TYPES: Final = 8
"""As many terms may hide behind one word of a query."""


class RedisSums:
    """A `ViewReader`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._client = redis.client

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        with self._redis.errors():
            reading = self._client.pipeline(transaction=False)
            for step, start in self._starts(topic, spans):
                reading.hget(keys.period(topic, step, start), "posts")
            return sum(int(posts or 0) for posts in reading.execute())

    def periods(self, topic: str, spans: Sequence[Span], labels: Sequence[str] | None = None) -> list[Period]:
        with self._redis.errors():
            found = self._starts(topic, spans)
            reading = self._client.pipeline(transaction=False)
            for step, start in found:
                reading.hgetall(keys.period(topic, step, start))
            rows = reading.execute()
        return [_period(step, start, row) for (step, start), row in zip(found, rows, strict=True) if row]

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        with self._redis.errors():
            reading = self._client.pipeline(transaction=False)
            for step, start in self._starts(topic, spans):
                reading.hget(keys.period(topic, step, start), "cut")
            return b"1" in reading.execute()

    def top(
        self,
        topic: str,
        spans: Sequence[Span],
        facet: str,
        *,
        by: str,
        limit: int,
        offset: int = 0,
        hidden: frozenset[str] = frozenset(),
    ) -> list[TermCount]:
        first = offset + limit + len(hidden) * (_ENTITY_TYPES if facet == "entity" else 1)
        asked = {"by": by, "first": first, "terms": None}
        return rank(self._counts(topic, spans, facet, asked), facet, by=by, hidden=hidden)[offset : offset + limit]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        counts = self._counts(topic, spans, facet, {"terms": list(dict.fromkeys(terms))}) if terms else []
        return {count.term: count for count in counts}

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        with self._redis.errors():
            starts = self._starts(topic, spans)
            reading = self._client.pipeline(transaction=False)
            for step, start in starts:
                reading.hget(keys.terms(topic, step, start, facet), term)
            values = reading.execute()
        return {
            start: TermCount(term, *keys.VALUE.unpack(value))
            for (_, start), value in zip(starts, values, strict=True)
            if value
        }

    def version(self) -> str:
        with self._redis.errors():
            life, revision = self._client.mget(keys.LIFE, keys.REVISION)
        return f"{life!r} {revision!r}"

    def _starts(self, topic: str, spans: Iterable[Span]) -> list[tuple[int, int]]:
        """(step, start) of the periods that there are, oldest first within a span."""
        reading = self._client.pipeline(transaction=False)
        steps = []
        for span in spans:
            steps.append(span.step)
            reading.zrange(keys.starts(topic, span.step), span.start, f"({span.end}", byscore=True)
        return [(step, int(start)) for step, starts in zip(steps, reading.execute(), strict=True) for start in starts]

    def _counts(self, topic: str, spans: Sequence[Span], facet: str, asked: dict[str, Any]) -> list[TermCount]:
        with self._redis.errors():
            periods = [(str(step), str(start)) for step, start in self._starts(topic, spans)]
        if not periods:
            return []
        answer = self._redis.run("read", {"topic": topic, "facet": facet, "periods": periods, **asked})
        pairs = zip(*answer, strict=True)
        return [TermCount(term.decode(), *keys.VALUE.unpack(value)) for term, value in pairs if value]


def _period(step: int, start: int, row: dict[bytes, bytes]) -> Period:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for name, value in row.items():
        if name.startswith(COUNT.encode()):
            _, dimension, label = name.decode().split(":", 2)
            counts[dimension][label] = int(value)
    authors, messages = split_sketches(SKETCHES, [row.get(name.encode()) for name in SKETCH_FIELDS])
    return Period(
        step=step,
        start=start,
        posts=int(row[b"posts"]),
        counts=counts,
        authors=authors,
        messages=messages,
        cut=row.get(b"cut") == b"1",
    )
