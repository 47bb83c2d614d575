"""What rises, asked of trending at most once in a while for each topic, however many windows of it are open."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import orjson

from dashboard import view
from dashboard.clients import TrendingClient
from dashboard.errors import UpstreamError

_log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
_KEPT_ROUNDS = 6


class RisingFeed:
    """The newest rising terms of each topic that somebody looked at in the last minute, as ready messages."""

    def __init__(
        self, trending: TrendingClient, *, every: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._trending = trending
        self._every = every
        self._clock = clock
        self._asked: dict[str, float] = {}
        self._messages: dict[str, str] = {}

    def latest(self, topic: str) -> str | None:
        return self._messages.get(topic)

    def due(self, topic: str) -> bool:
        """Whether it is time to ask again; saying yes counts as having asked."""
        now = self._clock()
        if now - self._asked.get(topic, float("-inf")) < self._every:
            return False
        self._forget(before=now - _KEPT_ROUNDS * self._every)
        self._asked[topic] = now
        return True

    async def fetch(self, topic: str) -> str:
        """A message for the browsers; trending's trouble is told in it, never raised."""
        try:
            message = view.rising(topic, await self._trending.emerging(topic))
        except UpstreamError as exc:
            _log.warning("no rising terms of %s: %s", topic, exc)
            message = view.rising_unavailable(topic)
        except (KeyError, TypeError, ValueError):
            _log.exception("trending's answer for %s cannot be drawn", topic)
            message = view.rising_unavailable(topic)
        self._messages[topic] = orjson.dumps(message).decode()
        return self._messages[topic]

    def _forget(self, before: float) -> None:
        for topic in [topic for topic, asked in self._asked.items() if asked < before]:
            del self._asked[topic]
            self._messages.pop(topic, None)
