"""Where the job reads from, chosen by URL."""

from __future__ import annotations

from sparkstream.errors import SettingsError
from sparkstream.kafka_place import KafkaAccess, KafkaPlace
from sparkstream.queues.base import Queue
from sparkstream.queues.kafka import KafkaQueue
from sparkstream.queues.spool import SpoolQueue

__all__ = ["Queue", "open_queue"]


def open_queue(url: str, access: KafkaAccess | None = None) -> Queue:
    """The queue behind a URL; `access` is how one gets into a Kafka.

    Raises:
        SettingsError: the URL names no known queue.
    """
    scheme, _, place = url.partition(":")
    if scheme == "spool" and place:
        return SpoolQueue(place)
    if scheme == "kafka":
        return KafkaQueue(KafkaPlace.parse(url), access)
    raise SettingsError(f"{url!r} is no queue; write spool:FOLDER or kafka://HOST:PORT/TOPIC")
