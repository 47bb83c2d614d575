"""Sums over annotated posts: pure, and the same whatever the order or the grouping.

`fold(a + b) == merge(fold(a), fold(b))` holds for every split (a property test keeps it), which is why the job may add
the sums of micro-batches and a rebuild may fold the master set, and both are equal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sparkstream.annotation import AnnotatedPost
from sparkstream.times import MINUTE, STORED_STEPS, Span, floor

FACETS: Final = ("keyword", "entity", "hashtag", "mention", "domain", "emoji", "word")
DIMENSIONS: Final = ("sentiment", "emotion", "kind", "lang")
RATED: Final = ("positive", "neutral", "negative")
MAX_TERM: Final = 200
"""Characters of a term that are counted: a hashtag of X has at most 100, a name more than 200 is none."""
_COLUMNS: Final = {label: column for column, label in enumerate(RATED, start=1)}


@dataclass(slots=True)
class Rollup:
    """Sums of one topic over one period.

    Attributes:
        posts: how many.
        counts: dimension → label → posts.
        authors: sentiment label → ids of the distinct authors with such a post.
        messages: sentiment label → keys of the distinct messages.
        terms: (facet, term) → [posts, positive, neutral, negative].
        newest: the latest event time, milliseconds.
    """

    posts: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in DIMENSIONS})
    authors: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    messages: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    terms: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    newest: int = 0

    def add(self, post: AnnotatedPost, *, terms: bool = True) -> None:
        """Count a post; without its terms where they are not asked for."""
        self.posts += 1
        self.newest = max(self.newest, post.event_time)
        for dimension, label in zip(DIMENSIONS, (post.sentiment, post.emotion, post.kind, post.lang), strict=True):
            self.counts[dimension][label] += 1
        self.authors[post.sentiment].add(post.author)
        self.messages[post.sentiment].add(post.message_key)
        if terms:
            self._add_terms(post)

    def _add_terms(self, post: AnnotatedPost) -> None:
        column, held = _COLUMNS.get(post.sentiment), self.terms
        for facet, found in post.terms.items():
            for term in found if max(map(len, found)) <= MAX_TERM else dict.fromkeys(text[:MAX_TERM] for text in found):
                sums = held.get((facet, term))
                if sums is None:
                    sums = held[facet, term] = [0, 0, 0, 0]
                sums[0] += 1
                if column is not None:
                    sums[column] += 1

    def merge(self, other: Rollup) -> None:
        """Add the sums of posts that are not in this one."""
        self.posts += other.posts
        self.newest = max(self.newest, other.newest)
        for dimension, labels in other.counts.items():
            self.counts[dimension].update(labels)
        for label, authors in other.authors.items():
            self.authors[label] |= authors
        for label, messages in other.messages.items():
            self.messages[label] |= messages
        held = self.terms  # spelled out: half of all that a fold does is done here
        for key, more in other.terms.items():
            sums = held.get(key)
            if sums is None:
                held[key] = more.copy()
            else:
                sums[0] += more[0]
                sums[1] += more[1]
                sums[2] += more[2]
                sums[3] += more[3]

    def to_json(self) -> dict[str, Any]:
        """What crosses from a worker to the driver."""
        return {
            "posts": self.posts,
            "newest": self.newest,
            "counts": self.counts,
            "authors": {label: list(authors) for label, authors in self.authors.items()},
            "messages": {label: list(messages) for label, messages in self.messages.items()},
            "terms": [[facet, term, *sums] for (facet, term), sums in self.terms.items()],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Rollup:
        rollup = cls(posts=data["posts"], newest=data["newest"])
        for dimension, labels in data["counts"].items():
            rollup.counts[dimension].update(labels)
        for label, authors in data["authors"].items():
            rollup.authors[label] = set(authors)
        for label, messages in data["messages"].items():
            rollup.messages[label] = set(messages)
        rollup.terms = {(facet, term): sums for facet, term, *sums in data["terms"]}
        return rollup


def fold(posts: Iterable[AnnotatedPost]) -> Rollup:
    rollup = Rollup()
    for post in posts:
        rollup.add(post)
    return rollup


def fold_minutes(posts: Iterable[AnnotatedPost]) -> dict[int, Rollup]:
    """Sums by the start of the minute."""
    minutes: dict[int, Rollup] = defaultdict(Rollup)
    for post in posts:
        minutes[floor(post.event_time, MINUTE)].add(post)
    return dict(minutes)


def fold_periods(posts: Iterable[AnnotatedPost]) -> dict[Span, Rollup]:
    """Sums of every minute, hour and day that holds any of them: hours from minutes, days from hours."""
    periods: dict[Span, Rollup] = {}
    finer: Mapping[int, Rollup] = fold_minutes(posts)
    for step in STORED_STEPS:
        sums = finer if step == MINUTE else _merged(finer, step)
        periods |= {Span(step, start, start + step): rollup for start, rollup in sums.items()}
        finer = sums
    return periods


def _merged(finer: Mapping[int, Rollup], step: int) -> dict[int, Rollup]:
    sums: dict[int, Rollup] = defaultdict(Rollup)
    for start, rollup in finer.items():
        sums[floor(start, step)].merge(rollup)
    return dict(sums)
