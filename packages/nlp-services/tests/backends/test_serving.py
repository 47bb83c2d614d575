import asyncio
import json
import os

import pytest
from backends.contract import ServingContract
from nlp_services import Analyzer, InputError, ModelError, UnavailableError
from nlp_services.backends.http import PAUSES, JsonServer
from nlp_services.backends.serving import ServingClassifier
from nlp_services.cards import load_card
from nlp_services.testing import create_serving_app, served

REAL = os.environ.get("TF_SERVING_URL")


@pytest.fixture(scope="module")
def fake():
    with served(create_serving_app({name: load_card(name).folder for name in ("sentiment", "emotion")})) as url:
        yield f"{url}/v1/models"


class TestTheFake(ServingContract):
    @pytest.fixture
    def models(self, fake):
        return f"{fake}/sentiment"


if REAL:

    class TestTheRealOne(ServingContract):
        @pytest.fixture
        def models(self):
            return f"{REAL}/v1/models/sentiment"


def test_an_analyzer_rates_by_servers_as_it_does_in_process(fake, analyzer):
    remote = Analyzer(entities=None, keywords=None, sentiment=f"{fake}/sentiment", emotion=f"{fake}/emotion/versions/1")
    texts, languages = ["so happy today!", "Qué golazo", "I'm furious", "\ud800 hm"], ["en", "es", "en", "en"]

    there, here = remote.analyze(texts, languages), analyzer.analyze(texts, languages)

    assert [label.label for label in there.sentiment] == [label.label for label in here.sentiment]
    assert [label.label for label in there.emotion] == [label.label for label in here.emotion]
    assert remote.versions == {"sentiment": "1", "emotion": "1"}
    assert set(remote.probabilities("emotion", ["hm"])[0]) >= {"joy", "none"}


class Answers:
    """A server that says what it is told to, one answer after the other; the last one again and again."""

    def __init__(self, *answers: tuple[int, object]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        status, body = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": content})


GOOD = {"outputs": {"label": ["positive"], "confidence": [0.9], "probabilities": [[0.05, 0.05, 0.9]]}}


def test_a_server_that_was_away_for_a_moment_is_asked_again():
    answers, slept = Answers((503, {}), (429, {}), (200, GOOD)), []
    with served(answers) as url:
        found = ServingClassifier(f"{url}/m", 3, sleep=slept.append).classify(["so happy"])

    assert found.labels == ["positive"]
    assert slept == list(PAUSES[:2])


def test_a_server_that_stays_away_is_a_retriable_error_and_no_label():
    answers, slept = Answers((503, {})), []
    with served(answers) as url, pytest.raises(UnavailableError, match=r"does not answer \(status 503\)") as failed:
        ServingClassifier(f"{url}/m", 3, sleep=slept.append).classify(["so happy"])

    assert failed.value.retriable
    assert slept == list(PAUSES)


def test_a_server_that_is_down_is_a_retriable_error():
    with served(Answers((200, GOOD))) as url:
        pass

    with pytest.raises(UnavailableError, match="start the server, or wait"):
        JsonServer(url, sleep=lambda _: None).get("/metadata")


def test_a_server_that_is_slow_is_a_retriable_error():
    async def slow(scope, receive, send):
        while scope["type"] == "http" and (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)

    with served(slow) as url, pytest.raises(UnavailableError, match="does not answer"):
        ServingClassifier(f"{url}/m", 3, sleep=lambda _: None, timeout=0.05).classify(["so happy"])


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        [],
        "outputs",
        {"label": ["positive"]},
        {"label": [], "confidence": [], "probabilities": []},
        {"label": [1], "confidence": [0.9], "probabilities": [[0, 0, 1]]},
        {"label": ["positive"], "confidence": ["much"], "probabilities": [[0, 0, 1]]},
        {"label": ["positive"], "confidence": [0.9], "probabilities": [[0, 1]]},
        {"label": ["positive"], "confidence": [0.9], "probabilities": [None]},
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_no_label(outputs):
    with served(Answers((200, {"outputs": outputs}))) as url, pytest.raises(ModelError, match="serve the SavedModel"):
        ServingClassifier(f"{url}/m", 3).classify(["so happy"])


@pytest.mark.parametrize(
    ("answer", "message"),
    [((404, {}), "status 404"), ((200, b"<html>"), "not answer in JSON"), ((200, []), "another shape")],
)
def test_what_is_no_such_server_is_an_error_at_once(answer, message):
    answers = Answers(answer)
    with served(answers) as url, pytest.raises(ModelError, match=message):
        _ = ServingClassifier(f"{url}/m", 3).version

    assert answers.asked == 1


@pytest.mark.parametrize(
    "metadata",
    [{}, {"metadata": []}, {"metadata": {"signature_def": {"signature_def": {}}}, "model_spec": {"version": "1"}}],
)
def test_metadata_of_no_model_are_an_error(metadata):
    with served(Answers((200, metadata))) as url, pytest.raises(ModelError, match="no metadata of a model"):
        _ = ServingClassifier(f"{url}/m", 3).version


def test_a_model_of_other_outputs_is_named():
    signature = {"serving_default": {"inputs": {}, "outputs": {"scores": {}}}}
    found = {"model_spec": {"version": "1"}, "metadata": {"signature_def": {"signature_def": signature}}}
    with (
        served(Answers((200, found))) as url,
        pytest.raises(ModelError, match="a model without confidence, label, probabilities"),
    ):
        _ = ServingClassifier(f"{url}/m", 3).version


def test_a_label_that_is_none_of_the_capability_is_an_error():
    strange = {"outputs": GOOD["outputs"] | {"label": ["splendid"]}}
    with served(Answers((200, strange))) as url:
        analyzer = Analyzer(entities=None, keywords=None, emotion=None, sentiment=f"{url}/v1/models/sentiment")

        with pytest.raises(ModelError, match="splendid"):
            analyzer.analyze(["so happy"], ["en"])


def test_texts_in_another_language_ask_no_server():
    answers = Answers((200, GOOD))
    with served(answers) as url:
        analyzer = Analyzer(entities=None, keywords=None, emotion=None, sentiment=f"{url}/v1/models/sentiment")
        analyzer.analyze(["Qué golazo"], ["es"])

    assert answers.asked == 0


def test_what_is_no_probability_of_a_service_is_refused():
    service = {"items": [{"sentiment": {"label": "positive", "confidence": 0.9}}], "versions": {"sentiment": "1"}}
    with served(Answers((200, service))) as url, pytest.raises(InputError, match="gives labels only"):
        Analyzer(sentiment=url).probabilities("sentiment", ["so happy"])
