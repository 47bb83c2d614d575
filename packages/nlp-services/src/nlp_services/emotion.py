"""The strongest of six emotions, or none: a link to the news has no emotion."""

from collections.abc import Sequence
from typing import get_args

from nlp_services.annotations import EmotionLabel, Label
from nlp_services.backends.base import TextClassifier
from nlp_services.rating import rate

_LABELS = frozenset(get_args(EmotionLabel))


def rate_emotion(texts: Sequence[str], languages: Sequence[str], classifier: TextClassifier) -> list[Label]:
    return rate(texts, languages, classifier, known=_LABELS)
