"""A topic of Kafka as a queue: Spark's own connector, offsets in the checkpoint (docs/contracts/queue.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sparkstream.errors import ForeignQueueError, MissingExtraError, QueueError, QueueUnavailableError, SparkstreamError
from sparkstream.kafka_place import KafkaAccess, KafkaPlace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CONNECTOR: Final = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"
"""Of the version of pyspark that pyproject.toml pins."""

OPTIONS: Final = {
    "startingOffsets": "earliest",  # of a new checkpoint: what the job has not read is what the topic still has
    "failOnDataLoss": "true",  # what expired unread is an error, never a silence
    "kafkaConsumer.pollTimeoutMs": "30000",  # a broker that is away is waited for by the job, which says so
    "kafka.request.timeout.ms": "10000",
    "kafka.default.api.timeout.ms": "15000",
    "fetchOffset.numRetries": "1",
}

# A record's partition in Spark is that of the id in it, whatever its key in Kafka says: two copies of a post, one of
# them without a key, may not meet in two partitions. The value comes as bytes; what is none is an empty line.
_COLUMNS: Final = (
    "coalesce(get_json_object(cast(value as string), '$.id'), '') as key",
    "concat('kafka:', topic, ':', partition, ':', offset) as place",
    "coalesce(value, X'') as value",
)


class KafkaQueue:
    """The topic behind `kafka://host:port/topic`; it may be made later, by its writer."""

    connector = CONNECTOR

    def __init__(self, place: KafkaPlace, access: KafkaAccess | None = None) -> None:
        self.place = place
        self._access = access or KafkaAccess()

    @property
    def name(self) -> str:
        return f"kafka:{self.place.topic}"

    def lines(self, spark: SparkSession, *, max_lines: int) -> DataFrame:
        reader = (
            spark.readStream.format("kafka")
            .options(**OPTIONS)
            .option("kafka.bootstrap.servers", ",".join(self.place.servers))
            .option("subscribe", self.place.topic)
            .option("maxOffsetsPerTrigger", max_lines)
        )
        for name, value in self._access.settings().items():
            reader = reader.option(f"kafka.{name}", value)
        return reader.load().selectExpr(*_COLUMNS)

    def explain(self, message: str) -> SparkstreamError | None:
        """What Spark says of this queue, in our words; None when it is about something else."""
        place, topic = self.place, self.place.topic
        if "DataLoss" in message or "DATA_LOSS" in message:
            return ForeignQueueError(
                f"{place} no longer has what comes next in {topic}: it expired unread, or the topic was made anew;"
                " start the job with a new checkpoint, it reads what is there, and what it has counted stays"
            )
        if "Failed to find data source: kafka" in message:
            return MissingExtraError(
                f"this Spark was started without its connector for Kafka; add {CONNECTOR} to its packages"
            )
        if _kafka(message, "UnknownTopicOrPartition"):
            return QueueUnavailableError(f"{place} has no topic {topic} yet; the collector makes it")
        if _kafka(message, "SaslAuthentication", "Authorization", "SslAuthentication", "IllegalSaslState"):
            return QueueError(
                f"{place} does not let us read {topic}; check SPARKSTREAM_KAFKA_USER, its password and rights"
            )
        if _kafka(message, "Timeout", "Disconnect", "Network") or "Cannot fetch record for offset" in message:
            return QueueUnavailableError(f"{place} does not answer; start it, or check the address")
        if "Failed to create new KafkaAdminClient" in message:
            return QueueUnavailableError(f"{place} has no address, or its certificates cannot be used; check both")
        return None


def _kafka(message: str, *errors: str) -> bool:
    """Whether one of Kafka's exceptions is named in it."""
    return re.search(rf"org\.apache\.kafka\.common\.errors\.\w*({'|'.join(errors)})\w*Exception", message) is not None
