from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from dashboard import create_app
from dashboard.testing import FakeUpstream, Server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

TOKEN = "a token of more than sixteen"


@pytest.fixture
def page(upstream: Server) -> Iterator[Server]:
    with Server(create_app(upstream.url, upstream.url, upstream.url)) as server:
        yield server


def get(page: Server, path: str, **given: Any) -> httpx2.Response:
    return httpx2.get(page.url + path, **given)


async def messages(url: str, number: int, **given: Any) -> list[dict[str, Any]]:
    async with asyncio.timeout(10), connect(url, **given) as socket:
        return [json.loads(await socket.recv()) for _ in range(number)]


def live(page: Server, query: str) -> str:
    return page.url.replace("http", "ws") + f"/live?{query}"


def test_live_pushes_to_the_page_itself(page: Server) -> None:
    got = asyncio.run(messages(live(page, "topic=world-cup&window=5m"), 4, origin=page.url))
    assert {message["kind"] for message in got} >= {"topics", "tick", "figures"}


@pytest.mark.parametrize(
    ("query", "origin", "code"), [("window=3m", None, 4422), ("window=5m", "https://elsewhere.example", 4403)]
)
def test_live_says_why_it_refuses(page: Server, query: str, origin: Any, code: int) -> None:
    with pytest.raises(ConnectionClosed) as refused:
        asyncio.run(messages(live(page, query), 1, origin=origin))
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == code


def test_live_is_bounded(upstream: Server) -> None:
    async def scenario(url: str) -> int:
        async with connect(url), connect(url) as second:
            await second.wait_closed()
            return second.close_code or 0

    with Server(create_app(upstream.url, upstream.url, upstream.url, max_browsers=1)) as page:
        assert asyncio.run(scenario(live(page, "window=5m"))) == 1013


def test_the_page_is_ready_when_what_it_reads_from_is(page: Server) -> None:
    assert get(page, "/healthz").json() == {"status": "ok"}
    assert get(page, "/readyz").json() == {"status": "ready", "views": "up", "trending": "up"}


def test_readiness_names_what_is_down(upstream: Server) -> None:
    with Server(create_app(upstream.url, "http://127.0.0.1:9")) as page:
        answer = get(page, "/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["detail"].startswith("trending at http://127.0.0.1:9")


def test_metrics_count_browsers(page: Server) -> None:
    asyncio.run(messages(live(page, "topic=world-cup&window=5m"), 3))
    text = get(page, "/metrics").text
    assert 'dashboard_messages_total{kind="tick"}' in text
    assert "dashboard_browsers " in text


def test_the_description_has_an_example_for_each_route(page: Server) -> None:
    paths = get(page, "/openapi.json").json()["paths"]
    assert set(paths) >= {"/healthz", "/readyz", "/metrics", "/view", "/posts", "/topics", "/topics/check"}
    for path in paths.values():
        for method in path.values():
            for answer in method["responses"].values():
                assert all("example" in content for content in answer.get("content", {}).values())


def test_a_token_closes_everything_but_health(fake: FakeUpstream, upstream: Server) -> None:
    with Server(create_app(upstream.url, upstream.url, upstream.url, token=TOKEN)) as page:
        assert get(page, "/healthz").status_code == 200
        for path in ("/", "/metrics", "/_dash-layout", "/?token=wrong"):
            denied = get(page, path)
            assert (denied.status_code, denied.headers["content-type"]) == (401, "application/problem+json")
        assert get(page, "/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        entered = get(page, "/?token=a+token+of+more+than+sixteen&topic=world-cup")
        assert (entered.status_code, entered.headers["location"]) == (303, "/?topic=world-cup")
        cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0]}
        assert get(page, "/", headers=cookie).status_code == 200
        got = asyncio.run(messages(live(page, "window=5m"), 1, additional_headers=cookie))
        assert got[0]["kind"] == "topics"
        with pytest.raises(Exception, match="403"):
            asyncio.run(messages(live(page, "window=5m"), 1))


def test_a_token_in_the_address_leads_nowhere_else(upstream: Server) -> None:
    with Server(create_app(upstream.url, upstream.url, upstream.url, token=TOKEN)) as page:
        entered = get(page, "//elsewhere.example/?token=a+token+of+more+than+sixteen")
    assert entered.headers["location"] == "/elsewhere.example/"


PERIOD = "topic=world-cup&from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z"


def test_a_fixed_period_is_answered_once(page: Server) -> None:
    answer = get(page, f"/view?{PERIOD}&sentiment=negative").json()
    assert answer["tick"]["window"] is None
    assert answer["figures"]["text"]["posts-now"] == str(answer["tick"]["summary"]["posts"])
    assert get(page, f"/posts?{PERIOD}").json()["items"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/view?topic=nobody&from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z", 404, "no such topic"),
        ("/view?topic=world-cup&from=yesterday&to=2026-11-22T21:40:00Z", 422, "is no time"),
        ("/view?topic=world-cup&from=2026-11-22T22:20:00Z&to=2026-11-22T21:40:00Z", 422, "has to lie before"),
        (f"/posts?{PERIOD}&sentiment=sour", 422, "none of"),
        ("/view", 422, "is no time"),
        ("/view?from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z", 422, "topic"),
    ],
)
def test_a_question_without_an_answer_is_a_problem(page: Server, path: str, status: int, said: str) -> None:
    answer = get(page, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if status == 422:
        assert said in answer.json()["detail"]


def test_a_period_while_the_view_api_is_down_is_a_problem(page: Server, upstream: Server) -> None:
    upstream.stop()
    answer = get(page, f"/view?{PERIOD}")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "cannot be reached" in answer.json()["detail"]


def send(page: Server, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    return httpx2.request(method, f"{page.url}/topics{path}", json=body, headers=headers)


def test_a_topic_is_made_changed_stopped_started_and_deleted(page: Server, fake: FakeUpstream) -> None:
    made = send(page, "POST", "", {"name": "Harbour Fair", "query": "#fair", "start": False})
    assert (made.status_code, made.json()["slug"], made.json()["state"]) == (201, "harbour-fair", "stopped")
    assert send(page, "POST", "/harbour-fair/start").json()["state"] == "started"
    assert send(page, "PATCH", "/harbour-fair", {"query": "fair"}).json()["query"] == "fair"
    assert send(page, "POST", "/harbour-fair/stop").json()["state"] == "stopped"
    assert send(page, "GET", "/harbour-fair").json()["query"] == "fair"
    assert send(page, "DELETE", "/harbour-fair").status_code == 204
    assert send(page, "GET", "/harbour-fair").status_code == 404
    assert "harbour-fair" not in fake.topics


def test_a_draft_is_checked(page: Server) -> None:
    checked = send(page, "POST", "/check", {"name": "World Cup", "query": "🎉 (goal"}).json()
    assert checked["slug"] == "world-cup"
    assert checked["taken"] is True
    assert checked["query"] == {"valid": False, "position": 2, "message": "this parenthesis is never closed"}
    assert send(page, "POST", "/check", {"name": "…", "query": " "}).json() == {
        "slug": "",
        "taken": False,
        "query": None,
    }


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "…", "query": "goal"}, 422, "a letter or a digit"),
        ({"name": "World Cup", "query": "goal"}, 409, "already"),
        ({"name": "fair", "query": "(goal"}, 422, "never closed"),
        ({"name": "fair", "query": "g" * 1025}, 422, "at most 1024"),
    ],
)
def test_a_topic_that_cannot_be_made_is_a_problem(page: Server, body: Any, status: int, said: str) -> None:
    answer = send(page, "POST", "", body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]


def test_only_the_page_itself_may_change_topics(page: Server, fake: FakeUpstream) -> None:
    assert send(page, "DELETE", "/world-cup", origin="https://elsewhere.example").status_code == 403
    assert "world-cup" in fake.topics
    assert send(page, "DELETE", "/world-cup", origin=page.url).status_code == 204
