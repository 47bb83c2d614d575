"""What can be asked of the views: windows, filters, steps; and the words of a topic's own query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sparkstream.annotation import SENTIMENTS
from sparkstream.errors import QueryError
from sparkstream.rollups import FACETS
from sparkstream.times import DAY, HOUR, MINUTE, ceil, floor, format_time

Lens: TypeAlias = Literal["posts", "authors", "messages"]
Facet: TypeAlias = Literal["keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"]
Sentiment: TypeAlias = Literal["positive", "neutral", "negative", "not_rated"]
Step: TypeAlias = Literal["1m", "5m", "15m", "1h", "1d"]

STEPS: Final[dict[Step, int]] = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "1d": DAY}
MAX_STEPS: Final = 2_000
"""Items of one series: a month of hours, a day of minutes, five years of days."""
DEFAULT_WINDOW: Final = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), both on a minute's edge."""

    start: int
    end: int

    @property
    def previous(self) -> Window:
        """The time of the same length just before."""
        return Window(2 * self.start - self.end, self.start)


def window(start: int | None, end: int | None, *, now: int) -> Window:
    """A window from what was asked, floored to the minute; by default the last 15 minutes, the open one included.

    Raises:
        QueryError: it is empty or runs backwards.
    """
    last = ceil(now + 1, MINUTE) if end is None else floor(end, MINUTE)
    first = last - DEFAULT_WINDOW if start is None else floor(start, MINUTE)
    if first >= last:
        raise QueryError(
            f"the period from {format_time(first)} to {format_time(last)} is empty;"
            " `from` has to lie at least a minute before `to`"
        )
    return Window(first, last)


@dataclass(frozen=True, slots=True)
class Term:
    facet: str
    term: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Nothing, one sentiment, or one term: what views can answer without the posts."""

    sentiment: str | None = None
    term: Term | None = None


UNFILTERED: Final = Filter()


def make_filter(*, sentiment: str | None = None, facet: str | None = None, term: str | None = None) -> Filter:
    """A filter from what was asked.

    Raises:
        QueryError: unknown names, half a term, or two filters at once.
    """
    if sentiment is not None and sentiment not in SENTIMENTS:
        raise QueryError(f"sentiment {sentiment!r} is none of {', '.join(SENTIMENTS)}")
    if facet is not None and facet not in FACETS:
        raise QueryError(f"facet {facet!r} is none of {', '.join(FACETS)}")
    if (facet is None) != (term is None):
        raise QueryError("a term filter needs both `facet` and `term`")
    if sentiment is not None and term is not None:
        raise QueryError("one filter at a time: `sentiment`, or `facet` with `term`")
    return Filter(sentiment, Term(facet, term) if facet is not None and term is not None else None)


_QUOTED_OR_BARE = re.compile(r'"([^"]*)"|([^\s()"]+)')
_OPERATOR = re.compile(r"^[a-z_]+:", re.IGNORECASE)


def query_words(query: str | None) -> frozenset[str]:
    """What a topic's own query asks for, case-folded: hidden in tops, because it is in every post."""
    found: set[str] = set()
    for quoted, bare in _QUOTED_OR_BARE.findall(query or ""):
        if quoted:
            found |= {quoted.casefold(), *quoted.casefold().split()}
        elif bare not in ("OR", "AND") and not bare.startswith("-") and not _OPERATOR.match(bare):
            found.add(bare.lstrip("#@$").casefold())
    return frozenset(found - {""})
