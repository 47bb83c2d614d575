from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from dashboard import gaps
from dashboard.clients import ViewsClient
from dashboard.messages import Gap
from dashboard.testing import TOPICS, Server, folding

NOW = datetime(2026, 11, 22, 21, 44, 30, tzinfo=UTC)
GAP: Gap = {
    "from": "2026-11-22T21:37:00.000Z",
    "to": "2026-11-22T21:38:36.000Z",
    "reason": "spool_full",
    "filled": False,
}


def tick(slug: str = "world-cup") -> Any:
    return folding.tick(TOPICS[slug], "15m", NOW)


def test_a_gap_is_said_with_its_reason_and_its_time() -> None:
    assert gaps.said(GAP) == "spool full, 21:37–21:38 UTC"
    assert gaps.said({**GAP, "to": "2026-11-23T01:00:00.000Z"}) == "spool full, 22 Nov 21:37–23 Nov 01:00 UTC"


@pytest.mark.parametrize(
    ("start", "end", "touched"), [("21:36", "21:37", False), ("21:37", "21:38", True), ("21:38", "21:39", True)]
)
def test_a_gap_touches_the_steps_that_it_lies_in(start: str, end: str, touched: bool) -> None:
    times = (f"2026-11-22T{time}:00Z" for time in (start, end))
    assert bool(gaps.within([GAP], *times)) is touched


def test_reasons_are_asked_for_once_in_a_while(upstream: Server) -> None:
    now = [0.0]

    async def scenario() -> list[bool]:
        async with ViewsClient(upstream.url) as views:
            feed = gaps.GapFeed(views, every=10.0, clock=lambda: now[0])
            first = await feed.of(tick())
            assert [gap["reason"] for gap in first] == ["simulated outage"]
            again = await feed.of(tick())
            now[0] = 11.0
            return [again is first, await feed.of(tick()) is first]

    assert asyncio.run(scenario()) == [True, False]


def test_without_a_gap_nobody_is_asked() -> None:
    async def scenario() -> list[Gap]:
        async with ViewsClient("http://127.0.0.1:9") as views:
            return await gaps.GapFeed(views).of(tick("city-marathon"))

    assert asyncio.run(scenario()) == []


def test_a_hatch_stands_without_its_reason() -> None:
    async def scenario() -> list[Gap]:
        async with ViewsClient("http://127.0.0.1:9") as views:
            return await gaps.GapFeed(views).of(tick())

    assert asyncio.run(scenario()) == []
