"""How good an analyzer is on labelled posts: the public benchmarks' measures, asked of the public API."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from nlp_services import scores
from nlp_services.analyzer import Analyzer
from nlp_services.annotations import CLASSES, NONE_FROM, NOT_RATED, Capability, Label
from nlp_services.errors import InputError
from nlp_services.labelled import Kind, Labelled, Window, kind_of, labelled, read_lines, window
from nlp_services.scores import Estimate, estimate

_NAMES = ("PERSON", "PLACE", "ORG")
_BATCH = 512
TOP = 3

Measures = Mapping[str, Estimate]


def evaluate_file(file: Path, analyzer: Analyzer) -> tuple[Kind, Measures]:
    """What the file is labelled for, and each measure of it.

    Raises:
        InputError: The file cannot be read, is empty or not labelled.
    """
    rows = read_lines(file)
    first = list(islice(rows, 1))
    if not first:
        raise InputError(f"{file} is empty; give labelled posts")
    kind = kind_of(first[0])
    lines = [*first, *rows]
    if kind == "keywords":
        return kind, keywords([window(row) for row in lines], analyzer)
    posts = [labelled(row) for row in lines]
    if kind == "entities":
        return kind, entities(posts, analyzer)
    return kind, sentiment(posts, analyzer) if kind == "sentiment" else emotion(posts, analyzer)


def sentiment(posts: Sequence[Labelled], analyzer: Analyzer) -> Measures:
    """The choice among three, as the benchmarks ask for it; and what is said with abstention."""
    posts, gold = _single(posts, CLASSES["sentiment"])
    found = choices(analyzer.probabilities("sentiment", [post.text for post in posts]), CLASSES["sentiment"])
    recall = scores.macro_recall(CLASSES["sentiment"])
    said = _said(posts, analyzer, "sentiment")
    rated = _rated(said)
    names = np.array([label.label for label in said])
    return {
        "macro recall": estimate(recall, gold, found),
        "accuracy": estimate(scores.accuracy, gold, found),
        "macro recall of rated": estimate(recall, gold[rated], names[rated]),
        **_spoken(posts, said),
    }


def emotion(posts: Sequence[Labelled], analyzer: Analyzer) -> Measures:
    """A choice among the set's labels where it allows one only; else whether there is an emotion at all."""
    if posts and posts[0].single:
        kept = sorted({label for post in posts for label in post.labels} & set(CLASSES["emotion"]))
        posts, gold = _single(posts, kept)
        found = choices(analyzer.probabilities("emotion", [post.text for post in posts]), kept)
        return {
            f"accuracy of {len(kept)}": estimate(scores.accuracy, gold, found),
            f"macro F1 of {len(kept)}": estimate(scores.macro_f1(kept), gold, found),
        }
    bare = np.array([not post.labels & set(CLASSES["emotion"][:-1]) for post in posts])
    chances = analyzer.probabilities("emotion", [post.text for post in posts])
    none = np.array([row["none"] >= NONE_FROM for row in chances])
    return {"none F1": estimate(scores.f1, bare, none), **_spoken(posts, _said(posts, analyzer, "emotion"))}


def entities(posts: Sequence[Labelled], analyzer: Analyzer) -> Measures:
    """F1 of names with their types, each once a post; exact in name and type; persons, places and organisations."""
    found = [
        {(entity.text, entity.type) for entity in names if entity.type in _NAMES}
        for batch in _batches(posts)
        for names in analyzer.analyze([post.text for post in batch], [post.language for post in batch]).entities or ()
    ]

    def of(types: Iterable[str]) -> Estimate:
        kept = set(types)
        pairs = [
            ({name for name in names if name[1] in kept}, {name for name in post.names if name[1] in kept})
            for names, post in zip(found, posts, strict=True)
        ]
        counts = np.array([(len(ours & theirs), len(ours), len(theirs)) for ours, theirs in pairs])
        return estimate(scores.counted_f1, *counts.T)

    return {"F1": of(_NAMES), **{f"F1 {kind}": of([kind]) for kind in _NAMES}}


def keywords(windows: Sequence[Window], analyzer: Analyzer) -> Measures:
    """Whether the topic that all posts of a window share is among the first keywords of that window."""
    hits = []
    for posts in windows:
        phrases = analyzer.window_keywords(posts.texts, ["en"] * len(posts.texts))[:TOP]
        hits.append(any(says(phrase.text, posts.topic) for phrase in phrases))
    return {f"topic in the top {TOP}": estimate(lambda hit: float(hit.mean()), np.array(hits))}


def choices(chances: Sequence[Mapping[str, float]], among: Sequence[str]) -> scores.Column:
    """The likeliest of some labels, one a text."""
    return np.array([max(among, key=row.__getitem__) for row in chances])


def says(phrase: str, topic: str) -> bool:
    """One has all letters of the other in a row, apart from spaces and marks, and at least half as many."""
    shorter, longer = sorted((re.sub(r"[\W_]+", "", words.casefold()) for words in (phrase, topic)), key=len)
    return bool(shorter) and shorter in longer and 2 * len(shorter) >= len(longer)


def _single(posts: Sequence[Labelled], classes: Sequence[str]) -> tuple[list[Labelled], scores.Column]:
    """The posts that have one of the labels, and these."""
    kept = [post for post in posts if post.labels & set(classes)]
    return kept, np.array([next(iter(post.labels & set(classes))) for post in kept])


def _said(posts: Sequence[Labelled], analyzer: Analyzer, capability: Capability) -> list[Label]:
    found: list[Label] = []
    for batch in _batches(posts):
        texts, languages = [post.text for post in batch], [post.language for post in batch]
        found += getattr(analyzer.analyze(texts, languages, only=[capability]), capability)
    return found


def _rated(said: Sequence[Label]) -> scores.Column:
    return np.array([label != NOT_RATED for label in said])


def _spoken(posts: Sequence[Labelled], said: Sequence[Label]) -> Measures:
    """How often a label is given at all, how often it is right then, and how far its confidence is from that."""
    rated = _rated(said)
    hits = np.array([_is_right(label.label, post.labels) for label, post in zip(said, posts, strict=True)])[rated]
    confidence = np.array([label.confidence for label in said])[rated]
    return {
        "rated": estimate(lambda given: float(given.mean()), rated),
        "right of rated": estimate(lambda hit: float(hit.mean()), hits),
        "calibration error": estimate(scores.calibration_error, confidence, hits),
    }


def _is_right(label: str, labels: frozenset[str]) -> bool:
    return label in labels or (label == "none" and not labels & set(CLASSES["emotion"][:-1]))


def _batches(posts: Sequence[Labelled]) -> Iterator[Sequence[Labelled]]:
    for start in range(0, len(posts), _BATCH):
        yield posts[start : start + _BATCH]
