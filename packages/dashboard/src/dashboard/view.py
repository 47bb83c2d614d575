"""What the services say to what a browser only has to paint: texts by element id, rows by list id, the figure.

Computed once a tick for all browsers of a topic. Pure: the same message gives the same view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NotRequired, TypedDict

from dashboard import bars, figures, ids, numbers
from dashboard.messages import RATED, Emerging, Share, Summary, Tick

_PREFIX: Final[Mapping[str, str]] = {"hashtag": "#"}
_LENGTH: Final[Mapping[str, str]] = {"5m": "5 min", "15m": "15 min", "1h": "hour", "24h": "24 h", "7d": "7 days"}


class View(TypedDict):
    kind: Literal["figures", "rising"]
    topic: str
    text: dict[str, str]
    bars: dict[str, list[bars.Row]]
    window: NotRequired[str]
    volume: NotRequired[figures.Figure]
    items: NotRequired[list[Emerging]]


def tick(message: Tick) -> View:
    summary = message["summary"]
    return {
        "kind": "figures",
        "topic": message["topic"],
        "window": message["window"],
        "text": {**_counts(message), **_sentiment(summary), **_notes(message), **_delivery(message)},
        "bars": {
            ids.SPLIT: bars.split(summary["sentiment"]),
            ids.EMOTIONS: bars.emotions(summary["emotion"]),
            **{
                ids.facet(name): bars.terms(message["tops"].get(name, []), prefix=_PREFIX.get(name, ""))
                for name in ids.FACETS
            },
        },
        "volume": figures.volume(message),
    }


def rising(topic: str, items: Sequence[Emerging]) -> View:
    return {
        "kind": "rising",
        "topic": topic,
        "items": list(items),
        "text": {ids.RISING_NOTE: "" if items else "Nothing is rising above its usual level."},
        "bars": {ids.RISING: bars.rising(items)},
    }


def rising_unavailable(topic: str) -> View:
    """The rest of the page does not wait for trending."""
    return {
        "kind": "rising",
        "topic": topic,
        "text": {ids.RISING_NOTE: "Rising terms are not available at the moment."},
        "bars": {ids.RISING: []},
    }


def _counts(message: Tick) -> dict[str, str]:
    summary, before = message["summary"], message["summary"].get("previous")
    length = _LENGTH[message["window"]]
    text = {
        ids.PERIOD: numbers.period(message["from"], message["to"]),
        ids.POSTS_NOW: numbers.count(summary["posts"]),
        ids.AUTHORS_NOW: numbers.count(summary["authors"], exact=summary["exact"]),
        ids.POSTS_CHANGE: "",
        ids.AUTHORS_CHANGE: "",
        ids.POSTS_BEFORE: "",
        ids.AUTHORS_BEFORE: "",
    }
    if before and before["coverage"] != "none":
        text[ids.POSTS_CHANGE] = numbers.change(summary["posts"], before["posts"])
        text[ids.AUTHORS_CHANGE] = numbers.change(summary["authors"], before["authors"])
        text[ids.POSTS_BEFORE] = f"{numbers.count(before['posts'])} in the {length} before"
        text[ids.AUTHORS_BEFORE] = f"{numbers.count(before['authors'], exact=before['exact'])} in the {length} before"
    return text


def _sentiment(summary: Summary) -> dict[str, str]:
    now, before = _by_label(summary), _by_label(summary.get("previous"))
    text: dict[str, str] = {}
    for label in RATED:
        share, earlier = now.get(label), before.get(label)
        text[ids.share(label)] = numbers.percent(share["share"] if share else None)
        text[ids.share_interval(label)] = numbers.interval(share["low"], share["high"]) if share else ""
        text[ids.share_change(label)] = numbers.points(share["share"], earlier["share"]) if share and earlier else ""
    unrated = now["not_rated"]["count"] if "not_rated" in now else 0
    sample = f"of {numbers.count(summary['sentiment']['sample'])} rated posts, with 95% intervals"
    text[ids.SENTIMENT_SAMPLE] = f"{sample} · {numbers.count(unrated)} not rated" if unrated else sample
    return text


def _by_label(summary: Summary | None) -> dict[str, Share]:
    if summary is None or summary["coverage"] == "none":
        return {}
    return {item["label"]: item for item in summary["sentiment"].get("items", [])}


def _notes(message: Tick) -> dict[str, str]:
    summary, emotion = message["summary"], message["summary"]["emotion"]
    coverage = {
        "full": "",
        "partial": "Part of this period could not be heard: its numbers are a lower bound.",
        "none": "Nothing could be heard in this period: its numbers are unknown.",
    }
    return {
        ids.COVERAGE: coverage[summary["coverage"]],
        ids.VOLUME_CAPTION: figures.caption(message),
        ids.EMOTION_SAMPLE: f"of {numbers.count(emotion['sample'])} rated posts" if emotion else "",
        **{ids.facet_note(name): "" if message["exact"].get(name, True) else "approximate" for name in ids.FACETS},
    }


def _delivery(message: Tick) -> dict[str, str]:
    lag, rate = message["lag_seconds"], message["job"]["rate"]
    if not message["live"] or message["job"]["state"] != "running" or lag is None:
        return {ids.DELIVERY: ""}
    return {ids.DELIVERY: f"Posts were {lag:.1f} s old when they reached the views, at {rate:.1f} posts/s."}
