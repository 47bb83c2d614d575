"""The live socket: one snapshot a topic and window a tick, computed once, sent to all who listen."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

import orjson

from sparkstream.errors import SparkstreamError, UnknownTopicError
from sparkstream.queries import STEPS, UNFILTERED, Filter, Step, Window
from sparkstream.status import job_status
from sparkstream.stores.base import Topic
from sparkstream.times import MINUTE, ceil, floor, format_time
from sparkstream.views import Views

_log = logging.getLogger(__name__)

WindowName: TypeAlias = Literal["5m", "15m", "1h", "24h", "7d"]
WINDOWS: Final[dict[str, tuple[int, Step]]] = {
    "5m": (5 * MINUTE, "1m"),
    "15m": (15 * MINUTE, "1m"),
    "1h": (60 * MINUTE, "1m"),
    "24h": (24 * 60 * MINUTE, "1h"),
    "7d": (7 * 24 * 60 * MINUTE, "1h"),
}
assert set(WINDOWS) == set(get_args(WindowName))
LIVE_FACETS: Final = ("keyword", "entity", "hashtag", "word")
TOP_ITEMS: Final = 12
POSTS: Final = 20
GONE: Final = b""
"""The last message of a topic that was deleted."""
MAX_LISTENERS: Final = 200
"""Live sockets at once; one more is closed with 1013, try again later."""
MAX_FILTERED: Final = 20
"""Filters that are computed at once; they cost more than whole windows, whose sums are stored. One more is closed with
4429."""
QUEUED: Final = 2
"""Messages that wait for a slow listener; then the oldest goes, since each message is a whole snapshot."""

_Key: TypeAlias = tuple[str, str, Filter] | None
"""Topic, window and filter of a channel; None is the list of topics."""


def live_window(topic: Topic, name: str, now: int) -> tuple[Window, bool]:
    """The window that ends with the open step, and True; or that of the newest post, and False, when the newest post
    lies before it.
    """
    size, step = WINDOWS[name]
    end = ceil(now + 1, STEPS[step])
    live = topic.last_post is None or topic.last_post >= end - size
    if topic.last_post is not None and not live:
        end = floor(topic.last_post, STEPS[step]) + STEPS[step]
    return Window(end - size, end), live


def snapshot(views: Views, slug: str, name: str, only: Filter = UNFILTERED) -> dict[str, Any]:
    """What a page shows of a topic, as docs/contracts/views.md has it, of the posts that pass `only`."""
    views = views.at_once()
    now, topic = views.clock(), views.topic(slug)
    window, live = live_window(topic, name, now)
    step = WINDOWS[name][1]
    status = job_status(views.store, now)
    tops = views.tops(slug, window, LIVE_FACETS, only=only, limit=TOP_ITEMS)
    summary = views.summary(slug, window, only=only)
    return {
        "kind": "tick",
        "topic": slug,
        "window": name,
        "live": live,
        "from": format_time(window.start),
        "to": format_time(window.end),
        "step": step,
        "at": format_time(now),
        "lag_seconds": status["lag_seconds"],
        "job": {"state": status["state"], "rate": status["rate"]},
        "summary": summary,
        "series": views.series(slug, window, step, only=only)["items"],
        "tops": {facet: top["items"] for facet, top in tops.items()},
        "exact": {facet: top["exact"] for facet, top in tops.items()},
        "posts": [] if "batch" in views.store.down() else views.posts(slug, window, only=only, limit=POSTS)["items"],
        "layers": summary["layers"],
    }


@dataclass(slots=True)
class _Channel:
    build: Callable[[], dict[str, Any]]
    mailboxes: set[asyncio.Queue[bytes]] = field(default_factory=set)
    last: bytes | None = None
    task: asyncio.Task[None] | None = None

    def send(self, message: bytes) -> None:
        self.last = message
        for mailbox in self.mailboxes:
            if mailbox.full():
                mailbox.get_nowait()
            mailbox.put_nowait(message)


class LiveHub:
    """Listeners by channel; a channel computes while somebody listens.

    Args:
        views: asked in a thread, so that the event loop never waits for the store.
        tick: seconds between two looks at the store.
        at_least: seconds after which a message is sent though nothing changed: it carries the lag, and says that we
            live.
    """

    def __init__(self, views: Views, *, tick: float = 1.0, at_least: float = 5.0) -> None:
        self._views = views
        self._tick = tick
        self._at_least = at_least
        self._channels: dict[_Key, _Channel] = {}

    @property
    def listeners(self) -> int:
        return sum(len(channel.mailboxes) for channel in self._channels.values())

    @property
    def is_full(self) -> bool:
        return self.listeners >= MAX_LISTENERS

    def has_room(self, topic: str | None, window: str = "15m", only: Filter = UNFILTERED) -> bool:
        """Whether one more filter may be computed: one that somebody has chosen already costs nothing more."""
        key = _key(topic, window, only)
        filtered = sum(1 for other in self._channels if other is not None and other[2] != UNFILTERED)
        new = only != UNFILTERED and key is not None and key not in self._channels
        return not (new and filtered >= MAX_FILTERED)

    @asynccontextmanager
    async def listen(
        self, topic: str | None, window: str = "15m", only: Filter = UNFILTERED
    ) -> AsyncIterator[asyncio.Queue[bytes]]:
        """Messages of one topic, or without one of the list of topics; the newest one at once."""
        key = _key(topic, window, only)
        channel = self._channels.get(key) or self._open(key)
        mailbox: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        if channel.last is not None:
            mailbox.put_nowait(channel.last)
        channel.mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            channel.mailboxes.discard(mailbox)
            if not channel.mailboxes and self._channels.get(key) is channel:
                del self._channels[key]
                if channel.task is not None:
                    channel.task.cancel()

    def _open(self, key: _Key) -> _Channel:
        channel = _Channel((lambda: snapshot(self._views, *key)) if key else self._topics)
        channel.task = asyncio.create_task(self._run(channel, repeat=key is not None))
        self._channels[key] = channel
        return channel

    def _topics(self) -> dict[str, Any]:
        return {"kind": "topics", "items": self._views.at_once().topics()["items"]}

    async def _run(self, channel: _Channel, *, repeat: bool) -> None:
        seen: tuple[str, int] | None = None
        sent, trouble = 0.0, ""
        while True:
            began = time.monotonic()
            try:
                state = (await asyncio.to_thread(self._views.store.version), self._views.clock() // MINUTE)
                if state != seen or time.monotonic() - sent >= self._at_least:
                    message = orjson.dumps(await asyncio.to_thread(channel.build))
                    if repeat or message != channel.last:
                        channel.send(message)
                    seen, sent, trouble = state, time.monotonic(), ""
            except UnknownTopicError:  # it was there when the first listener came
                channel.send(GONE)
                return
            except SparkstreamError as error:  # the store is away for now: listeners see their messages grow old
                if str(error) != trouble:
                    _log.warning("no live message: %s", error)
                trouble = str(error)
            except Exception:  # noqa: BLE001 - the outermost loop of the channel: its listeners would wait for ever
                _log.exception("no live message")
            await asyncio.sleep(max(self._tick, time.monotonic() - began))  # at most half of the time at the store


def _key(topic: str | None, window: str, only: Filter) -> _Key:
    return None if topic is None else (topic, window, only)
