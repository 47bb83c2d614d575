from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from dashboard.asked import Filter
from dashboard.clients import CollectorClient, TrendingClient, ViewsClient
from dashboard.errors import ContractError, RefusedError, TooManyViewsError, UnknownTopicError, UpstreamDownError
from dashboard.messages import Rising
from dashboard.testing import FakeUpstream, Server
from fastapi import FastAPI, Request, Response, WebSocket

NOBODY = "http://127.0.0.1:9"


async def first(url: str, *feed: Any, **given: Any) -> dict[str, Any]:
    async with ViewsClient(url, **given) as views, aclosing(views.live(*feed)) as messages:
        message: dict[str, Any] = json.loads(await anext(messages))
        return message


async def emerging(url: str, topic: str) -> Rising:
    async with TrendingClient(url) as trending:
        return await trending.emerging(topic)


async def check(url: str) -> None:
    async with TrendingClient(url) as trending:
        await trending.check()


def test_a_topic_is_read_as_ticks_and_no_topic_as_the_list_of_topics(upstream: Server) -> None:
    tick = asyncio.run(first(upstream.url, "world-cup", "5m"))
    assert (tick["kind"], tick["topic"], tick["window"]) == ("tick", "world-cup", "5m")
    assert asyncio.run(first(upstream.url))["kind"] == "topics"


def test_an_unknown_topic_is_told_apart_from_trouble(upstream: Server) -> None:
    with pytest.raises(UnknownTopicError, match="no-such-topic"):
        asyncio.run(first(upstream.url, "no-such-topic", "5m"))


def test_a_filter_too_many_is_told_apart_from_trouble(fake: FakeUpstream, upstream: Server) -> None:
    fake.max_filtered = 0
    with pytest.raises(TooManyViewsError, match="clear one, ask for a fixed period, or wait"):
        asyncio.run(first(upstream.url, "world-cup", "5m", Filter(sentiment="negative")))
    assert asyncio.run(first(upstream.url, "world-cup", "5m"))["kind"] == "tick"


def test_nobody_there_is_said_with_what_to_do(upstream: Server) -> None:
    asyncio.run(check(upstream.url))
    with pytest.raises(UpstreamDownError, match="is `sparkstream serve` running"):
        asyncio.run(first(NOBODY))
    with pytest.raises(UpstreamDownError, match="cannot be reached"):
        asyncio.run(check(NOBODY))


def test_silence_is_trouble() -> None:
    app = FastAPI()

    async def silent(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive()

    app.add_api_websocket_route("/v1/live", silent)
    with Server(app) as server, pytest.raises(UpstreamDownError, match="fell silent"):
        asyncio.run(first(server.url, "world-cup", "5m", silence=0.2))


def test_rising_terms_come_best_first(upstream: Server) -> None:
    items = asyncio.run(emerging(upstream.url, "world-cup"))["items"]
    assert [item["score"] for item in items] == sorted((item["score"] for item in items), reverse=True)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "{}", UnknownTopicError),
        (503, "{}", UpstreamDownError),
        (200, "<html>", ContractError),
        (200, "[]", ContractError),
    ],
)
def test_what_trending_may_answer_wrongly_is_mapped(status: int, body: str, error: type[Exception]) -> None:
    app = FastAPI()
    app.add_api_route("/v1/emerging/{topic}", lambda topic: Response(body, status))
    with Server(app) as server, pytest.raises(error):
        asyncio.run(emerging(server.url, "world-cup"))


def test_a_query_that_is_refused_says_where(upstream: Server) -> None:
    async def scenario() -> dict[str, Any]:
        async with CollectorClient(upstream.url) as collector:
            return await collector.add("fair", "🎉 (goal", start=True)

    with pytest.raises(RefusedError, match="never closed") as refused:
        asyncio.run(scenario())
    assert (refused.value.status, refused.value.position) == (422, 2)


def test_the_collector_is_shown_its_token() -> None:
    app = FastAPI()
    shown: list[str | None] = []

    @app.delete("/v1/topics/{slug}")
    async def remove(request: Request) -> Response:
        shown.append(request.headers.get("authorization"))
        return Response(status_code=204)

    async def scenario(url: str) -> None:
        async with CollectorClient(url, token="a secret of ours") as collector:
            await collector.remove("fair")

    with Server(app) as server:
        asyncio.run(scenario(server.url))
    assert shown == ["Bearer a secret of ours"]
