"""Labels by a text classifier, for the languages that it was trained on."""

from collections.abc import Sequence

from nlp_services.annotations import NOT_RATED, Label
from nlp_services.backends.base import TextClassifier
from nlp_services.errors import ModelError

RATED_LANGUAGES = frozenset({"en"})


def rate(
    texts: Sequence[str], languages: Sequence[str], classifier: TextClassifier, *, known: frozenset[str]
) -> list[Label]:
    """One label a text; `not_rated` in other languages, and where the classifier is not sure enough."""
    rated = [index for index, language in enumerate(languages) if language in RATED_LANGUAGES]
    labels = [NOT_RATED] * len(texts)
    if not rated:
        return labels
    answer = classifier.classify([texts[index] for index in rated])
    if strange := set(answer.labels) - known:
        raise ModelError(f"the model answers {sorted(strange)}, which are no labels of its capability; rebuild it")
    for index, label, confidence in zip(rated, answer.labels, answer.confidences, strict=True):
        labels[index] = NOT_RATED if label == NOT_RATED.label else Label(label, round(confidence, 4))
    return labels
