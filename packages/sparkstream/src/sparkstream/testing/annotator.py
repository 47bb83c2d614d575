"""An annotator without models: what it finds follows from the text alone, so a test can say beforehand what has to be
counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from sparkstream.annotation import EMOTIONS, SENTIMENTS


@dataclass(frozen=True, slots=True)
class KnownLabel:
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class KnownEntity:
    text: str
    type: str


@dataclass(frozen=True, slots=True)
class KnownKeyword:
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class KnownAnalysis:
    entities: Sequence[Sequence[KnownEntity]]
    keywords: Sequence[Sequence[KnownKeyword]]
    sentiment: Sequence[KnownLabel]
    emotion: Sequence[KnownLabel]


class KnownAnnotator:
    """Labels by the checksum of the text; its capitalised words are entities, its three longest words keywords."""

    @property
    def versions(self) -> Mapping[str, str]:
        return {"sentiment": "known", "emotion": "known"}

    def analyze(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> KnownAnalysis:
        return KnownAnalysis(
            entities=[[KnownEntity(word, "OTHER") for word in text.split() if word.istitle()] for text in texts],
            keywords=[
                [
                    KnownKeyword(word, 1 / len(word))
                    for word in sorted(set(text.split()), key=lambda word: (-len(word), word))[:3]
                ]
                for text in texts
            ],
            sentiment=[KnownLabel(sentiment_of(text), 0.5) for text in texts],
            emotion=[KnownLabel(EMOTIONS[_checksum(text) // 7 % len(EMOTIONS)], 0.5) for text in texts],
        )


def sentiment_of(text: str) -> str:
    return SENTIMENTS[_checksum(text) % len(SENTIMENTS)]


def _checksum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
