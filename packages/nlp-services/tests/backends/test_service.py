import json
import pickle

import pytest
from nlp_services import Analyzer, BackendError, ModelError
from nlp_services.api import create_app
from nlp_services.errors import DeniedError
from nlp_services.testing import served
from pydantic import SecretStr

TEXTS = [
    "Ada Lovelace is happy in London!",
    "RT @ada: worst penalty shootout ever https://example.org",
    "Der Zug nach Berlin fällt heute leider aus",
    "",
    "\ud800 hm",
]


@pytest.fixture(scope="module")
def service(analyzer):
    with served(create_app(analyzer)) as url:
        yield url


def test_each_capability_by_url_is_what_it_is_in_process(service, analyzer):
    remote = Analyzer(entities=service, keywords=service, sentiment=service, emotion=f"{service}/")

    assert remote.analyze(TEXTS) == analyzer.analyze(TEXTS)
    assert remote.versions == analyzer.versions


def test_more_texts_than_a_call_takes_go_in_batches(service):
    texts = [f"a fine day number {number}" for number in range(1_100)]

    found = Analyzer(entities=None, keywords=None, emotion=None, sentiment=service).analyze(texts, ["en"] * 1_100)

    assert len(found.sentiment) == 1_100


def test_keywords_of_a_window_are_found_in_process_only(service):
    with pytest.raises(BackendError, match="use `local:` for them"):
        Analyzer(keywords=service).window_keywords(["penalty shootout"], ["en"])


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"items": []},
        {"items": [], "versions": {"entities": "1"}},
        {"items": [{}], "versions": {"entities": "1"}},
        {"items": [{"entities": [{"text": "Ada"}]}], "versions": {"entities": "1"}},
        {"items": [{"entities": 1}], "versions": {"entities": "1"}},
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_no_entity(answer):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    with served(app) as url, pytest.raises(ModelError, match="does not answer as nlp-services does"):
        Analyzer(entities=url, keywords=None, sentiment=None, emotion=None).analyze(["Ada"], ["en"])


TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def guarded():
    """A service that wants a token; keywords alone are quick to load."""
    with served(create_app(keywords_of("local:"), token=SecretStr(TOKEN))) as url:
        yield url


def keywords_of(url, token=None):
    return Analyzer(entities=None, keywords=url, sentiment=None, emotion=None, token=token)


def test_a_service_that_wants_a_token_gets_it_from_a_worker_too(guarded):
    remote = keywords_of(guarded, TOKEN)
    for analyzer in (remote, pickle.loads(pickle.dumps(remote))):
        assert analyzer.analyze(TEXTS) == keywords_of("local:").analyze(TEXTS)


@pytest.mark.parametrize("token", [None, "another-of-sixteen"])
def test_a_service_that_does_not_get_its_token_is_no_passing_trouble_and_says_what_to_give(guarded, token):
    with pytest.raises(DeniedError, match=f"{guarded} wants a token.*NLP_SERVICES_TOKEN") as caught:
        keywords_of(guarded, token).analyze(["Ada"], ["en"])
    assert not caught.value.retriable
    assert "another-of-sixteen" not in str(caught.value)


def test_a_token_that_no_header_can_carry_is_said_before_anything_is_asked_and_not_repeated():
    with pytest.raises(BackendError, match="no header can carry") as caught:
        keywords_of("http://127.0.0.1:9", f"{TOKEN}\n")
    assert TOKEN not in str(caught.value)


def test_a_token_is_not_sent_to_tensorflow_serving():
    asked = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            asked.append(dict(scope["headers"]))
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    with served(app) as url:
        models = f"{url}/v1/models/sentiment"
        remote = Analyzer(entities=None, keywords=None, sentiment=models, emotion=None, token=TOKEN)
        with pytest.raises(ModelError):
            remote.analyze(["Ada is happy"], ["en"])
    assert asked
    assert not any(b"authorization" in headers for headers in asked)
