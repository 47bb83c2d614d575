import json

import pytest
from nlp_services import Analyzer, BackendError, ModelError
from nlp_services.api import create_app
from nlp_services.testing import served

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
