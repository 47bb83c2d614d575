"""The world's posts folded to the answers of the view API (docs/contracts/views.md) and of trending."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import sqrt
from operator import itemgetter
from typing import Any, Final

from dashboard.asked import NO_FILTER, Filter
from dashboard.messages import STEP_SECONDS, Step, Window
from dashboard.testing.world import Topic, posts_of

SENTIMENTS: Final = ("positive", "neutral", "negative", "not_rated")
EMOTIONS: Final = ("joy", "love", "surprise", "sadness", "anger", "fear", "none", "not_rated")
SPANS: Final[dict[Window, tuple[timedelta, Step]]] = {
    "5m": (timedelta(minutes=5), "1m"),
    "15m": (timedelta(minutes=15), "1m"),
    "1h": (timedelta(hours=1), "1m"),
    "24h": (timedelta(hours=24), "1h"),
    "7d": (timedelta(days=7), "1h"),
}
FACETS: Final = ("keyword", "entity", "hashtag", "word")
_MINUTE: Final = timedelta(minutes=1)
Post = dict[str, Any]


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tick(topic: Topic, window: Window, now: datetime, only: Filter = NO_FILTER) -> dict[str, Any]:
    """What `WS /v1/live` sends for a topic at a moment."""
    start, end, live = _period(topic, window, now)
    span, step = end - start, SPANS[window][1]
    posts, before = kept(heard(topic, start, end, now), only), kept(heard(topic, start - span, start, now), only)
    return {
        "kind": "tick",
        "topic": topic.slug,
        "window": window,
        "live": live,
        "from": iso(start),
        "to": iso(end),
        "step": step,
        "at": iso(now),
        "lag_seconds": 1.2 if posts else None,
        "job": {"state": "running", "rate": round(topic.per_minute / 60, 1)},
        "summary": {
            **summary(topic, posts, start, end, only),
            "previous": summary(topic, before, start - span, start, only),
        },
        "series": list(series(topic, posts, start, end, STEP_SECONDS[step])),
        "tops": {facet: tops(posts, before, facet, only=only) for facet in FACETS},
        "exact": dict.fromkeys(FACETS, True),
        "posts": [*reversed(posts[-20:])],
        "layers": {"batch_until": None, "speed_until": iso(now), "down": []},
    }


def _period(topic: Topic, window: Window, now: datetime) -> tuple[datetime, datetime, bool]:
    """From, to, and whether it is live: else it ends with the minute of the newest post."""
    span, step = SPANS[window]
    ended = topic.ended
    if ended is not None and ended + _MINUTE <= now - span:
        end = _floor(ended, 60) + _MINUTE
        return end - span, end, False
    seconds = STEP_SECONDS[step]
    end = _floor(now, seconds) + timedelta(seconds=seconds)
    return end - span, end, True


def heard(topic: Topic, start: datetime, end: datetime, now: datetime) -> list[Post]:
    """The posts of a period up to now, oldest first. A long period is sampled: one minute stands for its hour."""
    stride = _MINUTE if end - start <= timedelta(hours=2) else timedelta(hours=1)
    minutes = int((end - start) / stride)
    cut = iso(now)
    found: list[Post] = []
    for index in range(minutes):
        found += [post for post in posts_of(topic, start + index * stride) if post["created_at"] <= cut]
    return found


def kept(posts: Sequence[Post], only: Filter) -> list[Post]:
    """Those that a filter lets through."""
    return [post for post in posts if _passes(post, only)]


def _passes(post: Post, only: Filter) -> bool:
    return (
        only.sentiment in (None, post["sentiment"]["label"])
        and only.emotion in (None, post["emotion"]["label"])
        and only.kind in (None, post["kind"])
        and only.lang in (None, post["lang"])
        and (only.facet is None or only.term in _terms(post, only.facet))
        and (only.q is None or only.q.casefold() in re.findall(r"\w+", post["text"].casefold()))
    )


def summary(
    topic: Topic, posts: Sequence[Post], start: datetime, end: datetime, only: Filter = NO_FILTER
) -> dict[str, Any]:
    """As views answer nothing, one sentiment or one term, and as posts are counted for everything else."""
    by_term, by_sentiment = only == Filter(facet=only.facet, term=only.term), only == Filter(sentiment=only.sentiment)
    stored, known = by_term or by_sentiment, not only or not (by_term or by_sentiment)
    return {
        "from": iso(start),
        "to": iso(end),
        "lens": "posts",
        "posts": len(posts),
        "authors": None if only and by_term else len({post["author"]["id"] for post in posts}),
        "messages": None if only and by_term else len(posts),
        "sentiment": shares(Counter(post["sentiment"]["label"] for post in posts), SENTIMENTS),
        "emotion": shares(Counter(post["emotion"]["label"] for post in posts), EMOTIONS) if known else None,
        "kinds": _most(Counter(post["kind"] for post in posts)) if known else None,
        "languages": _most(Counter(post["lang"] for post in posts)) if known else None,
        "coverage": _coverage_of(topic, start, end),
        "exact": True,
        **({} if stored else {"counted": len(posts), "complete": True}),
    }


def _most(counts: Counter[str]) -> dict[str, Any]:
    return shares(counts, [label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))])


def shares(counts: Counter[str], labels: Sequence[str]) -> dict[str, Any]:
    """Counts with their share of what was rated and the 95 % Wilson interval."""
    sample = sum(count for label, count in counts.items() if label != "not_rated")
    items = []
    for label in labels:
        share: dict[str, float | None] = {"share": None, "low": None, "high": None}
        if sample and label != "not_rated":
            low, high = wilson(counts[label], sample)
            share = {"share": round(counts[label] / sample, 4), "low": low, "high": high}
        items.append({"label": label, "count": counts[label], **share})
    return {"sample": sample, "items": items}


def wilson(count: int, sample: int, z: float = 1.959964) -> tuple[float, float]:
    share, scale = count / sample, 1 + z * z / sample
    middle = (share + z * z / (2 * sample)) / scale
    half = z * sqrt(share * (1 - share) / sample + z * z / (4 * sample * sample)) / scale
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def series(
    topic: Topic, posts: Sequence[Post], start: datetime, end: datetime, seconds: int
) -> Iterator[dict[str, Any]]:
    by_step: defaultdict[str, list[Post]] = defaultdict(list)
    for post in posts:
        by_step[iso(_floor(datetime.fromisoformat(post["created_at"]), seconds))].append(post)
    for index in range(int((end - start).total_seconds()) // seconds):
        at = start + timedelta(seconds=index * seconds)
        held = by_step[iso(at)]
        moods = Counter(post["sentiment"]["label"] for post in held)
        feelings = Counter(post["emotion"]["label"] for post in held)
        yield {
            "start": iso(at),
            "posts": len(held),
            "authors": len({post["author"]["id"] for post in held}),
            "messages": len(held),
            "sentiment": {label: moods[label] for label in SENTIMENTS},
            "emotion": {label: feelings[label] for label in EMOTIONS},
            "coverage": _coverage(topic, at) if seconds == 60 else "full",
        }


def _coverage_of(topic: Topic, start: datetime, end: datetime) -> str:
    minutes = range(min(120, int((end - start) / _MINUTE)))
    return "full" if all(_coverage(topic, start + index * _MINUTE) == "full" for index in minutes) else "partial"


def _coverage(topic: Topic, minute: datetime) -> str:
    if topic.gap_minute is None:
        return "full"
    return {topic.gap_minute: "none", topic.gap_minute + 1: "partial"}.get(minute.minute, "full")


def gaps(topic: Topic, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Of the hour's gap: the minute and what of the next one was not heard."""
    if topic.gap_minute is None:
        return []
    hours = range(int((end - start) / timedelta(hours=1)) + 2)
    first = start.replace(minute=topic.gap_minute, second=0)
    times = [first + timedelta(hours=hour - 1) for hour in hours]
    return [
        {"from": iso(at), "to": iso(at + 1.6 * _MINUTE), "reason": "simulated outage", "filled": False}
        for at in times
        if at < end and at + 1.6 * _MINUTE > start
    ]


def tops(
    posts: Sequence[Post], before: Sequence[Post], facet: str, *, only: Filter = NO_FILTER, limit: int = 12
) -> list[dict[str, Any]]:
    now, earlier = _count(posts, facet), _count(before, facet)
    if only.facet == facet and only.term is not None:
        del now[only.term]
    moods: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        for term in set(_terms(post, facet)):
            moods[term][post["sentiment"]["label"]] += 1
    best = sorted(now.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [_top(term, count, moods[term], earlier[term], facet) for term, count in best]


def _top(term: str, count: int, moods: Counter[str], previous: int, facet: str) -> dict[str, Any]:
    kind, _, text = term.partition(":")
    extra = {"type": kind, "text": text} if facet == "entity" else {}
    return {
        "term": term,
        "posts": count,
        **{mood: moods[mood] for mood in SENTIMENTS[:3]},
        "previous": previous,
        **extra,
    }


def _count(posts: Iterable[Post], facet: str) -> Counter[str]:
    return Counter(term for post in posts for term in set(_terms(post, facet)))


def _terms(post: Post, facet: str) -> list[str]:
    if facet == "keyword":
        return [keyword["text"] for keyword in post["keywords"]]
    if facet == "entity":
        return [f"{entity['type']}:{entity['text']}" for entity in post["entities"]]
    return list({"hashtag": post["hashtags"], "word": post["words"]}.get(facet, []))


def emerging(topic: Topic, now: datetime) -> dict[str, Any]:
    """What `GET /v1/emerging/{topic}` of trending answers: the last quarter of an hour against the three before."""
    now = now if topic.ended is None else min(now, topic.ended + _MINUTE)
    end, span = _floor(now, 60) + _MINUTE, timedelta(minutes=15)
    posts, baseline = heard(topic, end - span, end, now), heard(topic, end - 4 * span, end - span, now)
    items: list[dict[str, Any]] = []
    for facet in ("keyword", "hashtag", "word"):
        usual = _count(baseline, facet)
        for term, count in _count(posts, facet).items():
            expected = (usual[term] + 1) * len(posts) / (len(baseline) + 1)
            score = (count - expected) / sqrt(expected) if expected else 0.0
            items.append(
                {
                    "facet": facet,
                    "term": term,
                    "posts": count,
                    "expected": round(expected, 1),
                    "lift": round(count / max(expected, 0.1), 1),
                    "score": round(score, 1),
                }
            )
    rising = sorted((item for item in items if item["score"] > 0.5), key=itemgetter("score"), reverse=True)
    period = {"from": iso(end - span), "to": iso(end)}
    return {
        "topic": topic.slug,
        "window": period,
        "baseline": {"from": iso(end - 4 * span), "to": iso(end - span)},
        "coverage": _coverage_of(topic, end - 4 * span, end),
        "items": rising[:20],
    }


def _floor(at: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
