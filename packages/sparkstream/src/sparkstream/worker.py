"""The stage inside Spark's Python workers: Arrow in, one row of JSON out; the store and the annotator live as long as
the worker.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import orjson
import pyarrow as pa

from sparkstream.annotation import Annotator, AnnotatorFactory
from sparkstream.rollups import Rollup
from sparkstream.stage import Line, PartitionResult, Probe, no_probe, run_stage
from sparkstream.stores import open_master
from sparkstream.stores.base import Delta, Stamp
from sparkstream.stores.protocols import MasterStore

RESULT: Final = "result binary"
"""The frame's column that a partition answers in."""


@dataclass(frozen=True, slots=True)
class PartitionTask:
    """What crosses to a worker; called by Spark with the Arrow batches of one partition."""

    master: str
    annotator: AnnotatorFactory
    stamp: Stamp
    probe: Probe = no_probe

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Whole, not batch by batch: repeats are dropped over the partition, and a micro-batch is bounded.
        lines = [
            Line(place, value)
            for batch in batches
            for place, value in zip(batch.column("place").to_pylist(), batch.column("value").to_pylist(), strict=True)
        ]
        if not lines:
            return
        now = time.time_ns() // 1_000_000
        result = run_stage(
            lines,
            self.stamp,
            _master(self.master, self.stamp.run),
            _annotator(self.annotator),
            now=now,
            probe=self.probe,
        )
        _spare_models()
        yield pa.RecordBatch.from_pydict({"result": pa.array([encode(result)], pa.binary())})


def encode(result: PartitionResult) -> bytes:
    deltas = [[delta.topic, delta.minute, delta.rollup.to_json()] for delta in result.deltas]
    counts = [result.lines, result.posts, result.changed, result.dead]
    return orjson.dumps([deltas, counts, result.newest_receipt, result.models])


def decode(data: bytes) -> PartitionResult:
    deltas: list[list[Any]]
    deltas, (lines, posts, changed, dead), newest_receipt, models = orjson.loads(data)
    return PartitionResult(
        deltas=[Delta(topic, minute, Rollup.from_json(rollup)) for topic, minute, rollup in deltas],
        lines=lines,
        posts=posts,
        changed=changed,
        dead=dead,
        newest_receipt=newest_receipt,
        models=models,
    )


@lru_cache(maxsize=1)
def _master(url: str, run: str) -> MasterStore:
    """The store of a run: another run may have found its file replaced, while this one's would still be open here."""
    return open_master(url)[0]


@cache
def _annotator(factory: AnnotatorFactory) -> Annotator:
    return factory()


@cache
def _spare_models() -> None:
    """Take what has been loaded out of the collector's sight.

    Spark has every worker collect garbage after every task: with the models in memory that is a quarter of a second
    of CPU, three times a micro-batch, in which they never are garbage.
    """
    gc.collect()
    gc.freeze()
