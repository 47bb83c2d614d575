"""What is found in a text: the values that `Analyzer` gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

EntityType = Literal["PERSON", "ORG", "PLACE", "PRODUCT", "EVENT", "WORK", "GROUP", "OTHER"]
SentimentLabel = Literal["positive", "neutral", "negative", "not_rated"]
EmotionLabel = Literal["sadness", "joy", "love", "anger", "fear", "surprise", "none", "not_rated"]
Capability = Literal["entities", "keywords", "sentiment", "emotion"]

CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
CLASSES: Mapping[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "emotion": ("sadness", "joy", "love", "anger", "fear", "surprise", "none"),
}
"""What each classifier chooses from, in the order of its probabilities."""
NONE_FROM = 0.30
"""From this probability on a text's emotion is `none`, though one may be a little likelier; the model has it so."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A name, as it stands in the text."""

    text: str
    type: EntityType


@dataclass(frozen=True, slots=True)
class Keyword:
    """A phrase of the text in lower case; the lower its score (YAKE), the more it says about the text."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Label:
    """A label with the calibrated probability that it is right; 0.0 when the text was not rated."""

    label: str
    confidence: float


NOT_RATED = Label("not_rated", 0.0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Columns, each as long as the texts; None for a capability that is off."""

    entities: list[list[Entity]] | None = None
    keywords: list[list[Keyword]] | None = None
    sentiment: list[Label] | None = None
    emotion: list[Label] | None = None

    def rows(self, length: int) -> Iterator[dict[str, Any]]:
        """One plain dict a text, with the capabilities that are on; ready for JSON."""
        columns = {
            "entities": _plain_lists(self.entities, ("text", "type")),
            "keywords": _plain_lists(self.keywords, ("text", "score")),
            "sentiment": _plain(self.sentiment, ("label", "confidence")),
            "emotion": _plain(self.emotion, ("label", "confidence")),
        }
        present = {name: column for name, column in columns.items() if column is not None}
        for index in range(length):
            yield {name: column[index] for name, column in present.items()}


def _plain(column: Sequence[object] | None, names: tuple[str, ...]) -> list[dict[str, Any]] | None:
    return None if column is None else [{name: getattr(value, name) for name in names} for value in column]


def _plain_lists(column: Sequence[Sequence[object]] | None, names: tuple[str, ...]) -> list[Any] | None:
    return None if column is None else [_plain(values, names) for values in column]
