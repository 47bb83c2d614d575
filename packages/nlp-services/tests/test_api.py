import time

import pytest
from fastapi.testclient import TestClient
from nlp_services import Analyzer
from nlp_services.api import create_app
from nlp_services.backends import http
from nlp_services.testing import served
from pydantic import SecretStr


@pytest.fixture(scope="module")
def client(analyzer):
    with TestClient(create_app(analyzer)) as client:
        yield client


def wait_until_ready(client: TestClient) -> None:
    deadline = time.monotonic() + 60
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, "the models did not load"


def test_analyze_gives_all_capabilities_and_their_versions(client):
    answer = client.post("/v1/analyze", json={"texts": ["Ada Lovelace is happy in London!", ""]}).json()

    assert [set(item) for item in answer["items"]] == [{"entities", "keywords", "sentiment", "emotion"}] * 2
    assert {"text": "London", "type": "PLACE"} in answer["items"][0]["entities"]
    assert answer["items"][0]["sentiment"]["label"] == "positive"
    assert set(answer["versions"]) == {"entities", "keywords", "sentiment", "emotion"}


@pytest.mark.parametrize("capability", ["entities", "keywords", "sentiment", "emotion"])
def test_a_capability_has_its_route(client, capability):
    answer = client.post(f"/v1/{capability}", json={"texts": ["so happy in London"], "languages": ["en"]}).json()

    assert list(answer["items"][0]) == [capability]
    assert list(answer["versions"]) == [capability]


def test_a_thousand_texts_are_taken_and_one_more_is_not(client):
    assert len(client.post("/v1/sentiment", json={"texts": ["fine"] * 1_000}).json()["items"]) == 1_000

    refused = client.post("/v1/sentiment", json={"texts": ["fine"] * 1_001})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "1000" in refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"texts": "one"},
        {"texts": [1]},
        {"texts": ["secret"], "languages": []},
        {"texts": ["secret" * 20_000]},
        {"text": []},
    ],
)
def test_a_wrong_body_is_a_problem_that_does_not_repeat_it(client, body):
    refused = client.post("/v1/analyze", json=body)

    assert refused.status_code == 422
    assert refused.json()["status"] == 422
    assert "secret" not in refused.text


def test_a_lone_surrogate_or_nul_does_not_refuse_the_batch(client):
    body = rb'{"texts": ["so \ud83d good", "nul \u0000", "so happy"]}'

    answer = client.post("/v1/analyze", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 200
    assert answer.json()["items"][2]["sentiment"]["label"] == "positive"


def test_a_service_of_one_capability_has_no_other_route():
    analyzer = Analyzer(entities=None, sentiment=None, emotion=None)
    with TestClient(create_app(analyzer)) as client:
        wait_until_ready(client)

        assert client.post("/v1/keywords", json={"texts": ["penalty shootout"]}).status_code == 200
        missing = client.post("/v1/entities", json={"texts": ["penalty shootout"]})

    assert missing.status_code == 404
    assert missing.json()["title"] == "Not Found"


def test_health_readiness_and_metrics(client):
    wait_until_ready(client)
    client.post("/v1/keywords", json={"texts": ["one", "two"]})

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert 'nlp_texts_total{route="keywords"}' in client.get("/metrics").text


def test_every_route_of_the_api_has_an_example(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["Batch"]["examples"]
    assert schemas["Answer"]["examples"]


def test_with_a_token_analysis_wants_it(analyzer):
    with TestClient(create_app(analyzer, token=SecretStr("0123456789abcdef"))) as client:
        batch = {"texts": ["fine"]}

        refused = client.post("/v1/keywords", json=batch)
        allowed = client.post("/v1/keywords", json=batch, headers={"Authorization": "Bearer 0123456789abcdef"})

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert allowed.status_code == 200


def test_a_backend_that_is_away_is_named_and_asked_again_until_it_is_there(analyzer, monkeypatch):
    monkeypatch.setattr(http, "PAUSES", ())
    with served(create_app(analyzer)) as url:
        remote = Analyzer(entities=None, keywords=url, sentiment=None, emotion=None)
    port = int(url.rpartition(":")[2])
    with TestClient(create_app(remote)) as client:
        deadline = time.monotonic() + 60
        while url not in client.get("/readyz").json()["detail"]:
            assert time.monotonic() < deadline, "the backend that is away was not named"
        refused = client.post("/v1/keywords", json={"texts": ["penalty shootout"]})
        with served(create_app(analyzer), port=port):
            wait_until_ready(client)

    assert refused.status_code == 503
    assert "start the server" in refused.json()["detail"]
