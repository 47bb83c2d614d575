import contextlib
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from twitterhandler.api import create_app
from twitterhandler.budget import Limits
from twitterhandler.errors import SourceError, SourceRefusedError, SourceUnavailableError
from twitterhandler.estimate import Estimator, Span
from twitterhandler.ingest import Ingest
from twitterhandler.posts import Gap
from twitterhandler.sinks import SpoolSink
from twitterhandler.sources import Health, ReplaySource
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.testing import FakeClock
from twitterhandler.topics import Topic, TopicRegistry

CUP = {"slug": "world-cup", "query": '"world cup" OR #WorldCup', "languages": ["en"]}
UNLIMITED = {"limit": None, "until": None, "stopped_by": None, "stopped_because": None}
MESSAGE = (
    '{"data": {"id": "1", "text": "hi", "created_at": "2026-11-22T12:00:00Z"}, "matching_rules": [{"tag": "tea"}]}'
)


@pytest.fixture
def registry(tmp_path):
    return TopicRegistry(tmp_path / "topics.db")


@pytest.fixture
def ingest(tmp_path, registry):
    path = tmp_path / "posts.jsonl"
    path.write_text(f"{MESSAGE}\n{{\n")
    return Ingest(ReplaySource(path), SpoolSink(tmp_path / "spool"), subscriptions=Subscriptions(registry))


@pytest.fixture
def client(registry, ingest):
    with TestClient(create_app(registry, ingest)) as client:
        yield client


def is_problem(response, status):
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    return response.json()["detail"]


def test_a_topic_is_made_read_changed_started_stopped_and_deleted(client):
    made = client.post("/v1/topics", json=CUP)
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/topics/world-cup"
    topic = {**CUP, "sources": [], "reposts": True, "state": "stopped", **UNLIMITED}
    assert made.json() == client.get("/v1/topics/world-cup").json() == topic
    assert client.get("/v1/topics").json() == {"items": [topic], "next": None}
    changed = client.patch("/v1/topics/world-cup", json={"query": "cup", "reposts": False, "languages": []})
    assert changed.json() == {**topic, "query": "cup", "reposts": False, "languages": []}
    assert client.post("/v1/topics/world-cup/start").json()["state"] == "started"
    assert client.post("/v1/topics/world-cup/stop").json()["state"] == "stopped"
    assert client.delete("/v1/topics/world-cup").status_code == 204
    assert client.get("/v1/topics").json()["items"] == []
    assert client.post("/v1/topics", json={**CUP, "start": True}).json()["state"] == "started"


def test_limits_are_set_changed_and_taken_away(client, registry):
    until = "2126-12-01T01:00:00+01:00"
    made = client.post("/v1/topics", json={**CUP, "limit": 5, "until": until}).json()
    assert (made["limit"], made["until"]) == (5, "2126-12-01T00:00:00.000Z")
    changed = client.patch("/v1/topics/world-cup", json={"limit": None, "query": "cup", "reposts": None}).json()
    assert (changed["limit"], changed["until"], changed["reposts"]) == (None, "2126-12-01T00:00:00.000Z", True)
    assert client.patch("/v1/topics/world-cup", json={"until": None}).json()["until"] is None
    for wrong in ({"limit": 0}, {"until": "2126-12-01"}, {"until": "2126-12-01T00:00:00"}):
        is_problem(client.patch("/v1/topics/world-cup", json=wrong), 422)
    passed = is_problem(client.patch("/v1/topics/world-cup", json={"until": "2020-01-01T00:00:00Z"}), 422)
    assert "body.until: Value error, it has passed; name a time" in passed
    unknown = is_problem(client.patch("/v1/topics/world-cup", json={"languages": ["xx"]}), 422)
    assert unknown == "'xx' is no language: it needs the code of one language, such as en or zh-TW; 'xx' is of none"
    registry.change("world-cup", state="stopped", stopped_by="limit", stopped_because="it is enough; raise it")
    stopped = client.get("/v1/topics/world-cup").json()
    assert (stopped["stopped_by"], stopped["stopped_because"]) == ("limit", "it is enough; raise it")
    assert client.post("/v1/topics/world-cup/start").json()["stopped_by"] is None


def test_errors_are_problems(client):
    client.post("/v1/topics", json=CUP)
    assert "world-cup" in is_problem(client.post("/v1/topics", json=CUP), 409)
    for call in (client.get, client.delete, lambda path: client.patch(path, json={})):
        assert "'nope'" in is_problem(call("/v1/topics/nope"), 404)
    is_problem(client.post("/v1/topics/nope/start"), 404)
    is_problem(client.get("/v1/nope"), 404)
    is_problem(client.put("/v1/topics"), 405)
    assert "body.query" in is_problem(client.post("/v1/topics", json={"slug": "tea"}), 422)
    assert "slug" in is_problem(client.post("/v1/topics", json={"slug": "Tea Time", "query": "tea"}), 422)
    assert "source" in is_problem(client.patch("/v1/topics/world-cup", json={"sources": ["myspace"]}), 422)
    is_problem(client.patch("/v1/topics/world-cup", json={"state": "deleted"}), 422)


def test_a_wrong_query_says_where(client):
    response = client.post("/v1/topics", json={"slug": "tea", "query": "tea (green"})
    assert "never closed" in is_problem(response, 422)
    assert response.json()["position"] == 4


def test_a_query_is_checked_while_it_is_typed(registry, ingest):
    with TestClient(create_app(registry, ingest, token=SecretStr("s3cret"))) as client:  # asking needs none
        fine = client.post("/v1/queries/check", json={"query": 'tea OR "green tea"'})
        assert (fine.status_code, fine.json()) == (200, {"valid": True, "explanation": "“tea” or “green tea”"})
        wrong = client.post("/v1/queries/check", json={"query": "👩‍👩‍👧 (tea"})
        message = "this `(` is never closed; add a `)`"
        assert (wrong.status_code, wrong.json()) == (200, {"valid": False, "position": 6, "message": message})
        on_x = {"query": "tea has:media", "sources": ["x"]}
        assert client.post("/v1/queries/check", json=on_x).json()["valid"] is True
        everywhere = client.post("/v1/queries/check", json={"query": "tea has:media"}).json()
        assert (everywhere["valid"], everywhere["position"]) == (False, 4)
        for text in ("", "(" * 1_025, "a" * 1_025, "(" * 600 + "a" + ")" * 400):
            assert client.post("/v1/queries/check", json={"query": text}).json()["valid"] is False
        assert "query" in is_problem(client.post("/v1/queries/check", json={"text": "tea"}), 422)
        is_problem(client.post("/v1/queries/check", json={"query": None}), 422)
        is_problem(client.post("/v1/queries/check", content=b"{"), 422)
        assert client.get("/v1/topics").json()["items"] == []


async def run(ingest):
    await ingest.run()


def test_the_status_counts_what_passed(client, ingest):
    assert client.get("/v1/status").json()["state"] == "waiting"
    client.portal.call(run, ingest)
    status = client.get("/v1/status").json()
    assert (status["source"], status["state"], status["failure"]) == ("replay", "ended", None)
    assert status["last_post_at"] == "2026-11-22T12:00:00.000Z"
    assert status["position"] > 0
    assert status["counts"] == {"posts": 1, "repeats": 0, "unmatched": 0, "dead": 1, "by_topic": {"tea": 1}}
    (source,) = status["sources"]
    assert (source.pop("health"), source.pop("gaps")) == (None, [])
    assert source == {name: status[name] for name in source}


class Troubled:
    """A network that is not heard."""

    name = "x"
    matches = True
    keeps_repeats = False

    def follow(self, topics):
        pass

    def health(self):
        return Health(False, 2, ("X cannot be reached; check the network",))

    async def records(self):
        start = FakeClock().now()
        for filled in (False, True):
            yield Gap("gap:x:1", "x", ("tea",), start, start + timedelta(minutes=2), "it broke", filled)


def test_a_network_says_how_it_is_and_what_was_not_heard(registry, tmp_path):
    spending = Spending(registry, Limits(price=Decimal("0.005"), posts=100), clock=FakeClock())
    ingest = Ingest(Troubled(), SpoolSink(tmp_path / "spool"), spending=spending)
    with TestClient(create_app(registry, ingest, spending=spending)) as client:
        client.portal.call(run, ingest)
        (source,) = client.get("/v1/status").json()["sources"]
        metrics = client.get("/metrics").text
    troubles = ["X cannot be reached; check the network"]
    assert source["health"] == {"connected": False, "rules": 2, "troubles": troubles}
    times = {"from": "2026-11-22T12:00:00.000Z", "to": "2026-11-22T12:02:00.000Z"}
    assert source["gaps"] == [{**times, "topics": ["tea"], "reason": "it broke", "filled": True}]
    assert 'twitterhandler_source_connected{source="x"} 0.0' in metrics
    assert "twitterhandler_month_posts 0.0" in metrics
    assert "twitterhandler_month_posts_limit 100.0" in metrics


@pytest.fixture
def several(tmp_path, registry):
    """Two loops over one queue: a file that can be read, and one that will be gone."""
    sink = SpoolSink(tmp_path / "spool")
    paths = [tmp_path / "whole.jsonl", tmp_path / "gone.jsonl"]
    for path in paths:
        path.write_text(f"{MESSAGE}\n")
    ingests = [Ingest(ReplaySource(path), sink) for path in paths]
    ingests[1]._source.name = "another"
    paths[1].unlink()
    return ingests


def test_several_sources_are_told_together_and_each(registry, several):
    with TestClient(create_app(registry, several)) as client:
        for ingest in several:
            with contextlib.suppress(SourceError):
                client.portal.call(run, ingest)
        status = client.get("/v1/status").json()
        whole, gone = status["sources"]
        assert (status["source"], status["state"]) == ("replay, another", "failed")
        assert (whole["source"], whole["state"], whole["failure"]) == ("replay", "ended", None)
        assert (gone["source"], gone["state"]) == ("another", "failed")
        assert status["failure"] == f"another: {gone['failure']}"
        assert [found["counts"]["posts"] for found in (status, whole, gone)] == [1, 1, 0]
        assert status["counts"]["by_topic"] == {"tea": 1}
        assert status["started_at"] == min(whole["started_at"], gone["started_at"])
        assert "another: " in is_problem(client.get("/readyz"), 503)
        metrics = client.get("/metrics").text
        assert 'twitterhandler_posts_total{source="replay"} 1.0' in metrics
        assert 'twitterhandler_posts_total{source="another"} 0.0' in metrics
        assert metrics.count("twitterhandler_sink_position ") == 3  # help, type, one value


def test_the_status_says_what_was_spent(registry, ingest, post):
    assert client_status(registry, ingest)["budget"] is None
    registry.add(Topic("tea", "tea", state="started"))
    spending = Spending(registry, Limits(price=Decimal("0.005"), posts=100), clock=FakeClock())
    spending.follow(registry.topics())
    spending.delivered(post(topics=("tea",)))
    assert client_status(registry, ingest, spending=spending)["budget"] == {
        "posts": 1,
        "money": 0.005,
        "most_posts": 100,
        "price": 0.005,
        "until": None,
        "topics": {"tea": {"posts": 1, "money": 0.005}},
    }


def client_status(registry, ingest, **more):
    with TestClient(create_app(registry, ingest, **more)) as client:
        return client.get("/v1/status").json()


class Counting:
    def __init__(self, answer):
        self.answer = answer

    async def counts(self, query):
        assert query == "tea lang:en"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def estimate(registry, ingest):
    """Asks for the estimate of a topic of which X counts `answer`."""
    registry.add(Topic("tea", "tea", languages=("en",)))

    def ask(answer, slug="tea", headers=None, question=None):
        estimator = Estimator(["x", "sim"], Limits(price=Decimal("0.005")), Counting(answer))
        with TestClient(create_app(registry, ingest, estimator=estimator, token=SecretStr("s3cret"))) as client:
            headers = {"Authorization": "Bearer s3cret"} if headers is None else headers
            if question:
                return client.post("/v1/queries/estimate", json=question, headers=headers)
            return client.get(f"/v1/topics/{slug}/estimate", headers=headers)

    return ask


def test_an_estimate_is_made_of_what_x_counts(estimate, post):
    start = post().created_at
    answer = estimate([Span(start, start + timedelta(days=1), 100)]).json()
    on_x, simulated = answer["items"]
    assert on_x == {
        "network": "x",
        "posts_a_day": 100.0,
        "posts_a_month": 3000.0,
        "money_a_day": 0.5,
        "money_a_month": 15.0,
        "days": [{"start": "2026-11-22T12:00:00.000Z", "end": "2026-11-23T12:00:00.000Z", "posts": 100}],
        "reason": None,
    }
    assert (simulated["network"], simulated["posts_a_day"], simulated["money_a_day"]) == ("sim", None, 0)


def test_an_estimate_needs_no_topic(estimate, registry, post):
    start = post().created_at
    counted = [Span(start, start + timedelta(days=1), 100)]
    question = {"query": "tea", "languages": ["en"]}
    assert estimate(counted, question=question).json() == estimate(counted).json()
    (on_x,) = estimate(counted, question={**question, "sources": ["x"]}).json()["items"]
    assert on_x["network"] == "x"
    assert [topic.slug for topic in registry.topics()] == ["tea"]
    wrong = estimate(counted, question={"query": "tea (green"})
    assert "never closed" in is_problem(wrong, 422)
    assert wrong.json()["position"] == 4
    assert "sources" in is_problem(estimate(counted, question={**question, "sources": ["myspace"]}), 422)
    is_problem(estimate(counted, question=question, headers={}), 401)
    is_problem(estimate(SourceUnavailableError("X answered 503; wait", "server"), question=question), 503)


def test_an_estimate_that_cannot_be_made_says_why(estimate):
    unavailable = SourceUnavailableError("X answered 503; it is tried again", "server")
    assert "503" in is_problem(estimate(unavailable), 503)
    assert "key" in is_problem(estimate(SourceRefusedError("X answered 401; set a key")), 502)
    assert "nope" in is_problem(estimate([], slug="nope"), 404)
    is_problem(estimate([], headers={}), 401)


def test_health_readiness_and_metrics(client, ingest):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"ready": True}
    client.portal.call(run, ingest)
    text = client.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    assert 'twitterhandler_topic_posts_total{source="replay",topic="tea"} 1.0' in text.text
    assert 'twitterhandler_dead_total{source="replay"} 1.0' in text.text
    assert 'twitterhandler_source_up{source="replay"} 0.0' in text.text


def test_not_ready_names_what_is_down(client, ingest, registry, tmp_path):
    (tmp_path / "posts.jsonl").unlink()
    with pytest.raises(SourceError):
        client.portal.call(run, ingest)
    assert "posts.jsonl" in is_problem(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200
    registry.path.write_text("this was a database once")
    assert "topics.db" in is_problem(client.get("/readyz"), 503)
    assert "topics.db" in is_problem(client.get("/v1/topics"), 503)


def test_with_a_token_only_its_owner_changes(registry, ingest):
    with TestClient(create_app(registry, ingest, token=SecretStr("s3cret"))) as client:
        assert client.get("/v1/topics").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            refused = client.post("/v1/topics", json=CUP, headers=headers)
            assert "Bearer" in is_problem(refused, 401)
            assert refused.headers["www-authenticate"] == "Bearer"
        assert client.post("/v1/topics", json=CUP, headers={"Authorization": "Bearer s3cret"}).status_code == 201


def test_the_description_has_examples(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["NewTopic"]["examples"]
    assert schemas["TopicAnswer"]["examples"]
    assert client.get("/docs").status_code == 200
