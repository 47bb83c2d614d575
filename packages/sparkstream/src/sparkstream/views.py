"""Answers about a topic, as docs/contracts/views.md gives them: JSON-ready dicts made from stored sums.

What no view holds, filters together and what stands beside a term, is counted from the newest posts (`scans`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import copy
from typing import NamedTuple, TypeAlias, TypedDict, Unpack

from sparkstream.answers import (
    UNKNOWN,
    Json,
    labels_of,
    layers,
    nothing,
    of_sentiment,
    series_item,
    summary_part,
    term_item,
    term_series_item,
    term_summary,
    topic_item,
)
from sparkstream.errors import QueryError, StoreError, UnknownTopicError
from sparkstream.heard import Heard, heard
from sparkstream.pages import Page, decode_cursor, encode_cursor, post_page
from sparkstream.queries import MAX_STEPS, STEPS, UNFILTERED, Filter, Lens, Step, Window, query_words
from sparkstream.rollups import Rollup
from sparkstream.scans import PAGED, Scan, Scans, nothing_read
from sparkstream.stores.base import Store, TermCount, Topic
from sparkstream.sums import add_up, count, group, of_rollup, stored_step
from sparkstream.times import MINUTE, Span, ceil, cover, floor, format_time


class AskedTop(TypedDict, total=False):
    """How a top is asked for; by default the first 20 terms of all posts, without the words of the topic's query."""

    only: Filter
    limit: int
    cursor: str | None
    query_words_too: bool


class _Shown(NamedTuple):
    """Which part of a top."""

    offset: int
    limit: int
    hidden: frozenset[str]


_Tops: TypeAlias = tuple[dict[str, list[Json]], Json]
"""Items by facet, and what is said of all of them."""


class Views:
    """Questions to a store. Every method reads; none holds a transaction between two calls.

    Raises (from all that take a topic):
        UnknownTopicError: no post and no event has named it.
        QueryError: the question has no answer.
        StoreError: the store cannot be read.
    """

    def __init__(self, store: Store, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.store = store
        self.clock = clock
        self._scans = Scans(store)
        self._at_once = False
        self._version: str | None = None

    def at_once(self) -> Views:
        """The same views for several questions about one moment: their posts are read once, whatever is added, and they
        all do without a layer that is down.
        """
        same = copy(self)
        same.store, same._at_once, same._version = self.store.at_once(), True, None
        return same

    def _scan(self, slug: str, window: Window, only: Filter) -> Scan:
        """Nothing is read while the layer is down that has the posts."""
        version = self._version or self.store.version()
        if self._at_once:
            self._version = version
        try:
            return self._scans.of(version, slug, window, only)
        except StoreError:
            if "batch" not in self.store.down():
                raise
            return nothing_read(window, only)

    def _both_scans(self, slug: str, window: Window, only: Filter) -> tuple[Scan, Scan]:
        """Of a window and of the one before; there is nothing to compare when the first is not complete."""
        now = self._scan(slug, window, only)
        return now, self._scan(slug, window.previous, only) if now.complete else nothing_read(window.previous, only)

    def topics(self) -> Json:
        topics, status = self.store.topics(), self.store.status()
        now = self.clock() if status is None else min(status.updated_at, self.clock())
        items = [topic_item(topic, now) for topic in topics]
        return {
            "items": items,
            "next": None,
            "layers": layers(self.store.layers()),
        }

    def topic(self, slug: str) -> Topic:
        topic = self.store.topic(slug)
        if topic is None:
            raise UnknownTopicError(slug)
        return topic

    def summary(self, slug: str, window: Window, *, lens: Lens = "posts", only: Filter = UNFILTERED) -> Json:
        self.topic(slug)
        head = {"topic": slug, "from": format_time(window.start), "to": format_time(window.end), "lens": lens}
        previous = window.previous
        now, before = (None, None) if only.is_stored else self._both_scans(slug, window, only)
        part = {
            "from": format_time(previous.start),
            "to": format_time(previous.end),
            **self._summary(slug, previous, lens, only, before),
        }
        return {
            **head,
            **self._summary(slug, window, lens, only, now),
            "previous": part,
            "layers": layers(self.store.layers(slug)),
        }

    def _summary(self, slug: str, window: Window, lens: Lens, only: Filter, scan: Scan | None) -> Json:
        spans = cover(window.start, window.end)
        if scan is not None:
            found = summary_part(of_rollup(scan.whole), lens, None) | _counted(scan) | {"exact": scan.complete}
            if not scan.complete:
                known = count(self.store.periods(slug, spans, ()), *only.counted) if only.counted else None
                posts = known if known is not None else scan.whole.posts or None
                found |= {"posts": posts, "authors": None, "messages": None}
        elif only.term is not None:
            term = only.term.term
            counts = self.store.terms(slug, spans, only.term.facet, [term])
            found = term_summary(counts.get(term, nothing(term)), exact=not self.store.is_cut(slug, spans))
        else:
            labels = labels_of(lens, only.sentiment)
            found = summary_part(add_up(self.store.periods(slug, spans, labels), labels), lens, only.sentiment)
        heard = self._heard(slug, window, only, scan)
        return {**found, "coverage": heard.coverage(window.start, window.end)}

    def series(self, slug: str, window: Window, step: Step, *, only: Filter = UNFILTERED) -> Json:
        self.topic(slug)
        size = STEPS[step]
        start, end = floor(window.start, size), ceil(window.end, size)
        if (end - start) // size > MAX_STEPS:
            raise QueryError(
                f"the period has more than {MAX_STEPS:,} steps of {step}; ask for a longer step or a shorter period"
            )
        whole = Window(start, end)
        scan = None if only.is_stored else self._scan(slug, whole, only)
        items, extra = self._items(slug, whole, size, only, scan)
        heard = self._heard(slug, whole, only, scan)
        items = [
            {"start": format_time(at), **item, "coverage": heard.coverage(at, at + size)}
            for item, at in zip(items, range(start, end, size), strict=True)
        ]
        return {"items": items, "next": None, "step": step, **extra, "layers": layers(self.store.layers(slug))}

    def _items(self, slug: str, window: Window, size: int, only: Filter, scan: Scan | None) -> tuple[list[Json], Json]:
        starts = range(window.start, window.end, size)
        spans = [Span(stored_step(size), window.start, window.end)]
        if scan is not None:
            return self._counted_items(slug, window, size, only, scan)
        if only.term is not None:
            counts: dict[int, list[TermCount]] = defaultdict(list)
            for begin, found in self.store.term_periods(slug, spans, only.term.facet, only.term.term).items():
                counts[floor(begin, size)].append(found)
            return [term_series_item(counts.get(at, ())) for at in starts], {}
        labels = labels_of("posts", only.sentiment)
        groups = group(self.store.periods(slug, spans, labels), size)
        return [series_item(add_up(groups.get(at, []), labels), only.sentiment) for at in starts], {}

    def _counted_items(self, slug: str, window: Window, size: int, only: Filter, scan: Scan) -> tuple[list[Json], Json]:
        """Of the steps before the scan's reach only their posts are known, where views count them."""
        steps, posts = scan.steps(size), dict[int, int]()
        if only.counted and not scan.complete:
            periods = self.store.periods(slug, [Span(stored_step(size), window.start, scan.reached)], ())
            posts = {at: count(some, *only.counted) for at, some in group(periods, size).items()}
        items = [
            series_item(of_rollup(steps.get(at, Rollup())), None)
            if at >= scan.reached
            else {"posts": posts.get(at, 0) if only.counted else None, **UNKNOWN}
            for at in range(window.start, window.end, size)
        ]
        return items, _counted(scan)

    def top(self, slug: str, window: Window | None = None, facet: str = "keyword", **asked: Unpack[AskedTop]) -> Json:
        """Most frequent terms. What views hold is answered from them, all else from the newest posts that match, and
        says how many these are. Without a window of all the time that the topic has.
        """
        return self.tops(slug, window or self._whole(slug), [facet], **asked)[facet]

    def _whole(self, slug: str) -> Window:
        topic = self.topic(slug)
        last = floor(self.clock() if topic.last_post is None else topic.last_post, MINUTE)
        return Window(last if topic.first_post is None else floor(topic.first_post, MINUTE), last + MINUTE)

    def tops(self, slug: str, window: Window, facets: Sequence[str], **asked: Unpack[AskedTop]) -> dict[str, Json]:
        """The tops of several facets, by facet; posts are read once for all of them."""
        topic, only, limit = self.topic(slug), asked.get("only", UNFILTERED), asked.get("limit", 20)
        offset = decode_cursor(asked.get("cursor"))
        hidden = frozenset[str]() if asked.get("query_words_too") else query_words(topic.query)
        tops = self._stored_tops if only.is_stored and only.term is None else self._counted_tops
        found, extra = tops(slug, window, facets, only, _Shown(offset, limit + 1, hidden))
        return {
            facet: {
                "items": items[:limit],
                "next": encode_cursor(offset + limit) if len(items) > limit else None,
                "facet": facet,
                **extra,
                "layers": layers(self.store.layers(slug)),
            }
            for facet, items in found.items()
        }

    def _stored_tops(self, slug: str, window: Window, facets: Sequence[str], only: Filter, shown: _Shown) -> _Tops:
        spans, before = cover(window.start, window.end), cover(window.previous.start, window.previous.end)
        found: dict[str, list[Json]] = {}
        for facet in facets:
            counts = self.store.top(
                slug,
                spans,
                facet,
                by=only.sentiment or "posts",
                limit=shown.limit,
                offset=shown.offset,
                hidden=shown.hidden,
            )
            previous = self.store.terms(slug, before, facet, [count.term for count in counts])
            found[facet] = [
                term_item(
                    facet,
                    of_sentiment(count, only.sentiment),
                    of_sentiment(previous.get(count.term, nothing(count.term)), only.sentiment).posts,
                )
                for count in counts
            ]
        return found, {"exact": not self.store.is_cut(slug, spans)}

    def _counted_tops(self, slug: str, window: Window, facets: Sequence[str], only: Filter, shown: _Shown) -> _Tops:
        scan, before = self._both_scans(slug, window, only)
        found = {
            facet: [
                term_item(facet, count, before.term(facet, count.term) if before.complete else None)
                for count in scan.top(facet, shown.hidden)[shown.offset : shown.offset + shown.limit]
            ]
            for facet in facets
        }
        return found, {"exact": scan.complete, **_counted(scan)}

    def posts(
        self, slug: str, window: Window, *, only: Filter = UNFILTERED, limit: int = 20, cursor: str | None = None
    ) -> Json:
        self.topic(slug)
        page: Page = post_page(self.store, slug, window, only, limit=limit, scanned=PAGED, cursor=cursor)
        items = [{**stored.post.record, "stamp": str(stored.stamp)} for stored in page.posts]
        return {"items": items, "next": page.next, "layers": layers(self.store.layers(slug))}

    def coverage(self, slug: str, window: Window) -> Json:
        self.topic(slug)
        items = heard(self.store, slug, window.start, window.end, now=self.clock()).items()
        return {"items": items, "next": None, "layers": layers(self.store.layers(slug))}

    def _heard(self, slug: str, window: Window, only: Filter, scan: Scan | None) -> Heard:
        """Asked after the numbers that it is said of: they may have found a layer down."""
        counted = scan is not None and (scan.complete or only.counted is None)
        return heard(self.store, slug, window.start, window.end, now=self.clock(), counted=counted)


def _counted(scan: Scan) -> Json:
    return {"counted": scan.whole.posts, "complete": scan.complete}
