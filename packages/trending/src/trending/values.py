from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

Facet = Literal["keyword", "hashtag", "entity"]
FACETS: tuple[Facet, ...] = get_args(Facet)
Coverage = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open, UTC, on edges of minutes."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


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
    """What rises in a topic, best first.

    `window` and `baseline` are what was compared: the time that was asked for (`full`), or that of it of which all is
    known (`partial`). `none`: too little is known, nothing was compared, and what rises is unknown.
    """

    topic: str
    window: Period
    baseline: Period
    items: Sequence[RisingTerm]
    coverage: Coverage = "full"
