"""Parts of answers, as docs/contracts/views.md gives them: JSON-ready dicts made from sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sparkstream.annotation import EMOTIONS, SENTIMENTS
from sparkstream.queries import Lens
from sparkstream.rollups import RATED
from sparkstream.shares import shares
from sparkstream.stores.base import LayerTimes, TermCount, Topic
from sparkstream.stores.summing import SKETCHES
from sparkstream.sums import Sums
from sparkstream.times import format_time
from sparkstream.topics import state

Json: TypeAlias = dict[str, Any]

UNKNOWN: Final[Json] = {"authors": None, "messages": None, "sentiment": None, "emotion": None}
"""Of a step that the scan of its posts did not reach."""


def layers(times: LayerTimes) -> Json:
    """Where the layers meet: what lies before `batch_until` is read from the batch views, all else from the speed
    views, which reach to `speed_until`; without those that are `down`.
    """
    until, newest = (format_time(at) if at is not None else None for at in (times.batch_until, times.speed_until))
    return {"batch_until": until, "speed_until": newest, "down": list(times.down)}


def topic_item(topic: Topic, now: int) -> Json:
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


def by_label(count: TermCount) -> dict[str, int]:
    rated = {"positive": count.positive, "neutral": count.neutral, "negative": count.negative}
    return {**rated, "not_rated": count.posts - sum(rated.values())}


def labels_of(lens: Lens, sentiment: str | None) -> Sequence[str]:
    """Of which labels a summary says how many authors and messages there are."""
    if sentiment is not None:
        return (sentiment,)
    return ("all",) if lens == "posts" else SKETCHES


def _by_lens(sums: Sums, lens: Lens) -> Mapping[str, int]:
    if lens == "posts":
        return sums.counts["sentiment"]
    column = sums.authors if lens == "authors" else sums.messages
    return {label: found.count for label, found in column.items() if label != "all"}


def summary_part(sums: Sums, lens: Lens, sentiment: str | None) -> Json:
    by_lens = _by_lens(sums, lens)
    counted = by_lens if sentiment is None else {sentiment: by_lens.get(sentiment, 0)}
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


def series_item(sums: Sums, sentiment: str | None) -> Json:
    labels = {label: sums.counts["sentiment"][label] if sentiment in (None, label) else 0 for label in SENTIMENTS}
    of = sentiment or "all"
    return {
        "posts": sums.posts if sentiment is None else labels[sentiment],
        "authors": sums.authors[of].count,
        "messages": sums.messages[of].count,
        "sentiment": labels,
        "emotion": {label: sums.counts["emotion"][label] for label in EMOTIONS} if sentiment is None else None,
    }


def term_summary(found: TermCount, *, exact: bool) -> Json:
    """What views hold of one term."""
    return {
        "posts": found.posts,
        **dict.fromkeys(("authors", "messages", "emotion", "kinds", "languages")),
        "sentiment": shares(by_label(found), SENTIMENTS, unrated="not_rated"),
        "exact": exact,
    }


def term_series_item(counts: Iterable[TermCount]) -> Json:
    sums = [sum(column) for column in zip(*((c.posts, c.positive, c.neutral, c.negative) for c in counts), strict=True)]
    found = TermCount("", *(sums or (0, 0, 0, 0)))
    return {"posts": found.posts, "authors": None, "messages": None, "sentiment": by_label(found), "emotion": None}


def nothing(term: str) -> TermCount:
    return TermCount(term, 0, 0, 0, 0)


def of_sentiment(count: TermCount, sentiment: str | None) -> TermCount:
    """What a sentiment filter leaves of a count."""
    if sentiment is None:
        return count
    left = by_label(count)[sentiment]
    rated = (left if label == sentiment else 0 for label in RATED)
    return TermCount(count.term, left, *rated)


def term_item(facet: str, count: TermCount, previous: int | None) -> Json:
    item: Json = {
        "term": count.term,
        "posts": count.posts,
        "positive": count.positive,
        "neutral": count.neutral,
        "negative": count.negative,
    }
    if facet == "entity":
        item["type"], _, item["text"] = count.term.partition(":")
    return item | {"previous": previous}
