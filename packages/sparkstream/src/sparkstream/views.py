"""Answers about a topic, as docs/contracts/views.md gives them: JSON-ready dicts made from stored sums."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypedDict, Unpack

from sparkstream.annotation import EMOTIONS, SENTIMENTS
from sparkstream.beside import beside
from sparkstream.errors import QueryError, UnknownTopicError
from sparkstream.pages import Page, decode_cursor, encode_cursor, post_page
from sparkstream.queries import MAX_STEPS, STEPS, UNFILTERED, Filter, Lens, Step, Term, Window, query_words
from sparkstream.rollups import RATED
from sparkstream.schema import Gap
from sparkstream.shares import shares
from sparkstream.stores.base import Store, TermCount, Topic
from sparkstream.sums import Sums, add_up, coverage, group, stored_step
from sparkstream.times import MINUTE, Span, ceil, cover, floor, format_time
from sparkstream.topics import state

Json: TypeAlias = dict[str, Any]

SCANNED_POSTS = 20_000
"""The newest matching posts from which a question is answered that views cannot answer."""


class AskedTop(TypedDict, total=False):
    """How a top is asked for; by default the first 20 terms of all posts, without the words of the topic's query."""

    only: Filter
    limit: int
    cursor: str | None
    query_words_too: bool


class Views:
    """Questions to a store. Every method reads; none holds anything between two calls.

    Raises (from all that take a topic):
        UnknownTopicError: no post and no event has named it.
        QueryError: the question has no answer.
        StoreError: the store cannot be read.
    """

    def __init__(self, store: Store, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.store = store
        self.clock = clock

    def topics(self) -> Json:
        topics, status = self.store.topics(), self.store.status()
        now = self.clock() if status is None else min(status.updated_at, self.clock())
        items = [_topic(topic, now) for topic in topics]
        return {
            "items": items,
            "next": None,
            "layers": _layers(max((topic.last_post or 0 for topic in topics), default=0)),
        }

    def topic(self, slug: str) -> Topic:
        topic = self.store.topic(slug)
        if topic is None:
            raise UnknownTopicError(slug)
        return topic

    def summary(self, slug: str, window: Window, *, lens: Lens = "posts", only: Filter = UNFILTERED) -> Json:
        topic = self.topic(slug)
        head = {"topic": slug, "from": format_time(window.start), "to": format_time(window.end), "lens": lens}
        previous = window.previous
        before = {
            "from": format_time(previous.start),
            "to": format_time(previous.end),
            **self._summary(slug, previous, lens, only),
        }
        return {
            **head,
            **self._summary(slug, window, lens, only),
            "previous": before,
            "layers": _layers(topic.last_post),
        }

    def _summary(self, slug: str, window: Window, lens: Lens, only: Filter) -> Json:
        spans = cover(window.start, window.end)
        covered = coverage(self._unheard(slug, window.start, window.end), window.start, window.end)
        if only.term is not None:
            return {**self._term_summary(slug, spans, only.term), "coverage": covered}
        sums = add_up(self.store.periods(slug, spans))
        return {**_summary(sums, lens, only.sentiment), "coverage": covered}

    def _term_summary(self, slug: str, spans: list[Span], term: Term) -> Json:
        found = self.store.terms(slug, spans, term.facet, [term.term]).get(term.term, _none(term.term))
        exact = not self.store.is_cut(slug, spans)
        unknown = {"authors": None, "messages": None, "emotion": None, "kinds": None, "languages": None}
        return {
            "posts": found.posts,
            **unknown,
            "sentiment": shares(_by_label(found), SENTIMENTS, unrated="not_rated"),
            "exact": exact,
        }

    def series(self, slug: str, window: Window, step: Step, *, only: Filter = UNFILTERED) -> Json:
        topic = self.topic(slug)
        size = STEPS[step]
        start, end = floor(window.start, size), ceil(window.end, size)
        if (end - start) // size > MAX_STEPS:
            raise QueryError(
                f"the period has more than {MAX_STEPS:,} steps of {step}; ask for a longer step or a shorter period"
            )
        gaps = self._unheard(slug, start, end)
        items = (
            self._term_items(slug, start, end, size, only.term)
            if only.term
            else self._items(slug, start, end, size, only.sentiment)
        )
        items = [
            {"start": format_time(at), **item, "coverage": coverage(gaps, at, at + size)}
            for item, at in zip(items, range(start, end, size), strict=True)
        ]
        return {"items": items, "next": None, "step": step, "layers": _layers(topic.last_post)}

    def _items(self, slug: str, start: int, end: int, size: int, sentiment: str | None) -> list[Json]:
        groups = group(self.store.periods(slug, [Span(stored_step(size), start, end)]), size)
        return [_item(add_up(groups.get(at, [])), sentiment) for at in range(start, end, size)]

    def _term_items(self, slug: str, start: int, end: int, size: int, term: Term) -> list[Json]:
        groups: dict[int, list[TermCount]] = defaultdict(list)
        spans = [Span(stored_step(size), start, end)]
        for begin, count in self.store.term_periods(slug, spans, term.facet, term.term).items():
            groups[floor(begin, size)].append(count)
        items = []
        for at in range(start, end, size):
            sums = TermCount(
                term.term,
                *(
                    sum(getattr(count, name) for count in groups.get(at, ()))
                    for name in ("posts", "positive", "neutral", "negative")
                ),
            )
            items.append(
                {"posts": sums.posts, "authors": None, "messages": None, "sentiment": _by_label(sums), "emotion": None}
            )
        return items

    def top(self, slug: str, window: Window, facet: str, **asked: Unpack[AskedTop]) -> Json:
        """Most frequent terms. A term filter is answered from the newest posts, and says how many of them."""
        return self.tops(slug, window, [facet], **asked)[facet]

    def tops(self, slug: str, window: Window, facets: Sequence[str], **asked: Unpack[AskedTop]) -> dict[str, Json]:
        """The tops of several facets, by facet; posts are read once for all of them."""
        topic, only, limit = self.topic(slug), asked.get("only", UNFILTERED), asked.get("limit", 20)
        offset = decode_cursor(asked.get("cursor"))
        hidden = frozenset[str]() if asked.get("query_words_too") else query_words(topic.query)
        spans, before = cover(window.start, window.end), cover(window.previous.start, window.previous.end)
        extra: Json = {}
        if only.term is not None:
            found = beside(self.store, slug, window, only.term, scanned=SCANNED_POSTS)
            exact, extra = found.complete, {"counted": found.rollup.posts, "complete": found.complete}
            counts = {facet: found.top(facet, hidden)[offset : offset + limit + 1] for facet in facets}
        else:
            exact = not self.store.is_cut(slug, spans)
            ask = partial(
                self.store.top, slug, spans, by=only.sentiment or "posts", limit=limit + 1, offset=offset, hidden=hidden
            )
            counts = {facet: ask(facet) for facet in facets}
        return {
            facet: {
                "items": self._terms(slug, before, facet, counts[facet][:limit], only),
                "next": encode_cursor(offset + limit) if len(counts[facet]) > limit else None,
                "exact": exact,
                "facet": facet,
                **extra,
                "layers": _layers(topic.last_post),
            }
            for facet in facets
        }

    def _terms(self, slug: str, before: list[Span], facet: str, shown: list[TermCount], only: Filter) -> list[Json]:
        previous = self.store.terms(slug, before, facet, [count.term for count in shown])
        return [
            _term(facet, _only(count, only), _only(previous.get(count.term, _none(count.term)), only))
            for count in shown
        ]

    def posts(
        self, slug: str, window: Window, *, only: Filter = UNFILTERED, limit: int = 20, cursor: str | None = None
    ) -> Json:
        topic = self.topic(slug)
        page: Page = post_page(self.store, slug, window, only, limit=limit, scanned=SCANNED_POSTS, cursor=cursor)
        items = [{**stored.post.record, "stamp": str(stored.stamp)} for stored in page.posts]
        return {"items": items, "next": page.next, "layers": _layers(topic.last_post)}

    def coverage(self, slug: str, window: Window) -> Json:
        topic = self.topic(slug)
        gaps = self._unheard(slug, window.start, window.end)
        items = [
            {"from": format_time(gap.start), "to": format_time(gap.end), "reason": gap.reason, "filled": gap.filled}
            for gap in gaps
        ]
        return {"items": items, "next": None, "layers": _layers(topic.last_post)}

    def _unheard(self, slug: str, start: int, end: int) -> list[Gap]:
        """The recorded gaps that touch [start, end), and the time since a stopped job was last heard of."""
        gaps = self.store.gaps(slug, start, end)
        status, now = self.store.status(), ceil(self.clock() + 1, MINUTE)
        if status is None or not status.silent(self.clock()) or not (status.updated_at < end and start < now):
            return gaps
        return [*gaps, Gap("job", "", (slug,), status.updated_at, now, "the job has stopped", filled=False)]


def _layers(newest: int | None) -> Json:
    """Where the layers meet: there are no batch views yet, so all is read from the speed views."""
    return {"batch_until": None, "speed_until": format_time(newest) if newest else None}


def _topic(topic: Topic, now: int) -> Json:
    first, last = (format_time(at) if at is not None else None for at in (topic.first_post, topic.last_post))
    return {
        "slug": topic.slug,
        "query": topic.query,
        "state": state(topic, now),
        "event_state": topic.state,
        "posts": topic.posts,
        "first_post": first,
        "last_post": last,
    }


def _by_label(count: TermCount) -> dict[str, int]:
    rated = {"positive": count.positive, "neutral": count.neutral, "negative": count.negative}
    return {**rated, "not_rated": count.posts - sum(rated.values())}


def _summary(sums: Sums, lens: Lens, sentiment: str | None) -> Json:
    by_lens = {"posts": dict(sums.counts["sentiment"])} | {
        name: {label: found.count for label, found in column.items() if label != "all"}
        for name, column in (("authors", sums.authors), ("messages", sums.messages))
    }
    counted = by_lens[lens] if sentiment is None else {sentiment: by_lens[lens].get(sentiment, 0)}
    label = sentiment or "all"
    return {
        "posts": sums.posts if sentiment is None else sums.counts["sentiment"][sentiment],
        "authors": sums.authors[label].count,
        "messages": sums.messages[label].count,
        "sentiment": shares(counted, SENTIMENTS, unrated="not_rated"),
        "emotion": shares(sums.counts["emotion"], EMOTIONS, unrated="not_rated") if sentiment is None else None,
        "kinds": shares(sums.counts["kind"]) if sentiment is None else None,
        "languages": shares(sums.counts["lang"]) if sentiment is None else None,
        "exact": sums.exact,
    }


def _item(sums: Sums, sentiment: str | None) -> Json:
    by_label = {label: sums.counts["sentiment"][label] if sentiment in (None, label) else 0 for label in SENTIMENTS}
    of = sentiment or "all"
    return {
        "posts": sums.posts if sentiment is None else by_label[sentiment],
        "authors": sums.authors[of].count,
        "messages": sums.messages[of].count,
        "sentiment": by_label,
        "emotion": {label: sums.counts["emotion"][label] for label in EMOTIONS} if sentiment is None else None,
    }


def _none(term: str) -> TermCount:
    return TermCount(term, 0, 0, 0, 0)


def _only(count: TermCount, only: Filter) -> TermCount:
    """What a sentiment filter leaves of a count."""
    if only.sentiment is None:
        return count
    left = _by_label(count)[only.sentiment]
    rated = (left if label == only.sentiment else 0 for label in RATED)
    return TermCount(count.term, left, *rated)


def _term(facet: str, count: TermCount, previous: TermCount) -> Json:
    item: Json = {
        "term": count.term,
        "posts": count.posts,
        "positive": count.positive,
        "neutral": count.neutral,
        "negative": count.negative,
    }
    if facet == "entity":
        item["type"], _, item["text"] = count.term.partition(":")
    return item | {"previous": previous.posts}
