"""From a queue of posts to views of what is being said: micro-batches by Spark, exact counts, a JSON API."""

from __future__ import annotations

from sparkstream.__about__ import __version__
from sparkstream.errors import SparkstreamError
from sparkstream.job import JobOptions, StreamJob
from sparkstream.stores import open_store
from sparkstream.views import Views

__all__ = ["JobOptions", "SparkstreamError", "StreamJob", "Views", "__version__", "open_store"]
