"""The job: Spark Structured Streaming from a queue to a store.

Wiring only; what happens to posts is in `stage` and `rollups`.

A micro-batch goes this way: the driver notes that it begins; each partition runs the stage, which writes new posts to
the master set, changes old ones and answers with deltas; the driver merges these and applies them to the speed views,
once; what was changed is folded again; Spark commits the batch. A kill at any point leads to the same batch again, with
the same stamp.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sparkstream.annotation import AnnotatorFactory
from sparkstream.annotators import NotRated
from sparkstream.backoff import Backoff
from sparkstream.checkpoint import Checkpoint
from sparkstream.errors import JobError, SparkstreamError, StoreBusyError
from sparkstream.kafka_place import KafkaAccess
from sparkstream.layers import apply_batch, in_flight, recover
from sparkstream.queues import open_queue
from sparkstream.refolding import Refolding
from sparkstream.session import spark_errors, start_session
from sparkstream.stage import AFTER_SPEED, BEFORE_COMMIT, BETWEEN_STORES, PartitionResult, Probe, no_probe
from sparkstream.stores import open_store
from sparkstream.stores.base import JobStatus, Stamp
from sparkstream.worker import RESULT, PartitionTask, decode

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import StreamingQuery

_log = logging.getLogger(__name__)

RATE_WINDOW: Final = 30_000
"""Milliseconds over which the rate in the status is taken."""
REFOLDING_TIME: Final = 1.0
"""Seconds after a batch for folding dirty periods again; the rest waits for the next batch, or for a quiet time."""


def _end(query: StreamingQuery) -> None:
    deadline = time.monotonic() + 30
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < deadline:
        query.awaitTermination(0.1)
    query.stop()


def _now() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How a job runs; the defaults suit a laptop with two cores.

    Attributes:
        master: Spark's master URL; `local[2]` runs all of it in this process and its workers.
        partitions: of one micro-batch; as many workers load the models.
        max_lines: of one micro-batch. Small enough for the views' transaction to stay near 100 ms, large enough for
            Spark's own 0.2 s not to count.
        trigger: seconds between the starts of two micro-batches at least. Each costs about a tenth of a second of CPU
            however little is in it: 0.2 has a post counted in half the time of a trigger without pause, which keeps
            more than a core busy; with 1 it takes three times as long, for a third of the CPU.
        driver_memory: of the JVM.
        jars: a folder with Spark's connector for Kafka; None fetches it from Maven Central.
        access: how one gets into a Kafka.
        probe: called at the named points of the stage; for tests.
        clock: milliseconds.
    """

    master: str = "local[2]"
    partitions: int = 2
    max_lines: int = 1_000
    trigger: float = 0.2
    driver_memory: str = "1g"
    jars: Path | None = None
    access: KafkaAccess = field(default_factory=KafkaAccess)
    probe: Probe = no_probe
    clock: Callable[[], int] = _now


class StreamJob:
    """A running job, once `start` has returned; stop it, or use it as a context manager.

    Raises (from start):
        CheckpointError: another job holds the checkpoint, or it cannot be used.
        JavaError, StoreError, SettingsError: as they say.
    """

    def __init__(
        self,
        *,
        queue: str,
        store: str,
        speed: str | None = None,
        checkpoint: str | Path = "./data/checkpoint",
        annotator: AnnotatorFactory = NotRated,
        options: JobOptions | None = None,
    ) -> None:
        self.queue = open_queue(queue, options.access if options else None)
        self.store_url, self.speed_url = store, speed
        self.annotator = annotator
        self.options = options or JobOptions()
        self._checkpoint = Checkpoint(checkpoint)
        self._held = ExitStack()
        self._query: StreamingQuery | None = None  # None before the start, and in a pause
        self._once = False
        self._backoff = Backoff()
        self._resume_at = 0.0
        self._recent: deque[tuple[int, int]] = deque()
        self._batching = threading.Lock()  # held from the first write to the master set until its sums are applied
        self._counting = threading.Lock()  # Spark calls _batch on a thread of its own
        self._last: tuple[int, int | None, dict[str, str]] = (-1, None, {})

    def start(self, *, once: bool = False) -> StreamJob:
        """Start reading where the checkpoint says; `once` ends after what is in the queue now."""
        self._once = once
        self._held.enter_context(self._checkpoint)
        try:
            self.run = self._checkpoint.run()
            self._checkpoint.claim(self.queue.name)
            self.store = open_store(self.store_url, self.speed_url)
            self._held.callback(self.store.close)
            self._refolding = Refolding(self.store, quiet=self._quiet)
            recover(self.store, self.run, self._checkpoint.committed())
            self._last = (self._applied(), None, {})
            self.spark = start_session(
                self.options.master,
                driver_memory=self.options.driver_memory,
                connector=self.queue.connector,
                jars=self.options.jars,
            )
            with spark_errors(self.queue.explain):
                self._query = self._start_query(self.spark)
        except BaseException:
            self._held.close()
            raise
        return self

    def __enter__(self) -> StreamJob:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; True when the job has ended.

        What may pass, as a store that another process holds, does not end it: it pauses, longer each time up to 30
        seconds, and goes on from the checkpoint.

        Raises:
            JobError: it ended by an error.
        """
        try:
            if self._query is None and not self._resume(seconds):
                return False
            assert self._query is not None
            with spark_errors(self.queue.explain):
                ended = bool(self._query.awaitTermination(seconds))
            if ended:
                self._refold_when_idle()
        except SparkstreamError as error:
            if not error.retriable:
                raise
            self._pause(error)
            return False
        return ended

    def _pause(self, error: SparkstreamError) -> None:
        pause = self._backoff.failed()
        self._query, self._resume_at = None, time.monotonic() + pause
        _log.warning("%s; the job waits and tries again in %.0f s", error, pause)

    def _resume(self, seconds: float) -> bool:
        """Wait at most so long for the end of a pause; then go on where the checkpoint is."""
        time.sleep(min(seconds, max(0.0, self._resume_at - time.monotonic())))
        if time.monotonic() < self._resume_at:
            return False
        with spark_errors(self.queue.explain):
            self._query = self._start_query(self.spark)
        return True

    def heartbeat(self) -> None:
        """Say in the store that the job lives; without posts, do what waits for such a time.

        That is to keep the workers' models loaded, too: Spark ends a worker that had nothing to do for a minute.
        """
        try:
            self.store.speed.heartbeat(self._status(self.options.clock()))
        except StoreBusyError as error:
            if self._query is not None:  # in a pause it has been said
                _log.warning("%s; the job goes on and says later that it lives", error)
            return
        self._resume_at = 0.0  # who can write need not wait any longer
        if self._query is not None and not self._recent:
            try:
                self._use_quiet_time()
            except SparkstreamError as error:
                if not error.retriable:
                    raise
                _log.warning("%s; the job goes on and does later what it does in quiet times", error)

    def _use_quiet_time(self) -> None:
        self._refold_when_idle()
        workers = self.options.partitions
        with spark_errors():
            self.spark.range(workers, numPartitions=workers).mapInArrow(lambda rows: rows, "id long").count()

    def stop(self) -> None:
        """Let the running micro-batch end, at most 30 seconds, and let go of everything but the session."""
        query, self._query = self._query, None
        try:
            if query is not None:
                with suppress(JobError), spark_errors():  # what has ended by an error has said so, and needs no end
                    _end(query)
        finally:
            self._held.close()

    def _start_query(self, spark: SparkSession) -> StreamingQuery:
        lines = self.queue.lines(spark, max_lines=self.options.max_lines)
        writer = (
            lines.writeStream.foreachBatch(self._batch)
            .option("checkpointLocation", self._checkpoint.spark)
            .queryName("sparkstream")
        )
        pause = f"{round(self.options.trigger * 1000)} milliseconds"
        return (writer.trigger(availableNow=True) if self._once else writer.trigger(processingTime=pause)).start()

    def _batch(self, lines: DataFrame, batch: int) -> None:
        stamp = Stamp(self.run, batch)
        if self._applied() >= batch:
            _log.info("batch %d is in the views already", batch)
            return
        if self._applied() != batch - 1:  # lost while the job runs, as by a server that was emptied
            recover(self.store, self.run, batch - 1)
        began = time.monotonic()
        with self._batching:
            self.store.master.begin(stamp)
            task = PartitionTask(self.store_url, self.annotator, stamp, self.options.probe)
            answers = lines.repartition(self.options.partitions, "key").mapInArrow(task, RESULT).toArrow()
            results = [decode(data) for data in answers.column("result").to_pylist()]
            staged = time.monotonic()
            self.options.probe(BETWEEN_STORES, stamp)
            self._apply(stamp, results)
            self.options.probe(AFTER_SPEED, stamp)
            self._refolding.run(time.monotonic() + REFOLDING_TIME)
            self.options.probe(BEFORE_COMMIT, stamp)
        self._backoff.succeeded()
        self._report(batch, results, staged - began, time.monotonic() - staged)

    def _apply(self, stamp: Stamp, results: Sequence[PartitionResult]) -> None:
        now = self.options.clock()
        newest = max((result.newest_receipt for result in results if result.newest_receipt is not None), default=None)
        models = {name: version for result in results for name, version in result.models.items()}
        lag = max(0, now - newest) if newest is not None else self._last[1]
        with self._counting:
            self._recent.append((now, sum(result.posts for result in results)))
            self._last = (stamp.batch, lag, models or self._last[2])
        apply_batch(self.store, stamp, [delta for result in results for delta in result.deltas], self._status(now))

    def _quiet(self) -> bool:
        return self.store.master.holder(self.options.clock()) is None

    def _applied(self) -> int:
        return self.store.speed.applied().get(self.run, -1)

    def _refold_when_idle(self) -> None:
        if self._batching.acquire(blocking=False):
            try:
                if not in_flight(self.store, self.run):
                    self._refolding.run()
            finally:
                self._batching.release()

    def _status(self, now: int) -> JobStatus:
        with self._counting:
            while self._recent and self._recent[0][0] < now - RATE_WINDOW:
                self._recent.popleft()
            batch, lag, models = self._last
            rate = sum(posts for _, posts in self._recent) * 1000 / RATE_WINDOW
        return JobStatus(self.run, batch, now, round(rate, 2), lag, models)

    def _report(self, batch: int, results: Sequence[PartitionResult], staged: float, applied: float) -> None:
        lines, posts, changed, dead = (
            sum(getattr(result, name) for result in results) for name in ("lines", "posts", "changed", "dead")
        )
        _log.info(
            "batch %d: %d lines, %d new posts, %d changed, %d dead letters, %.0f posts/s (stage %.2f s, views %.2f s)",
            *(batch, lines, posts, changed, dead, posts / max(staged + applied, 0.001), staged, applied),
        )
