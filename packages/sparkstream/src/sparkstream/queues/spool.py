"""The spool as a source of Spark Structured Streaming: a Python data source with admission control (Spark 4.2)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxRows, SupportsTriggerAvailableNow

from sparkstream.errors import ForeignQueueError, SparkstreamError
from sparkstream.queues.base import LINES
from sparkstream.queues.spool_log import SpoolLog

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_log = logging.getLogger(__name__)

_ARROW = pa.schema([("key", pa.string()), ("place", pa.string()), ("value", pa.binary())])


class SpoolQueue:
    """The folder behind `spool:FOLDER`; it may be made later, by its writer."""

    name = "spool"  # which one, its offsets say
    connector = None

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def explain(self, message: str) -> SparkstreamError | None:
        return None  # it is our own source, and says it itself

    def lines(self, spark: SparkSession, *, max_lines: int) -> DataFrame:
        if SpoolLog(self.folder).identity() is None:  # what is no folder at all is an error here, before Spark's own
            _log.warning(
                "there is no spool in %s yet; start the collector, which makes it, or correct the queue's URL",
                self.folder,
            )
        spark.dataSource.register(SpoolSource)
        return (
            spark.readStream.format(SpoolSource.name())
            .option("folder", self.folder)
            .option("maxLines", max_lines)
            .load()
        )


class SpoolSource(DataSource):  # type: ignore[misc] # pyspark is untyped to us
    @classmethod
    def name(cls) -> str:
        return "sparkstream-spool"

    def schema(self) -> str:
        return LINES

    def streamReader(self, schema: StructType) -> SpoolReader:  # noqa: N802 - Spark's name
        return SpoolReader(self.options["folder"], int(self.options["maxLines"]))


class SpoolRange(InputPartition):  # type: ignore[misc] # pyspark is untyped to us
    """The lines of [start, end) of the spool with this identity."""

    def __init__(self, spool: str, start: int, end: int) -> None:
        self.spool, self.start, self.end = spool, start, end


class SpoolReader(DataSourceStreamReader, SupportsTriggerAvailableNow):  # type: ignore[misc] # pyspark is untyped to us
    """Offsets are {"spool": its identity, "position": bytes}; the identity is empty until a writer has made the folder.

    A batch is one partition: a spool is one disk, and a second Python worker that only reads would load no models but
    hold memory.
    """

    def __init__(self, folder: str, max_lines: int) -> None:
        self._log = SpoolLog(folder)
        self._max_lines = max_lines
        self._stop_at: int | None = None

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802 - Spark's name
        return {"spool": self._log.identity() or "", "position": self._log.first()}

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802 - Spark's name
        return ReadMaxRows(self._max_lines)

    def latestOffset(self, start: dict[str, Any], limit: ReadLimit) -> dict[str, Any]:  # noqa: N802 - Spark's name
        identity = self._log.identity()
        if identity is None:
            return start
        if start["spool"] not in ("", identity):
            raise ForeignQueueError(
                f"{self._log.folder} is not the spool that the checkpoint was made on;"
                " start the job with a new checkpoint"
            )
        end = self._log.end_of_batch(self._position(start), limit.max_rows if isinstance(limit, ReadMaxRows) else None)
        return {
            "spool": identity,
            "position": end if self._stop_at is None else min(end, max(self._stop_at, start["position"])),
        }

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802 - Spark's name
        self._stop_at = self._log.end()

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[SpoolRange]:
        first = self._position(start)
        return [SpoolRange(end["spool"], first, end["position"])] if first < end["position"] else []

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, SpoolRange)
        lines = [(position, line) for position, line in self._log.lines(partition.start, partition.end) if line]
        keys = pa.array([_key(line) for _, line in lines], pa.string())
        # A place is the id of a dead letter: positions begin at 0 in every new spool, so its identity is a part.
        places = pa.array([f"spool:{partition.spool[:8]}:{position}" for position, _ in lines], pa.string())
        yield pa.RecordBatch.from_arrays(
            [keys, places, pa.array([line for _, line in lines], pa.binary())], schema=_ARROW
        )

    def commit(self, end: dict[str, Any]) -> None:
        self._log.mark_consumed(end["position"])

    def _position(self, offset: dict[str, Any]) -> int:
        return int(offset["position"]) if offset["spool"] else self._log.first()


def _key(line: bytes) -> str:
    """The id of a record; of what is none, nothing."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    key = record.get("id") if isinstance(record, dict) else None
    return key if isinstance(key, str) else ""
