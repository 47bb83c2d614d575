"""What can be asked of the views: windows, filters, steps; and the words of a topic's own query."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias, TypedDict, Unpack

from sparkstream.annotation import EMOTIONS, SENTIMENTS, AnnotatedPost
from sparkstream.cleaning import finder, folded
from sparkstream.errors import QueryError
from sparkstream.rollups import FACETS, MAX_TERM
from sparkstream.schema import KINDS
from sparkstream.times import DAY, HOUR, MINUTE, ceil, floor, format_time

Lens: TypeAlias = Literal["posts", "authors", "messages"]
Facet: TypeAlias = Literal["keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"]
Sentiment: TypeAlias = Literal["positive", "neutral", "negative", "not_rated"]
Emotion: TypeAlias = Literal["joy", "love", "surprise", "sadness", "anger", "fear", "none", "not_rated"]
Kind: TypeAlias = Literal["original", "repost", "quote", "reply"]
Step: TypeAlias = Literal["1m", "5m", "15m", "1h", "1d"]

STEPS: Final[dict[Step, int]] = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "1d": DAY}
MAX_STEPS: Final = 2_000
"""Items of one series: a month of hours, a day of minutes, five years of days."""
DEFAULT_WINDOW: Final = 15 * MINUTE
_LANGUAGE: Final = re.compile("[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*")
"""RFC 5646, 2.1: subtags of at most eight letters and digits."""


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

    def __str__(self) -> str:
        return f"{self.facet} {self.term}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which posts an answer is of: those that pass everything that is not None.

    Attributes:
        term: what a facet counts, as tops name it.
        word: what the text has to hold, see `cleaning.finder`.
    """

    sentiment: str | None = None
    emotion: str | None = None
    kind: str | None = None
    lang: str | None = None
    term: Term | None = None
    word: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)

    @property
    def is_stored(self) -> bool:
        """Whether views hold the sums of what passes: nothing is asked, one sentiment, or one term."""
        return self.asked in ((), ("sentiment",), ("term",))

    @property
    def counted(self) -> tuple[str, str] | None:
        """Dimension and label, where one emotion, kind or language is all that is asked: views count its posts."""
        name, *more = self.asked or ("",)
        return (name, str(getattr(self, name))) if name in ("emotion", "kind", "lang") and not more else None

    def passes(self, post: AnnotatedPost) -> bool:
        return (
            all(
                wanted is None or wanted == label
                for wanted, label in (
                    (self.sentiment, post.sentiment),
                    (self.emotion, post.emotion),
                    (self.kind, post.kind),
                    (self.lang, post.lang),
                )
            )
            and (self.term is None or _carries(post, self.term))
            and (self.word is None or finder(self.word)(post.record["text"]))
        )


UNFILTERED: Final = Filter()


def _carries(post: AnnotatedPost, term: Term) -> bool:
    return any(text[:MAX_TERM] == term.term for text in post.terms_of(term.facet))


class Asked(TypedDict, total=False):
    """The parameters of a filter, as requests name them."""

    sentiment: str | None
    emotion: str | None
    kind: str | None
    lang: str | None
    facet: str | None
    term: str | None
    q: str | None


def make_filter(**asked: Unpack[Asked]) -> Filter:
    """A filter from what was asked, any of it together.

    Raises:
        QueryError: unknown names, half a term, no language tag, not one word.
    """
    for name, known in (("sentiment", SENTIMENTS), ("emotion", EMOTIONS), ("kind", KINDS), ("facet", FACETS)):
        value = asked.get(name)
        if value is not None and value not in known:
            raise QueryError(f"{name} {value!r} is none of {', '.join(known)}")
    facet, term, lang = asked.get("facet"), asked.get("term"), asked.get("lang")
    if (facet is None) != (term is None):
        raise QueryError("a term filter needs both `facet` and `term`")
    if lang is not None and not _LANGUAGE.fullmatch(lang):
        raise QueryError(f"lang {lang!r} is no language tag; write it as a summary's `languages` do: en, pt, und")
    return Filter(
        sentiment=asked.get("sentiment"),
        emotion=asked.get("emotion"),
        kind=asked.get("kind"),
        lang=lang,
        term=Term(facet, term) if facet is not None and term is not None else None,
        word=_word(asked.get("q")),
    )


def _word(asked: str | None) -> str | None:
    if asked is None:
        return None
    word = asked.strip()
    if not word or len(word.split()) > 1 or len(word) > MAX_TERM:
        raise QueryError(f"q takes one word of at most {MAX_TERM} characters, and `facet` with `term` a second one")
    return folded(word)


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
