"""How sums are kept, the same in every store: which sketches, when a period closes, what a close cuts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

from sparkstream.annotation import SENTIMENTS
from sparkstream.rollups import Rollup
from sparkstream.sketches import sketch, union
from sparkstream.stores.base import Delta, TermCount
from sparkstream.times import MINUTE, STORED_STEPS, Span, floor

CLOSING_DELAY: Final = 10 * MINUTE
"""How far past the end of a period the newest post of its topic has to be for the period to close."""
KEPT_TERMS: Final = {step: 200 if step == MINUTE else 1_000 for step in STORED_STEPS}
"""Terms a facet that a closed period keeps: the ones with most posts, ties by term."""
SKETCHES: Final = ("all", *SENTIMENTS)
"""The sketches of a period, of its authors and again of its messages."""

WRITTEN: Final = 10_000
"""Terms of one transaction: under 100 ms with its sync on a laptop's disk."""

BySentiment: TypeAlias = dict[str, bytes | None]
"""A sketch by its label; None where nothing was counted."""

Terms = dict[tuple[str, str], list[int]]
"""(facet, term) → [posts, positive, neutral, negative], as a rollup has them."""


def sketch_columns(labels: Sequence[str] = SKETCHES) -> tuple[str, ...]:
    """What the sketches of some labels are called in a store: those of authors, then those of messages."""
    return tuple(f"{what}_{label}" for what in ("authors", "messages") for label in labels)


def split_sketches(labels: Sequence[str], sketches: Sequence[bytes | None]) -> tuple[BySentiment, BySentiment]:
    """Authors and messages out of columns in the order of `sketch_columns`."""
    authors, messages = sketches[: len(labels)], sketches[len(labels) :]
    return dict(zip(labels, authors, strict=True)), dict(zip(labels, messages, strict=True))


def by_period(deltas: Iterable[Delta]) -> dict[tuple[str, Span], Rollup]:
    """What deltas add to every minute, hour and day; to be read only, as what one delta alone adds to is that delta's.

    Periods to which the same is added have the same rollup. Of a live stream nearly all of a micro-batch is of one
    minute, so that its terms are copied once at most.
    """
    minutes: dict[tuple[str, int], list[Rollup]] = defaultdict(list)
    for delta in deltas:
        minutes[delta.topic, delta.minute].append(delta.rollup)
    sums: dict[tuple[str, Span], list[Rollup]] = defaultdict(list)
    for (topic, minute), some in minutes.items():
        rollup = _merged(some)
        for period in periods_of(minute):
            sums[topic, period].append(rollup)
    merged: dict[tuple[int, ...], Rollup] = {}  # a day often has the minutes of its hour
    for some in sums.values():
        key = tuple(map(id, some))
        if key not in merged:
            merged[key] = _merged(some)
    return {period: merged[tuple(map(id, some))] for period, some in sums.items()}


def _merged(some: Sequence[Rollup]) -> Rollup:
    if len(some) == 1:
        return some[0]
    whole = Rollup()
    for rollup in some:
        whole.merge(rollup)
    return whole


def periods_of(minute: int) -> list[Span]:
    """The minute, the hour and the day that a minute lies in."""
    return [Span(step, floor(minute, step), floor(minute, step) + step) for step in STORED_STEPS]


def newest(deltas: Iterable[Delta]) -> dict[str, int]:
    """The latest event time of each topic."""
    found: dict[str, int] = {}
    for delta in deltas:
        found[delta.topic] = max(found.get(delta.topic, 0), delta.rollup.newest)
    return found


def add_sketches(stored: Sequence[bytes | None] | None, fresh: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Those that a period has, or none yet, with new ones united, in the order of `new_sketches`."""
    if stored is None:
        return fresh
    return [union([old, new]) if old and new else old or new for old, new in zip(stored, fresh, strict=True)]


def new_sketches(rollup: Rollup) -> list[bytes | None]:
    """Of the authors in the order of SKETCHES, then of the messages."""
    return [*_sketches(rollup.authors), *_sketches(rollup.messages)]


def sketches_of(rollups: Iterable[Rollup]) -> dict[int, list[bytes | None]]:
    """Those of each rollup by its `id`, made once: one rollup is often of a minute, its hour and its day."""
    return {key: new_sketches(rollup) for key, rollup in {id(rollup): rollup for rollup in rollups}.items()}


def _sketches(by_label: Mapping[str, set[str]]) -> Iterator[bytes | None]:
    found = {label: sketch(keys) for label, keys in by_label.items() if keys}
    yield next(iter(found.values())) if len(found) == 1 else sketch(set[str]().union(*by_label.values()))
    yield from (found.get(label) for label in SENTIMENTS)


def add_counts(stored: Mapping[str, Mapping[str, int]], rollup: Rollup) -> dict[str, dict[str, int]]:
    counts = {dimension: dict(labels) for dimension, labels in stored.items()}
    for dimension, labels in rollup.counts.items():
        into = counts.setdefault(dimension, {})
        for label, count in labels.items():
            into[label] = into.get(label, 0) + count
    return counts


def cut_terms(terms: Terms, step: int) -> tuple[Terms, bool]:
    """What a closed period keeps of its terms, and whether that is less than it had."""
    if len(terms) <= KEPT_TERMS[step]:
        return terms, False
    facets: dict[str, list[tuple[str, list[int]]]] = {}
    for (facet, term), sums in terms.items():
        facets.setdefault(facet, []).append((term, sums))
    kept: Terms = {}
    for facet, some in facets.items():
        kept |= {(facet, term): sums for term, sums in _most(some, KEPT_TERMS[step])}
    return kept, len(kept) < len(terms)


def _most(terms: list[tuple[str, list[int]]], number: int) -> list[tuple[str, list[int]]]:
    """Those with most posts, ties by term: only the ties are put in order, not the whole of a day."""
    if len(terms) <= number:
        return terms
    least = sorted((sums[0] for _, sums in terms), reverse=True)[number - 1]
    more = [pair for pair in terms if pair[1][0] > least]
    return more + sorted(pair for pair in terms if pair[1][0] == least)[: number - len(more)]


def by_size(sums: Sequence[tuple[Span, Rollup]]) -> Iterator[list[tuple[Span, Rollup]]]:
    """As many as one transaction writes."""
    some: list[tuple[Span, Rollup]] = []
    terms = 0
    for period, rollup in sums:
        some.append((period, rollup))
        terms += len(rollup.terms)
        if terms >= WRITTEN:
            yield some
            some, terms = [], 0
    if some:
        yield some


def rank(counts: Iterable[TermCount], facet: str, *, by: str, hidden: frozenset[str] = frozenset()) -> list[TermCount]:
    """A whole top: most first by the column `by`, ties by term; none of 0 and nothing hidden."""
    column: Callable[[TermCount], int] = not_rated if by == "not_rated" else attrgetter(by)
    shown = [count for count in counts if column(count) > 0 and shown_term(facet, count.term) not in hidden]
    return sorted(shown, key=lambda count: (-column(count), count.term))


def not_rated(count: TermCount) -> int:
    return count.posts - count.positive - count.neutral - count.negative


def shown_term(facet: str, term: str) -> str:
    """The words of a term as a query would have them: an entity's without its type, case-folded."""
    return term.partition(":")[2].casefold() if facet == "entity" else term


def add_up_terms(*layers: Iterable[TermCount]) -> dict[str, TermCount]:
    """The counts of each term over several lots of them."""
    sums: dict[str, TermCount] = {}
    for layer in layers:
        for more in layer:
            old = sums.get(more.term)
            sums[more.term] = more if old is None else plus(old, more)
    return sums


def plus(one: TermCount, other: TermCount) -> TermCount:
    return TermCount(
        one.term,
        one.posts + other.posts,
        one.positive + other.positive,
        one.neutral + other.neutral,
        one.negative + other.negative,
    )
