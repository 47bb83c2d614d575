"""The hub: one upstream reader for each (topic, window, filter) that somebody looks at; all who look get what it reads.

A browser gets, on one socket, upstream's messages unchanged (`topics`, `tick`) and three of the hub's own:

- `figures` after each tick: what to paint, computed once for all (`view.tick`);
- `rising`: what trending says, at most every ten seconds a topic;
- `down` {topic, window, reason, retry_seconds}: upstream is lost, does not know the topic, or follows no more filters;
  the next message of the feed says that it is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from random import Random
from typing import Any, Final, Literal, NamedTuple

import orjson

from dashboard import view
from dashboard.asked import NO_FILTER, Filter
from dashboard.backoff import Backoff
from dashboard.clients import ViewsClient
from dashboard.errors import TooManyBrowsersError, TooManyViewsError, UnknownTopicError, UpstreamError
from dashboard.gaps import GapFeed
from dashboard.mailbox import Mailbox
from dashboard.messages import Window
from dashboard.metrics import Metrics
from dashboard.rising import RisingFeed

_log = logging.getLogger(__name__)

MAX_BROWSERS: Final = 200
Reason = Literal["unreachable", "unknown-topic", "too-many-views"]


class Feed(NamedTuple):
    """What one upstream socket carries; without a topic it is the list of topics."""

    topic: str | None = None
    window: Window | None = None
    only: Filter = NO_FILTER


class Channel:
    """One feed and those who listen to it; a newcomer starts with the latest message of each kind."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.listeners: set[Mailbox] = set()
        self.reader: asyncio.Task[None] | None = None
        self._latest: dict[str, str] = {}

    def add(self, mailbox: Mailbox) -> None:
        self.listeners.add(mailbox)
        for kind, message in self._latest.items():
            mailbox.put(self._slot(kind), message)

    def publish(self, kind: str, message: str) -> None:
        if kind != "rising":  # trending's news says nothing about whether the view API is back
            self._latest.pop("down", None)
        self._latest[kind] = message
        for mailbox in self.listeners:
            mailbox.put(self._slot(kind), message)

    def _slot(self, kind: str) -> str:
        """The list of topics and a topic may be down at the same time: neither may push the other out of a mailbox."""
        return kind if self.feed.topic is not None else f"topics {kind}"


class Hub:
    """Readers are started by the first who looks and end with the last; all of it lives on one event loop."""

    def __init__(
        self,
        views: ViewsClient,
        rising: RisingFeed,
        metrics: Metrics,
        *,
        max_browsers: int = MAX_BROWSERS,
        random: Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._views = views
        self._gaps = GapFeed(views)
        self._rising = rising
        self._metrics = metrics
        self._max_browsers = max_browsers
        self._random = random or Random()
        self._sleep = sleep
        self._channels: dict[Feed, Channel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.browsers = 0

    @property
    def feeds(self) -> frozenset[Feed]:
        """What is read from upstream at this moment."""
        return frozenset(self._channels)

    @contextmanager
    def join(self, topic: str | None, window: Window, only: Filter = NO_FILTER) -> Iterator[Mailbox]:
        """Listen to the list of topics and, when one is named, to a topic.

        Raises:
            TooManyBrowsersError: the bound is reached.
        """
        if self.browsers >= self._max_browsers:
            raise TooManyBrowsersError(f"{self._max_browsers} browsers look already; try again later")
        mailbox = Mailbox()
        feeds = [Feed()] if topic is None else [Feed(), Feed(topic, window, only)]
        self._count(+1)
        try:
            for feed in feeds:
                self._open(feed).add(mailbox)
            yield mailbox
        finally:
            self._count(-1)
            self._metrics.dropped.inc(mailbox.dropped)
            for feed in feeds:
                self._leave(feed, mailbox)

    async def close(self) -> None:
        """Ends all readers and waits until their sockets are closed; the browsers' are the server's to close."""
        self._channels.clear()
        for task in self._tasks:
            if not task.cancelling():  # once more would break off a goodbye that is under way
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _count(self, step: int) -> None:
        self.browsers += step
        self._metrics.browsers.set(self.browsers)

    def _open(self, feed: Feed) -> Channel:
        channel = self._channels.get(feed)
        if channel is None:
            channel = self._channels[feed] = Channel(feed)
            if feed.topic is not None and (known := self._rising.latest(feed.topic)):
                channel.publish("rising", known)
            channel.reader = self._start(self._read(channel))
            self._metrics.readers.set(len(self._channels))
        return channel

    def _leave(self, feed: Feed, mailbox: Mailbox) -> None:
        channel = self._channels.get(feed)
        if channel is None:
            return
        channel.listeners.discard(mailbox)
        if not channel.listeners:
            del self._channels[feed]
            self._metrics.readers.set(len(self._channels))
            if channel.reader is not None:
                channel.reader.cancel()

    async def _read(self, channel: Channel) -> None:
        """Reads until cancelled; what goes wrong upstream is told to the browsers and tried again."""
        backoff = Backoff(self._random)
        while True:
            try:
                await self._relay(channel, backoff)
            except UnknownTopicError as exc:
                reason: Reason = "unknown-topic"
                _log.info("%s", exc)
            except TooManyViewsError as exc:
                reason = "too-many-views"
                _log.info("%s", exc)
            except UpstreamError as exc:
                reason = "unreachable"
                _log.warning("%s", exc)
            except Exception:  # noqa: BLE001 - the outermost loop of a reader: it logs and goes on
                reason = "unreachable"
                _log.exception("the reader of %s failed", channel.feed)
            wait = backoff.next()
            self._metrics.failures.inc()
            channel.publish("down", _down(channel.feed, reason, wait))
            await self._sleep(wait)

    async def _relay(self, channel: Channel, backoff: Backoff) -> None:
        messages: AsyncGenerator[str] = self._views.live(*channel.feed)
        async with aclosing(messages):
            async for text in messages:
                backoff.reset()
                message = orjson.loads(text)
                kind = str(message["kind"])
                self._metrics.messages.labels(kind).inc()
                channel.publish(kind, text)
                if kind == "tick":
                    await self._draw(channel, message)

    async def _draw(self, channel: Channel, tick: Any) -> None:
        try:
            gaps = await self._gaps.of(tick)
            with self._metrics.drawing.time():
                figures = orjson.dumps(view.tick(tick, gaps=gaps, only=channel.feed.only)).decode()
        except (KeyError, TypeError, ValueError):
            _log.exception("a tick of %s cannot be drawn", channel.feed)
            return
        channel.publish("figures", figures)
        topic = channel.feed.topic
        if topic is not None and self._rising.due(topic):
            self._start(self._fetch_rising(topic))

    async def _fetch_rising(self, topic: str) -> None:
        message = await self._rising.fetch(topic)
        for channel in self._channels.values():
            if channel.feed.topic == topic:
                channel.publish("rising", message)


def _down(feed: Feed, reason: Reason, wait: float) -> str:
    message = {"kind": "down", "topic": feed.topic, "window": feed.window, "reason": reason, "retry_seconds": wait}
    return orjson.dumps(message).decode()
