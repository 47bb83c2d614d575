from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Facet = Literal["keyword", "hashtag", "entity"]
FACETS: tuple[Facet, ...] = get_args(Facet)


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open, UTC, on edges of minutes."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The posts of one period, `total` in all, and in how many of them each term of one facet stands.

    A list that was cut does not say how often the terms below its cut were said: `unlisted` is the most that one of
    them can have (0 for a whole list). A term read a moment after the total never has more posts than there are.
    """

    total: int
    posts: Mapping[str, int]
    unlisted: int = 0

    def __getitem__(self, term: str) -> int:
        return min(self.posts.get(term, self.unlisted), self.total)


@dataclass(frozen=True, slots=True)
class RisingTerm:
    """A term with its posts in the window, what the baseline let expect, their quotient, the z-score of the rise."""

    facet: Facet
    term: str
    posts: int
    expected: float
    lift: float
    score: float


@dataclass(frozen=True, slots=True)
class Emerging:
    """What rises in a topic, best first."""

    topic: str
    window: Period
    baseline: Period
    items: Sequence[RisingTerm]
