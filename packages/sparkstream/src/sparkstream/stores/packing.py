"""Sums as the batch views keep them: of each period one row, of each facet of its terms one text.

A period is written once and read whole, so its terms need no rows of their own: there would be ten times as many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from sparkstream.rollups import Rollup
from sparkstream.stores.base import TermCount
from sparkstream.stores.summing import cut_terms, new_sketches, rank
from sparkstream.times import Span

WRITTEN: Final = 2 << 20
"""Bytes of one transaction: under 100 ms with its sync on a laptop's disk."""


@dataclass(frozen=True, slots=True)
class PackedSums:
    """Of one period, its tops cut.

    Attributes:
        counts: JSON, {dimension: {label: posts}}.
        sketches: of the authors in the order of SKETCHES, then of the messages.
        terms: facet → JSON, [[term, posts, positive, neutral, negative]]; without the facets that have none.
    """

    period: Span
    posts: int
    counts: str
    cut: bool
    sketches: tuple[bytes | None, ...]
    terms: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes, about."""
        return 200 + sum(map(len, self.terms.values())) + sum(len(sketch) for sketch in self.sketches if sketch)


def pack(period: Span, rollup: Rollup) -> PackedSums:
    terms, cut = cut_terms(rollup.terms, period.step)
    facets: dict[str, list[tuple[str, int, int, int, int]]] = {}
    for (facet, term), (posts, positive, neutral, negative) in terms.items():
        facets.setdefault(facet, []).append((term, posts, positive, neutral, negative))
    return PackedSums(
        period,
        rollup.posts,
        orjson.dumps(rollup.counts).decode(),
        cut,
        tuple(new_sketches(rollup)),
        {facet: orjson.dumps(rows).decode() for facet, rows in facets.items()},
    )


def pack_all(sums: Iterable[tuple[Span, Rollup]]) -> list[PackedSums]:
    return [pack(period, rollup) for period, rollup in sums]


def by_bytes(sums: Iterable[PackedSums]) -> Iterator[list[PackedSums]]:
    """As many as one transaction writes."""
    some, size = list[PackedSums](), 0
    for packed in sums:
        some.append(packed)
        size += packed.size
        if size >= WRITTEN:
            yield some
            some, size = [], 0
    if some:
        yield some


class PackedTerms:
    """The part of a `ViewReader` that reads terms, over texts as `pack` makes them."""

    def texts(self, topic: str, spans: Sequence[Span], facet: str) -> Iterator[tuple[int, str]]:
        """The start and the terms of each period of the spans that may be read."""
        raise NotImplementedError

    def top(
        self,
        topic: str,
        spans: Sequence[Span],
        facet: str,
        *,
        by: str,
        limit: int,
        offset: int = 0,
        hidden: frozenset[str] = frozenset(),
    ) -> list[TermCount]:
        sums: dict[str, list[int]] = {}
        for _, text in self.texts(topic, spans, facet):
            for term, posts, positive, neutral, negative in orjson.loads(text):
                found = sums.get(term)
                if found is None:
                    sums[term] = [posts, positive, neutral, negative]
                else:
                    found[0] += posts
                    found[1] += positive
                    found[2] += neutral
                    found[3] += negative
        counts = (TermCount(term, *found) for term, found in sums.items())
        return rank(counts, facet, by=by, hidden=hidden)[offset : offset + limit]

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]:
        sums: dict[str, list[int]] = {}
        for _, (term, *counts) in self._rows(topic, spans, facet, frozenset(terms)):
            sums[term] = [one + more for one, more in zip(sums.get(term, (0, 0, 0, 0)), counts, strict=True)]
        return {term: TermCount(term, *counts) for term, counts in sums.items()}

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        return {start: TermCount(*row) for start, row in self._rows(topic, spans, facet, frozenset([term]))}

    def _rows(
        self, topic: str, spans: Sequence[Span], facet: str, wanted: Collection[str]
    ) -> Iterator[tuple[int, tuple[str, int, int, int, int]]]:
        if not wanted:
            return
        needle = _needle(wanted)
        for start, text in self.texts(topic, spans, facet):
            if needle in text:
                yield from ((start, row) for row in orjson.loads(text) if row[0] in wanted)


def _needle(wanted: Collection[str]) -> str:
    """What a text holds that has the one term which is wanted: most texts need not be parsed to know that it is not
    there. Empty, which all texts hold, for several terms, and for one that may be escaped in more than one way.
    """
    term = next(iter(wanted))
    plain = len(wanted) == 1 and term.isprintable() and not set(term) & {'"', "\\", "/"}
    return f'["{term}",' if plain else ""
