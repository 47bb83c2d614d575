"""What a capability needs of a backend. Texts come clean: valid UTF-8, no longer than `texts.MAX_CHARACTERS`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """A name as a tagger found it: its text and the tagger's own label."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Classified:
    """One label and one probability a text; the label is `not_rated` where the classifier abstained.

    Attributes:
        probabilities: One row a text, in the order of `annotations.CLASSES`; given where it abstained too. None at all
            from a backend that does not tell them.
    """

    labels: list[str]
    confidences: list[float]
    probabilities: list[list[float]]


class EntityTagger(Protocol):
    """Finds names in a batch of texts."""

    @property
    def version(self) -> str: ...
    def tag(self, texts: Sequence[str]) -> list[list[Span]]: ...


class KeywordExtractor(Protocol):
    """Finds scored phrases in one language's texts; the language decides the stop words."""

    @property
    def version(self) -> str: ...
    def extract(self, texts: Sequence[str], language: str, *, top: int) -> list[list[tuple[str, float]]]: ...


class TextClassifier(Protocol):
    """Labels a batch of raw texts; calibration and abstention are its own."""

    @property
    def version(self) -> str: ...
    def classify(self, texts: Sequence[str]) -> Classified: ...


class LanguageDetector(Protocol):
    """Names the language of a text, BCP 47 primary subtag."""

    def detect(self, text: str) -> str: ...
