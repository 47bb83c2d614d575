import importlib.util

import pytest
from sparkstream.annotators import NotRated, annotator_factory
from sparkstream.errors import MissingExtraError, SettingsError


def test_none_finds_nothing():
    annotator = annotator_factory("none:")()
    assert isinstance(annotator, NotRated)
    found = annotator.analyze(["tea"], ["en"])
    assert found.entities is found.keywords is found.sentiment is found.emotion is None
    assert annotator.versions == {}


@pytest.mark.parametrize("url", ["", "local", "http://127.0.0.1:9004"])
def test_another_url_is_one_line_that_says_how_to_write_it(url):
    with pytest.raises(SettingsError, match="is no annotator; write local: or none:"):
        annotator_factory(url)


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("sparkstream.annotators.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sparkstream\[nlp\]'"):
        annotator_factory("local:")
