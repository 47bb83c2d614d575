"""Speed views in Redis: sums in hashes and sorted sets, written by one script a micro-batch."""

from __future__ import annotations

from sparkstream.stores.redis.connection import Redis
from sparkstream.stores.redis.speed import RedisSpeed

__all__ = ["Redis", "RedisSpeed"]
