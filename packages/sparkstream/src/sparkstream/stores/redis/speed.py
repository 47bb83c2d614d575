"""The speed views in Redis: one script a micro-batch, which refuses an old stamp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from sparkstream.errors import StoreBusyError
from sparkstream.rollups import FACETS, Rollup
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.stores.redis import keys
from sparkstream.stores.redis.connection import Redis
from sparkstream.stores.redis.reading import COUNT, SKETCH_FIELDS, RedisSums
from sparkstream.stores.summing import CLOSING_DELAY, KEPT_TERMS, add_sketches, by_period, by_size, newest, sketches_of
from sparkstream.times import MINUTE, STORED_STEPS, Span

_KEPT: Final = {str(step): kept for step, kept in KEPT_TERMS.items()}
_TRIES: Final = 10
"""Times that a write is made again because another writer was faster; there are two at most, and one is slow."""
_REMOVED: Final = 200
"""Periods removed in one round trip."""


class RedisSpeed(RedisSums):
    def __init__(self, url: str, *, patience: float | None = None) -> None:
        super().__init__(Redis(url, patience))

    def applied(self) -> dict[str, int]:
        with self._redis.errors():
            return {run.decode(): int(batch) for run, batch in self._client.hgetall(keys.APPLIED).items()}

    def apply(self, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> bool:
        sums = [(topic, period, rollup) for (topic, period), rollup in by_period(deltas).items()]
        return self._write(
            sums,
            newest(deltas),
            stamp={"run": stamp.run, "batch": stamp.batch},
            status=_status_text(status),
        )

    def heartbeat(self, status: JobStatus) -> None:
        with self._redis.errors():
            self._client.set(keys.STATUS, _status_text(status))

    def status(self) -> JobStatus | None:
        with self._redis.errors():
            text = self._client.get(keys.STATUS)
        return JobStatus(**orjson.loads(text)) if text else None

    def dirty(self, limit: int) -> list[tuple[str, Span]]:
        with self._redis.errors():
            names = self._client.zrange(keys.DIRTY, 0, limit - 1) if limit else []
        found = [(topic, step, start) for topic, step, start in map(orjson.loads, names)]
        return [(topic, Span(step, start, start + step)) for topic, step, start in sorted(found)]

    def replace(self, topic: str, sums: Sequence[tuple[Span, Rollup]]) -> None:
        for some in by_size(sums):
            latest = max((rollup.newest for _, rollup in some if rollup.posts), default=None)
            self._write(
                [(topic, period, rollup) for period, rollup in some],
                {} if latest is None else {topic: latest},
                replace=True,
            )

    def drop(self, topic: str, before: int | None = None) -> None:
        with self._redis.errors():
            self._client.incr(keys.REVISION)
            for step in STORED_STEPS:
                last = "+inf" if before is None else before - step
                over = [
                    int(start) for start in self._client.zrange(keys.starts(topic, step), "-inf", last, byscore=True)
                ]
                for first in range(0, len(over), _REMOVED):
                    self._remove(topic, step, over[first : first + _REMOVED])
            if before is None:
                self._client.hdel(keys.NEWEST, topic)
            self._client.incr(keys.REVISION)

    def clear(self) -> None:
        with self._redis.errors():
            self._client.delete(keys.APPLIED)
            kept = {key.encode() for key in (keys.LIFE, keys.REVISION, keys.STATUS)}
            for name in self._client.scan_iter(match=f"{keys.EVERY}*", count=1_000):
                if name not in kept:
                    self._client.unlink(name)
            self._client.incr(keys.REVISION)

    def restore(self, applied: Mapping[str, int]) -> None:
        if applied:
            with self._redis.errors():
                self._client.hset(keys.APPLIED, mapping=dict(applied))
                self._client.incr(keys.REVISION)

    def topics(self) -> list[str]:
        with self._redis.errors():
            return [topic.decode() for topic in self._client.hkeys(keys.NEWEST)]

    def oldest(self, topic: str) -> int | None:
        with self._redis.errors():
            first = self._client.zrange(keys.starts(topic, MINUTE), 0, 0)
        return int(first[0]) if first else None

    def newest(self, topic: str) -> int | None:
        with self._redis.errors():
            found = self._client.hget(keys.NEWEST, topic)
        return int(found) if found else None

    def close(self) -> None:
        self._redis.close()

    def _write(
        self,
        sums: Sequence[tuple[str, Span, Rollup]],
        latest: Mapping[str, int],
        *,
        replace: bool = False,
        stamp: dict[str, str | int] | None = None,
        status: str | None = None,
    ) -> bool:
        """Sketches are united here, between reading and writing them; a writer in between makes it be done again."""
        rollups = {id(rollup): rollup for _, _, rollup in sums}
        numbers = {key: number for number, key in enumerate(rollups, start=1)}
        fresh = sketches_of(rollups.values())
        asked: dict[str, Any] = {
            "stamp": stamp,
            "replace": replace,
            "newest": latest,
            "status": status,
            "kept": _KEPT,
            "facets": FACETS,
            "delay": CLOSING_DELAY,
            **_given(rollups.values()),
        }
        for _ in range(_TRIES):
            revision, stored = self._stored([] if replace else sums)
            blobs: list[bytes] = []
            periods = [
                _period(topic, period)
                | {
                    "sums": numbers[id(rollup)],
                    "sketches": _placed(add_sketches(stored.get((topic, period)), fresh[id(rollup)]), blobs),
                }
                for topic, period, rollup in sums
            ]
            answer = self._redis.run("write", {**asked, "revision": revision, "periods": periods}, blobs)
            if answer != b"moved":
                return bool(answer == b"ok")
        raise StoreBusyError(f"{self._redis.name} is written to by others without a pause; stop them")

    def _stored(
        self, sums: Iterable[tuple[str, Span, Rollup]]
    ) -> tuple[str, dict[tuple[str, Span], Sequence[bytes | None]]]:
        """The revision, and the sketches that there are at it."""
        wanted = [(topic, period) for topic, period, _ in sums]
        with self._redis.errors():
            reading = self._client.pipeline(transaction=True)
            reading.get(keys.REVISION)
            for topic, period in wanted:
                reading.hmget(keys.period(topic, period.step, period.start), SKETCH_FIELDS)
            revision, *rows = reading.execute()
        return (revision or b"0").decode(), dict(zip(wanted, rows, strict=True))

    def _remove(self, topic: str, step: int, starts: Sequence[int]) -> None:
        removing = self._client.pipeline(transaction=True)
        removing.zrem(keys.starts(topic, step), *starts)
        removing.zrem(keys.opened(topic, step), *starts)
        removing.zrem(keys.DIRTY, *(_dirty_name(topic, step, start) for start in starts))
        for start in starts:
            removing.unlink(
                keys.period(topic, step, start),
                *(keys.terms(topic, step, start, facet) for facet in FACETS),
            )
        removing.execute()


def _given(rollups: Iterable[Rollup]) -> dict[str, Any]:
    """What is added, each of it once; most terms of a batch have the counts of many others."""
    values: dict[tuple[int, ...], int] = {}
    sums = []
    for rollup in rollups:
        terms: dict[str, tuple[list[str], list[int]]] = {facet: ([], []) for facet in FACETS}
        for (facet, term), counts in rollup.terms.items():
            names, numbers = terms[facet]
            names.append(term)
            numbers.append(values.setdefault(tuple(counts), len(values) + 1))
        labels = {
            f"{COUNT}{dimension}:{label}": count
            for dimension, labels in rollup.counts.items()
            for label, count in labels.items()
        }
        sums.append({"posts": rollup.posts, "counts": labels, "terms": terms})
    return {"values": list(values), "sums": sums}


def _period(topic: str, period: Span) -> dict[str, Any]:
    return {
        "name": _dirty_name(topic, period.step, period.start),
        "topic": topic,
        "step": str(period.step),
        "start": str(period.start),
    }


def _placed(sketches: Sequence[bytes | None], blobs: list[bytes]) -> dict[str, int]:
    """Puts them to `blobs`; by their names the places in ARGV, where one argument is before them."""
    places: dict[str, int] = {}
    for name, sketch in zip(SKETCH_FIELDS, sketches, strict=True):
        if sketch is not None:
            blobs.append(sketch)
            places[name] = len(blobs) + 1
    return places


def _dirty_name(topic: str, step: int, start: int) -> str:
    return orjson.dumps([topic, step, start]).decode()


def _status_text(status: JobStatus) -> str:
    return orjson.dumps(status).decode()
