from __future__ import annotations

import asyncio
import json

from dashboard.clients import TrendingClient
from dashboard.rising import RisingFeed
from dashboard.testing import Server


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_topic_is_asked_for_at_most_every_ten_seconds() -> None:
    clock = Clock()
    feed = RisingFeed(TrendingClient("http://127.0.0.1:9"), clock=clock)
    assert feed.due("world-cup")
    assert feed.due("city-marathon")
    clock.now = 9.9
    assert not feed.due("world-cup")
    clock.now = 10.0
    assert feed.due("world-cup")


def test_a_topic_that_nobody_looks_at_is_forgotten(upstream: Server) -> None:
    clock = Clock()

    async def scenario() -> None:
        async with TrendingClient(upstream.url) as trending:
            feed = RisingFeed(trending, clock=clock)
            assert feed.due("world-cup")
            message = await feed.fetch("world-cup")
            assert json.loads(message)["kind"] == "rising"
            assert feed.latest("world-cup") == message
            clock.now = 61.0
            assert feed.due("city-marathon")
            assert feed.latest("world-cup") is None

    asyncio.run(scenario())


def test_trending_down_is_told_not_raised() -> None:
    async def scenario() -> str:
        async with TrendingClient("http://127.0.0.1:9") as trending:
            return await RisingFeed(trending).fetch("world-cup")

    assert "not available" in json.loads(asyncio.run(scenario()))["text"]["rising-note"]
