"""Queues that records go to."""

from twitterhandler.sinks.base import Sink
from twitterhandler.sinks.spool import SpoolSink

__all__ = ["Sink", "SpoolSink"]
