import importlib.util
import pickle

import pytest
from nlp_services import Analyzer
from nlp_services.api import create_app
from nlp_services.errors import ModelError, UnavailableError
from nlp_services.testing import served
from pydantic import SecretStr
from sparkstream.annotators import NotRated, annotator_factory
from sparkstream.annotators.nlp import NlpAnnotator, NlpFactory
from sparkstream.commands.upkeep import annotator_of
from sparkstream.errors import AnnotatorError, AnnotatorUnavailableError, MissingExtraError, SettingsError


def test_none_finds_nothing():
    annotator = annotator_factory("none:")()
    assert isinstance(annotator, NotRated)
    found = annotator.analyze(["tea"], ["en"])
    assert found.entities is found.keywords is found.sentiment is found.emotion is None
    assert annotator.versions == {}


@pytest.mark.parametrize(
    "url",
    ["", "local", "http://", "ftp://host", "none:?soup=local:", "none:?keywords", "none:?keywords=soup:"],
)
def test_another_url_is_one_line_that_says_how_to_write_it(url):
    with pytest.raises(SettingsError, match="is no annotator; write local:, none:, or http://HOST:9004"):
        annotator_factory(url)


def test_a_place_that_a_capability_cannot_have_is_said_before_the_job_starts():
    with pytest.raises(SettingsError, match="entities: no backend for"):
        annotator_factory("none:?entities=http://127.0.0.1:8501/v1/models/entities")


def test_each_capability_has_the_place_that_is_named_for_it_or_that_of_all():
    assert annotator_factory("local:") == NlpFactory()
    service = "http://127.0.0.1:9004"
    assert annotator_factory(service) == NlpFactory(service, service, service, service)
    models = "http://127.0.0.1:8501/v1/models"
    asked = f"none:?keywords={service}&sentiment={models}/sentiment&emotion=local:"
    assert annotator_factory(asked) == NlpFactory(None, service, f"{models}/sentiment", "local:")
    assert annotator_factory("none:?keywords=none:") is NotRated


def test_a_worker_gets_one_that_is_equal_and_keeps_its_annotator():
    factory = annotator_factory("none:?keywords=http://127.0.0.1:9004")
    assert pickle.loads(pickle.dumps(factory)) == factory
    assert hash(pickle.loads(pickle.dumps(factory))) == hash(factory)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (UnavailableError("http://nlp does not answer; start the server"), AnnotatorUnavailableError),
        (ModelError("http://nlp refuses the request; is its URL right?"), AnnotatorError),
    ],
)
def test_an_error_of_a_service_is_ours_and_may_pass_as_it_says(error, ours):
    class Failing:
        @property
        def versions(self):
            raise error

        def analyze(self, *_):
            raise error

    annotator = NlpAnnotator(Failing())
    with pytest.raises(ours, match="http://nlp") as caught:
        annotator.analyze(["tea"])
    assert type(caught.value) is ours
    assert caught.value.retriable == error.retriable
    with pytest.raises(ours):
        _ = annotator.versions


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("sparkstream.annotators.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sparkstream\[nlp\]'"):
        annotator_factory("local:")


TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def guarded():
    """The annotator of a real nlp-services that wants a token; keywords alone are quick to load."""
    keywords = Analyzer(entities=None, sentiment=None, emotion=None)
    with served(create_app(keywords, token=SecretStr(TOKEN))) as url:
        yield f"none:?keywords={url}"


def test_a_service_that_wants_a_token_gets_the_one_of_the_settings(guarded, monkeypatch):
    monkeypatch.setenv("SPARKSTREAM_ANNOTATOR_TOKEN", TOKEN)
    factory = annotator_of(guarded)
    found = pickle.loads(pickle.dumps(factory))().analyze(["The copper kettle sings"], ["en"])
    assert "copper kettle" in {keyword.text for keyword in found.keywords[0]}
    assert TOKEN not in repr(factory)


@pytest.mark.parametrize("token", [None, "another-of-sixteen"])
def test_without_its_token_a_service_ends_the_job_with_what_to_set(guarded, monkeypatch, token):
    monkeypatch.delenv("SPARKSTREAM_ANNOTATOR_TOKEN", raising=False)
    if token is not None:
        monkeypatch.setenv("SPARKSTREAM_ANNOTATOR_TOKEN", token)
    with pytest.raises(AnnotatorError, match=r"wants a token.*SPARKSTREAM_ANNOTATOR_TOKEN") as caught:
        annotator_of(guarded)().analyze(["The copper kettle sings"], ["en"])
    assert not caught.value.retriable


def test_a_token_that_cannot_be_sent_is_said_before_the_job_starts(guarded):
    with pytest.raises(SettingsError, match="no header can carry"):
        annotator_factory(guarded, token=f"{TOKEN}\n")
