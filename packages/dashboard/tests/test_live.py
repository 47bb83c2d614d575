from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from dashboard.asked import Filter
from dashboard.clients import TrendingClient, ViewsClient
from dashboard.errors import TooManyBrowsersError
from dashboard.live import Feed, Hub
from dashboard.mailbox import Mailbox
from dashboard.metrics import Metrics
from dashboard.rising import RisingFeed
from dashboard.testing import FakeUpstream, Server

DEADLINE = 15.0


@asynccontextmanager
async def a_hub(url: str, **given: Any) -> AsyncIterator[Hub]:
    async with ViewsClient(url) as views, TrendingClient(url) as trending:
        hub = Hub(views, RisingFeed(trending), Metrics(), **given)
        try:
            yield hub
        finally:
            await hub.close()


async def until(mailbox: Mailbox, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    async with asyncio.timeout(DEADLINE):
        while True:
            message: dict[str, Any] = json.loads(await mailbox.get())
            if message["kind"] == kind:
                return message


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_browser_gets_topics_ticks_figures_and_what_rises(upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with hub.join("world-cup", "5m") as mailbox:
                kinds: set[str] = set()
                async with asyncio.timeout(DEADLINE):
                    while kinds < {"topics", "tick", "figures", "rising"}:
                        kinds.add(json.loads(await mailbox.get())["kind"])

    asyncio.run(scenario())


def test_upstream_messages_are_relayed_unchanged(upstream: Server) -> None:
    async def scenario() -> None:
        async with ViewsClient(upstream.url) as views, aclosing(views.live("film-festival", "5m")) as messages:
            direct = json.loads(await anext(messages))
        async with a_hub(upstream.url) as hub:
            with hub.join("film-festival", "5m") as mailbox:
                relayed = await until(mailbox, "tick")
        # A topic that has ended: only the time of the tick differs from one to the next.
        assert {**relayed, "at": "", "layers": {}} == {**direct, "at": "", "layers": {}}

    asyncio.run(scenario())


def test_all_who_look_at_the_same_share_one_reader(fake: FakeUpstream, upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with (
                hub.join("world-cup", "5m") as one,
                hub.join("world-cup", "5m") as two,
                hub.join("world-cup", "1h") as other,
            ):
                assert (await until(one, "tick"))["window"] == "5m"
                assert (await until(two, "tick"))["window"] == "5m"
                assert (await until(other, "tick"))["window"] == "1h"
                assert fake.sockets == {(None, None): 1, ("world-cup", "5m"): 1, ("world-cup", "1h"): 1}
                assert hub.feeds == {Feed(), Feed("world-cup", "5m"), Feed("world-cup", "1h")}
            assert not hub.feeds
            await eventually(lambda: not any(fake.sockets.values()))

    asyncio.run(scenario())


def test_a_newcomer_does_not_wait_for_the_next_tick(upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with hub.join("world-cup", "5m") as first:
                await until(first, "rising")
                with hub.join("world-cup", "5m") as second:
                    assert len(second) >= 4
                with hub.join("world-cup", "15m") as other_window:
                    assert len(other_window) >= 2

    asyncio.run(scenario())


def test_what_rises_is_asked_once_for_all_windows(fake: FakeUpstream, upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with hub.join("world-cup", "5m") as one, hub.join("world-cup", "15m") as two:
                await until(one, "rising")
                await until(two, "rising")
                await until(one, "tick")
        assert fake.asked_rising == {"world-cup": 1}

    asyncio.run(scenario())


def test_a_browser_that_does_not_read_costs_one_message_a_kind(upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with hub.join("world-cup", "5m") as slow, hub.join("world-cup", "5m") as quick:
                for _ in range(5):
                    await until(quick, "tick")
                assert len(slow) <= 5
                assert slow.dropped > 0

    asyncio.run(scenario())


def test_an_upstream_that_restarts_is_down_and_then_live_again(upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url) as hub:
            with hub.join("world-cup", "5m") as mailbox:
                await until(mailbox, "tick")
                await asyncio.to_thread(upstream.stop)
                down = await until(mailbox, "down")
                assert down["reason"] == "unreachable"
                with hub.join("world-cup", "5m") as newcomer:
                    await until(newcomer, "down")
                await asyncio.to_thread(upstream.start)
                await until(mailbox, "tick")

    asyncio.run(scenario())


def test_an_unknown_topic_is_said_and_asked_for_again(fake: FakeUpstream, upstream: Server) -> None:
    async def scenario() -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            fake.topics["not-yet"] = fake.topics["world-cup"]

        async with a_hub(upstream.url, sleep=sleep) as hub:
            with hub.join("not-yet", "5m") as mailbox:
                assert (await until(mailbox, "down"))["reason"] == "unknown-topic"
                await until(mailbox, "tick")
        assert len(waits) == 1

    asyncio.run(scenario())


def test_a_filter_too_many_is_said_and_asked_for_again(fake: FakeUpstream, upstream: Server) -> None:
    async def scenario() -> None:
        async def sleep(_seconds: float) -> None:
            fake.max_filtered = 1

        fake.max_filtered = 0
        async with a_hub(upstream.url, sleep=sleep) as hub:
            with hub.join("world-cup", "1h", Filter(kind="reply")) as mailbox:
                assert (await until(mailbox, "down"))["reason"] == "too-many-views"
                tick = await until(mailbox, "tick")
                assert {post["kind"] for post in tick["posts"]} == {"reply"}

    asyncio.run(scenario())


def test_browsers_are_bounded(upstream: Server) -> None:
    async def scenario() -> None:
        async with a_hub(upstream.url, max_browsers=1) as hub:
            with hub.join(None, "5m"):
                with pytest.raises(TooManyBrowsersError, match="try again later"), hub.join(None, "5m"):
                    pass
                assert hub.browsers == 1
            with hub.join(None, "5m"):
                pass
            assert hub.browsers == 0

    asyncio.run(scenario())
