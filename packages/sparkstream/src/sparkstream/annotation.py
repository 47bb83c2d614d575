"""Posts with what was found in them: the rows of the master set, and the seam to what finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from sparkstream import cleaning
from sparkstream.schema import Post

SENTIMENTS: Final = ("positive", "neutral", "negative", "not_rated")
EMOTIONS: Final = ("joy", "love", "surprise", "sadness", "anger", "fear", "none", "not_rated")


_ENVELOPE: Final = frozenset({"schema", "event"})


class Label(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Entity(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def type(self) -> str: ...


class Keyword(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def score(self) -> float: ...


class Analysis(Protocol):
    """Columns as long as the batch, or None for a capability that is off."""

    @property
    def entities(self) -> Sequence[Sequence[Entity]] | None: ...
    @property
    def keywords(self) -> Sequence[Sequence[Keyword]] | None: ...
    @property
    def sentiment(self) -> Sequence[Label] | None: ...
    @property
    def emotion(self) -> Sequence[Label] | None: ...


class Annotator(Protocol):
    """Finds meaning in a batch of texts (docs/contracts/annotation.md). It is built once in each worker process."""

    @property
    def versions(self) -> Mapping[str, str]: ...
    def analyze(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Analysis: ...


AnnotatorFactory: TypeAlias = Callable[[], Annotator]
"""Makes an annotator where it is needed; has to pickle, the annotator need not."""


@dataclass(frozen=True, slots=True)
class AnnotatedPost:
    """A post as the master set holds it, once for each of its topics. Times in milliseconds."""

    id: str
    event_time: int
    received_at: int
    author: str
    message_key: str
    kind: str
    lang: str
    sentiment: str
    emotion: str
    record: Mapping[str, Any]

    @property
    def terms(self) -> dict[str, tuple[str, ...]]:
        """The distinct terms of each facet that has any, as views count them; an entity's is `TYPE:text`.

        Found anew each time: who pages through posts needs them of few, and they cost as much as all else of a post.
        """
        return {facet: terms for facet in _READ if (terms := self.terms_of(facet))}

    def terms_of(self, facet: str) -> tuple[str, ...]:
        """The same of one facet."""
        return tuple(dict.fromkeys(_READ[facet](self.record)))

    @property
    def version(self) -> int:
        """Above 0 for an edited post."""
        version: int = self.record.get("version", 0)
        return version


def annotate(posts: Sequence[Post], annotator: Annotator) -> list[AnnotatedPost]:
    """One call of the annotator for all of them, in their order."""
    records = [{name: part for name, part in post.record.items() if name not in _ENVELOPE} for post in posts]
    return [
        from_record(record, post.event_time, post.received_at)
        for post, record in zip(posts, _annotated(records, annotator), strict=True)
    ]


def annotate_again(posts: Sequence[AnnotatedPost], annotator: Annotator) -> list[AnnotatedPost]:
    """Held posts with what is found in them now; all else stays."""
    return [
        from_record(record, post.event_time, post.received_at)
        for post, record in zip(posts, _annotated([post.record for post in posts], annotator), strict=True)
    ]


def _annotated(records: Sequence[Mapping[str, Any]], annotator: Annotator) -> Iterator[dict[str, Any]]:
    if not records:
        return
    found = annotator.analyze([record["text"] for record in records], [record["lang"] for record in records])
    versions = dict(annotator.versions)
    for index, record in enumerate(records):
        yield {**record, **_findings(record, found, index), "models": versions}


def _findings(record: Mapping[str, Any], found: Analysis, index: int) -> dict[str, Any]:
    text = record["text"]
    return {
        "sentiment": _label(found.sentiment, index),
        "emotion": _label(found.emotion, index),
        "entities": [{"text": entity.text, "type": entity.type} for entity in found.entities[index]]
        if found.entities is not None
        else [],
        "keywords": [{"text": word.text, "score": round(word.score, 6)} for word in found.keywords[index]]
        if found.keywords is not None
        else [],
        "words": cleaning.words(text, record["lang"]),
        "domains": cleaning.domains(record["urls"]),
        "emoji": cleaning.emoji(text),
        "message_key": cleaning.message_key(text),
    }


def from_record(record: Mapping[str, Any], event_time: int, received_at: int) -> AnnotatedPost:
    """Read a row of the master set back."""
    return AnnotatedPost(
        id=record["id"],
        event_time=event_time,
        received_at=received_at,
        author=record["author"]["id"],
        message_key=record["message_key"],
        kind=record["kind"],
        lang=record["lang"],
        sentiment=record["sentiment"]["label"],
        emotion=record["emotion"]["label"],
        record=record,
    )


def _label(column: Sequence[Label] | None, index: int) -> dict[str, Any]:
    if column is None:
        return {"label": "not_rated", "confidence": 0.0}
    return {"label": column[index].label, "confidence": round(column[index].confidence, 4)}


_READ: Final[dict[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "keyword": lambda record: [keyword["text"].casefold() for keyword in record["keywords"]],
    "entity": lambda record: [f"{entity['type']}:{entity['text']}" for entity in record["entities"]],
    "hashtag": lambda record: [tag.casefold() for tag in record["hashtags"]],
    "mention": lambda record: [handle.casefold() for handle in record["mentions"]],
    "domain": lambda record: record["domains"],
    "emoji": lambda record: record["emoji"],
    "word": lambda record: record["words"],
}
