"""What stands beside a term: no view holds it, so it is folded from the newest posts that carry the term."""

from __future__ import annotations

from dataclasses import dataclass

from sparkstream.pages import post_page
from sparkstream.queries import Filter, Term, Window
from sparkstream.rollups import Rollup, fold
from sparkstream.stores.base import Store, TermCount


@dataclass(frozen=True, slots=True)
class Beside:
    """The sums of those posts; `complete` says whether they are all of the window."""

    term: Term
    rollup: Rollup
    complete: bool

    def top(self, facet: str, hidden: frozenset[str]) -> list[TermCount]:
        """Most first, ties by term; without the term itself and what is hidden."""
        counts = [
            TermCount(name, *sums)
            for (of, name), sums in self.rollup.terms.items()
            if of == facet and name != self.term.term and _shown(facet, name) not in hidden
        ]
        return sorted(counts, key=lambda count: (-count.posts, count.term))


def beside(store: Store, topic: str, window: Window, term: Term, *, scanned: int) -> Beside:
    """Of at most `scanned` posts looked at."""
    page = post_page(store, topic, window, Filter(term=term), limit=scanned, scanned=scanned)
    return Beside(term, fold(stored.post for stored in page.posts), page.next is None)


def _shown(facet: str, term: str) -> str:
    return term.partition(":")[2].casefold() if facet == "entity" else term
