"""Positive, neutral or negative: what a text sounds like as a whole."""

from collections.abc import Sequence
from typing import get_args

from nlp_services.annotations import Label, SentimentLabel
from nlp_services.backends.base import TextClassifier
from nlp_services.rating import rate

_LABELS = frozenset(get_args(SentimentLabel))


def rate_sentiment(texts: Sequence[str], languages: Sequence[str], classifier: TextClassifier) -> list[Label]:
    return rate(texts, languages, classifier, known=_LABELS)
