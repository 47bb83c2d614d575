import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from trending.api import EXAMPLE, EmergingAnswer, create_app
from trending.errors import TrendingError
from trending.problems import STATUS
from trending.providers.stream import StreamProvider
from trending.providers.views import ViewClient
from trending.testing import FakeViews

NOW = datetime(2026, 11, 22, 21, 59, 30, tzinfo=UTC)
PROBLEM = "application/problem+json"


def client_for(url: str, token: SecretStr | None = None) -> TestClient:
    return TestClient(create_app(StreamProvider(ViewClient(url), now=lambda: NOW), token=token))


@pytest.fixture
def client(views_url: str) -> Iterator[TestClient]:
    with client_for(views_url) as client:
        yield client


def test_what_rises_is_answered_best_first(client: TestClient) -> None:
    answer = client.get("/v1/emerging/cup-final", params={"window": "15m", "limit": 2})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["topic"], body["window"]) == (
        "cup-final",
        {"from": "2026-11-22T21:45:00.000Z", "to": "2026-11-22T22:00:00.000Z"},
    )
    assert body["baseline"]["to"] == body["window"]["from"]
    first, second = body["items"]
    assert first["score"] >= second["score"]
    assert (first["facet"], first["text"], first["type"]) == ("entity", "Mira Voss", "PERSON")
    assert set(second) == {"facet", "term", "posts", "expected", "lift", "score"}


def test_the_answer_says_how_much_of_the_time_is_known(client: TestClient, views: FakeViews) -> None:
    assert client.get("/v1/emerging/cup-final").json()["coverage"] == "full"
    views.gaps = [(NOW - timedelta(hours=3), NOW, False)]
    unknown = client.get("/v1/emerging/cup-final?window=30m").json()
    assert (unknown["coverage"], unknown["items"]) == ("none", [])


def test_an_answer_is_kept_for_a_moment(client: TestClient, views: FakeViews) -> None:
    answers = [client.get("/v1/emerging/cup-final").json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert views.pages["/v1/topics"] == 1


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/emerging/nobody", 404, "nobody"),
        ("/v1/emerging/cup-final?window=soon", 422, "soon"),
        ("/v1/emerging/cup-final?limit=0", 422, "limit"),
        ("/v1/nothing", 404, "Not Found"),
    ],
)
def test_errors_are_problems(client: TestClient, path: str, status: int, says: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    assert says in answer.json()["detail"]


def test_a_view_api_that_is_down_is_named(client: TestClient, views: FakeViews, views_url: str) -> None:
    assert client.get("/readyz").status_code == 200
    views.status = 503
    for path in ("/v1/emerging/cup-final", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert views_url in answer.json()["detail"]
    assert client.get("/healthz").status_code == 200
    views.status = 200
    assert client.get("/v1/emerging/cup-final").status_code == 200  # the failure was not kept


def test_a_token_guards_the_answers_and_not_the_health(views_url: str) -> None:
    with client_for(views_url, SecretStr("s3cret")) as client:
        assert client.get("/v1/emerging/cup-final").status_code == 401
        assert client.get("/v1/emerging/cup-final", headers={"Authorization": "Bearer s3cret"}).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_metrics_count_answers_by_route_and_not_by_topic(client: TestClient) -> None:
    client.get("/v1/emerging/cup-final")
    client.get("/v1/emerging/nobody")
    text = client.get("/metrics").text
    assert 'trending_requests_total{route="/v1/emerging/{topic}",status="200"} 1.0' in text
    assert 'trending_requests_total{route="/v1/emerging/{topic}",status="404"} 1.0' in text
    assert "nobody" not in text


def test_the_example_of_the_documentation_is_an_answer(client: TestClient) -> None:
    shown = client.get("/openapi.json").json()["components"]["schemas"]["EmergingAnswer"]["example"]
    assert shown == EXAMPLE
    assert json.loads(EmergingAnswer.model_validate(shown).model_dump_json(by_alias=True, exclude_none=True)) == shown


def test_every_error_that_a_request_can_meet_has_a_status() -> None:
    def leaves(error: type[TrendingError]) -> Iterator[type[TrendingError]]:
        for child in error.__subclasses__():
            yield from leaves(child)
        if not error.__subclasses__():
            yield error

    of_the_program = {"SettingsError", "ServeError"}
    assert {error for error in leaves(TrendingError) if error.__name__ not in of_the_program} == set(STATUS)
