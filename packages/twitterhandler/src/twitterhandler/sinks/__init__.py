"""Queues that records go to."""

from twitterhandler.sinks.base import Sink
from twitterhandler.sinks.kafka import KafkaSink
from twitterhandler.sinks.kafka_connection import KafkaOptions
from twitterhandler.sinks.kafka_place import KafkaAccess, KafkaPlace, KafkaTopic
from twitterhandler.sinks.spill import RemoteSink, SpillSink
from twitterhandler.sinks.spool import SpoolSink

__all__ = [
    "KafkaAccess",
    "KafkaOptions",
    "KafkaPlace",
    "KafkaSink",
    "KafkaTopic",
    "RemoteSink",
    "Sink",
    "SpillSink",
    "SpoolSink",
]
