"""nlp-services finds what sparkstream asks for: docs/contracts/annotation.md."""

from typing import get_args

import pytest
from nlp_services.annotations import EmotionLabel, SentimentLabel
from sparkstream.annotation import EMOTIONS, SENTIMENTS, Annotator
from sparkstream.annotators import annotator_factory

TEXTS = ["I love this! Ada Lovelace was wonderful in London 🎉", "¡Qué golazo!", "", "\ud800 \x00"]


@pytest.fixture(scope="module")
def annotator() -> Annotator:
    return annotator_factory("local:")()


def test_the_labels_are_the_same() -> None:
    assert set(SENTIMENTS) == set(get_args(SentimentLabel))
    assert set(EMOTIONS) == set(get_args(EmotionLabel))


def test_columns_are_as_long_as_the_texts(annotator: Annotator) -> None:
    found = annotator.analyze(TEXTS, ["en", "es", "und", "en"])
    for column in (found.entities, found.keywords, found.sentiment, found.emotion):
        assert column is not None
        assert len(column) == len(TEXTS)


def test_every_value_is_one_of_the_contract(annotator: Annotator) -> None:
    found = annotator.analyze(TEXTS)
    types = {"PERSON", "ORG", "PLACE", "PRODUCT", "EVENT", "WORK", "GROUP", "OTHER"}
    assert {entity.type for entities in found.entities or () for entity in entities} <= types
    assert {label.label for label in found.sentiment or ()} <= set(SENTIMENTS)
    assert {label.label for label in found.emotion or ()} <= set(EMOTIONS)
    assert all(label.confidence == 0.0 for label in found.sentiment or () if label.label == "not_rated")
    assert all(keyword.text and keyword.score >= 0 for keywords in found.keywords or () for keyword in keywords)


def test_it_says_which_models_it_used(annotator: Annotator) -> None:
    assert set(annotator.versions) == {"entities", "keywords", "sentiment", "emotion"}


def test_nothing_is_asked_of_an_empty_batch(annotator: Annotator) -> None:
    assert list(annotator.analyze([]).sentiment or []) == []
