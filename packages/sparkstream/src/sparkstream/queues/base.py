"""What a queue has to give: a streaming frame of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sparkstream.errors import SparkstreamError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LINES = "key string, place string, value binary"
"""The frame's columns: the id of the record (of what is none, anything), where the line stands in the queue, and its
bytes.
"""


class Queue(Protocol):
    @property
    def name(self) -> str:
        """What a checkpoint belongs to; not where it is, which may change."""

    @property
    def connector(self) -> str | None:
        """The Maven coordinates of what Spark needs to read it."""

    def explain(self, message: str) -> SparkstreamError | None:
        """What Spark says of this queue, in our words; None when it is about something else."""

    def lines(self, spark: SparkSession, *, max_lines: int) -> DataFrame:
        """The stream of lines from the checkpoint on, at most `max_lines` a micro-batch. Reading the same offsets again
        gives the same lines.
        """
