"""What the services say to what a browser only has to paint: texts by element id, rows by list id, the figure.

Computed once a tick for all browsers of a topic. Pure: the same message gives the same view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NotRequired, TypedDict

from dashboard import bars, figures, ids, numbers
from dashboard import gaps as unheard
from dashboard.asked import EMOTIONS, KINDS, NO_FILTER, SENTIMENTS, Filter
from dashboard.messages import RATED, Coverage, Emerging, Gap, Rising, Share, Summary, Tick

_PREFIX: Final[Mapping[str, str]] = {"hashtag": "#"}
_CHOOSE: Final = "choose one to count it"
_NOTHING_RISES: Final[Mapping[Coverage, str]] = {
    "full": "Nothing is rising above its usual level.",
    "partial": "Nothing is rising above its usual level, as far as it could be heard.",
    "none": "What rises is unknown: too little could be heard to compare.",
}


class View(TypedDict):
    kind: Literal["figures", "rising"]
    topic: str
    text: dict[str, str]
    bars: dict[str, list[bars.Row]]
    window: NotRequired[str | None]
    volume: NotRequired[figures.Figure]
    items: NotRequired[list[Emerging]]


def tick(message: Tick, *, gaps: Sequence[Gap] = (), only: Filter = NO_FILTER) -> View:
    summary = message["summary"]
    return {
        "kind": "figures",
        "topic": message["topic"],
        "window": message["window"],
        "text": {**_counts(message), **_sentiment(summary, only), **_notes(message, gaps, only), **_delivery(message)},
        "bars": {
            ids.SPLIT: bars.split(summary["sentiment"]),
            ids.EMOTIONS: bars.labels(summary["emotion"], asks="emotion", known=EMOTIONS, chosen=only.emotion),
            ids.KINDS: bars.labels(summary["kinds"], asks="kind", known=KINDS, chosen=only.kind),
            ids.LANGUAGES: bars.labels(summary["languages"], asks="lang", chosen=only.lang),
            **{
                ids.facet(name): bars.terms(message["tops"].get(name, []), facet=name, prefix=_PREFIX.get(name, ""))
                for name in ids.FACETS
            },
        },
        "volume": figures.volume(message, gaps),
    }


def fixed(message: Tick, *, gaps: Sequence[Gap], only: Filter) -> View:
    """The same for a period that does not move; what rises is only known of now."""
    drawn = tick(message, gaps=gaps, only=only)
    drawn["text"][ids.RISING_NOTE] = "What rises is known of the live windows only."
    drawn["bars"][ids.RISING] = []
    return drawn


def rising(topic: str, answer: Rising) -> View:
    items = answer["items"]
    return {
        "kind": "rising",
        "topic": topic,
        "items": list(items),
        "text": {ids.RISING_NOTE: "" if items else _NOTHING_RISES[answer.get("coverage", "full")]},
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
    length = numbers.length(message["from"], message["to"])
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
        if before["posts"] is not None:
            text[ids.POSTS_BEFORE] = f"{numbers.count(before['posts'])} in the {length} before"
        if before["authors"] is not None:
            authors = numbers.count(before["authors"], exact=before["exact"])
            text[ids.AUTHORS_BEFORE] = f"{authors} in the {length} before"
    if summary["authors"] is None:
        text[ids.AUTHORS_BEFORE] = "not known for a term" if summary.get("complete", True) else "not counted"
    return text


def _sentiment(summary: Summary, only: Filter) -> dict[str, str]:
    now, before = _by_label(summary), _by_label(summary.get("previous"))
    text: dict[str, str] = {}
    for label in RATED:
        share, earlier = now.get(label), before.get(label)
        text[ids.share(label)] = numbers.percent(share["share"] if share else None)
        text[ids.share_interval(label)] = numbers.interval(share["low"], share["high"]) if share else ""
        text[ids.share_change(label)] = numbers.points(share["share"], earlier["share"]) if share and earlier else ""
    if only.sentiment is not None:  # all are of one sentiment: an interval of that would be nonsense
        text |= dict.fromkeys((*map(ids.share_interval, RATED), *map(ids.share_change, RATED)), "")
    counts = {item["label"]: item["count"] for item in summary["sentiment"]["items"]}
    text |= {ids.sentiment_count(label): numbers.count(counts.get(label, 0)) for label in SENTIMENTS}
    unrated = now["not_rated"]["count"] if "not_rated" in now else 0
    sample = f"of {numbers.count(summary['sentiment']['sample'])} rated posts, with 95% intervals"
    text[ids.SENTIMENT_SAMPLE] = f"{sample} · {numbers.count(unrated)} not rated" if unrated else sample
    return text


def _by_label(summary: Summary | None) -> dict[str, Share]:
    if summary is None or summary["coverage"] == "none":
        return {}
    return {item["label"]: item for item in summary["sentiment"].get("items", [])}


def _notes(message: Tick, gaps: Sequence[Gap], only: Filter) -> dict[str, str]:
    summary = message["summary"]
    emotion, languages = summary["emotion"], summary["languages"]
    return {
        ids.COVERAGE: " ".join(filter(None, (_coverage(message, gaps), _counted(summary)))),
        ids.VOLUME_CAPTION: figures.caption(message),
        ids.EMOTION_SAMPLE: f"of {numbers.count(emotion['sample'])} rated posts" if emotion else _CHOOSE,
        ids.KIND_SAMPLE: "share · posts" if summary["kinds"] else _CHOOSE,
        ids.LANGUAGE_SAMPLE: "share · posts" if languages else "",
        ids.LANGUAGE_NOTE: "" if languages else "Languages are not counted under this filter alone.",
        **{ids.facet_note(name): "" if message["exact"].get(name, True) else "approximate" for name in ids.FACETS},
    }


def _counted(summary: Summary) -> str:
    """What an answer is of that could not count all posts."""
    if summary.get("complete", True):
        return ""
    counted, posts = summary.get("counted", 0), summary["posts"]
    but = "; the number of posts is of all" if posts is not None and posts > counted else ""
    return f"Only the newest {counted:,} posts that pass the filters were counted{but}."


def _coverage(message: Tick, gaps: Sequence[Gap]) -> str:
    coverage = message["summary"]["coverage"]
    if coverage == "full":
        return ""
    reasons = [unheard.said(gap) for gap in unheard.within(gaps, message["from"], message["to"])]
    more = f" and {len(reasons) - 2} more" if len(reasons) > 2 else ""
    why = f" ({'; '.join(reasons[:2])}{more})" if reasons else ""
    if coverage == "none":
        return f"Nothing could be heard in this period{why}: its numbers are unknown."
    return f"Part of this period could not be heard{why}: its numbers are a lower bound."


def _delivery(message: Tick) -> dict[str, str]:
    lag, rate = message["lag_seconds"], message["job"]["rate"]
    if not message["live"] or message["job"]["state"] != "running" or lag is None:
        return {ids.DELIVERY: ""}
    return {ids.DELIVERY: f"Posts were {lag:.1f} s old when they reached the views, at {rate:.1f} posts/s."}
