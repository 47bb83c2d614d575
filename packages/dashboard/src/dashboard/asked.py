"""What a page may ask for beside a topic: a filter, and a fixed period instead of a live window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from dashboard.errors import QuestionError
from dashboard.messages import RATED, STEP_SECONDS, Step

Facet = Literal["keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"]
SENTIMENTS: Final = (*RATED, "not_rated")
EMOTIONS: Final = ("joy", "love", "surprise", "sadness", "anger", "fear", "none", "not_rated")
KINDS: Final = ("original", "repost", "quote", "reply")
_LANGUAGE: Final = re.compile("[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*")
_LONGEST_WORD: Final = 200

# Up to this long, a period is drawn in steps of this length: never more than some 200 bars.
_STEPS: Final[tuple[tuple[timedelta, Step], ...]] = (
    (timedelta(hours=2), "1m"),
    (timedelta(hours=12), "5m"),
    (timedelta(hours=36), "15m"),
    (timedelta(days=8), "1h"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What posts have to pass, any of it together; `q` is one word of their text."""

    sentiment: str | None = None
    emotion: str | None = None
    kind: str | None = None
    lang: str | None = None
    facet: str | None = None
    term: str | None = None
    q: str | None = None

    def __bool__(self) -> bool:
        return self != NO_FILTER

    def parameters(self, prefix: str = "") -> dict[str, str]:
        """As a query; a top's own `facet` says what is listed, so its term filter is prefixed by `with_`."""
        named = {
            "sentiment": self.sentiment,
            "emotion": self.emotion,
            "kind": self.kind,
            "lang": self.lang,
            f"{prefix}facet": self.facet,
            f"{prefix}term": self.term,
            "q": self.q,
        }
        return {name: value for name, value in named.items() if value is not None}


NO_FILTER: Final = Filter()


def make_filter(query: Mapping[str, str]) -> Filter:
    """The filter of an address.

    Raises:
        QuestionError: unknown names, half a term, no language, not one word.
    """
    only = Filter(**{field.name: query.get(field.name) or None for field in fields(Filter)})
    known = (("sentiment", SENTIMENTS), ("emotion", EMOTIONS), ("kind", KINDS), ("facet", get_args(Facet)))
    for name, choices in known:
        value = getattr(only, name)
        if value is not None and value not in choices:
            raise QuestionError(f"{name} {value!r} is none of {', '.join(choices)}")
    if (only.facet is None) != (only.term is None):
        raise QuestionError("a filter by a term needs both facet and term")
    if only.lang is not None and not _LANGUAGE.fullmatch(only.lang):
        raise QuestionError(f"lang {only.lang!r} is no language; write it as en, pt or und")
    if only.q is not None and (len(only.q.split()) != 1 or len(only.q) > _LONGEST_WORD):
        raise QuestionError(f"q takes one word of at most {_LONGEST_WORD} characters")
    return only


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end), both on an edge of `step`: the bars of a figure add up to the number above it."""

    start: datetime
    end: datetime
    step: Step

    def parameters(self) -> dict[str, str]:
        return {"from": _iso(self.start), "to": _iso(self.end)}


def make_period(start: str | None, end: str | None) -> Period:
    """A fixed period from what was asked, widened to whole steps.

    Raises:
        QuestionError: a time is none or has no offset, or `from` does not lie before `to`.
    """
    first, last = _time("from", start), _time("to", end)
    if first >= last:
        raise QuestionError(f"the period is empty: from, {_iso(first)}, has to lie before to, {_iso(last)}")
    step: Step = next((step for longest, step in _STEPS if last - first <= longest), "1d")
    seconds = STEP_SECONDS[step]
    return Period(_at(first.timestamp() // seconds * seconds), _at(-(-last.timestamp() // seconds) * seconds), step)


def _time(name: str, value: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((value or "").replace(" ", "+"))  # a bare + in an address is read as a space
        if moment.tzinfo is not None and 1970 < moment.astimezone(UTC).year < 2999:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise QuestionError(f"{name} {value!r} is no time; write it as 2026-11-22T21:59:00Z")


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
