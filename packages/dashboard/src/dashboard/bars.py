"""Terms, labels and rising terms as rows of bars: lengths in percent of the track, texts ready to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from dashboard import numbers
from dashboard.messages import RATED, Emerging, Share, Shares, Term

ROWS = 10
RISING_ROWS = 8
MOST_LABELS = 7
_UNRATED = "not_rated"


class Row(TypedDict):
    """One line of a list. `key` stays the same while the line means the same thing."""

    key: str
    label: str
    value: str
    note: str
    title: str
    parts: dict[str, float]  # what fills the bar, in drawing order: name of a colour → percent of the track
    tag: NotRequired[str]
    asks: NotRequired[dict[str, str]]  # what a click on the line asks for, as the address names it
    interval: NotRequired[tuple[float, float]]  # where the whisker starts and how long it is, in percent of the track


def terms(items: Sequence[Term], *, facet: str, prefix: str = "") -> list[Row]:
    """The most used terms, split by sentiment, all on the scale of the biggest."""
    shown = items[:ROWS]
    longest = max((item["posts"] for item in shown), default=0)
    return [_term(item, longest, facet, prefix) for item in shown]


def _term(item: Term, longest: int, facet: str, prefix: str) -> Row:
    rated: dict[str, int] = {label: item[label] for label in RATED}
    rest = item["posts"] - sum(rated.values())
    parts = {**rated, "unrated": rest}
    label = item.get("text") or f"{prefix}{item['term']}"
    split = ", ".join(f"{number:,} {name}" for name, number in rated.items())
    before = f"{numbers.count(item['previous'])} in the period before"
    row: Row = {
        "key": item["term"],
        "asks": {"facet": facet, "term": item["term"]},
        "label": label,
        "value": numbers.count(item["posts"]),
        "note": numbers.moved(item["posts"], item["previous"]),
        "title": f"{label}: {item['posts']:,} posts ({split}, {rest:,} not rated); {before}",
        "parts": {name: _length(number, longest) for name, number in parts.items() if number},
    }
    if kind := item.get("type"):
        row["tag"] = kind.lower()
    return row


def labels(shares: Shares | None, *, asks: str, known: Sequence[str] = (), chosen: str | None = None) -> list[Row]:
    """Every label of a dimension in the order of the contract, with the interval of its share.

    Args:
        shares: None when they are not known under a filter: then the labels alone, to choose from.
        asks: what a click asks for: emotion, kind or lang.
        known: all labels there can be; none when nobody can say.
        chosen: the one that all are of: an interval of that would be nonsense.
    """
    if shares is None:
        return [_unknown(label, asks) for label in known if label != _UNRATED]
    rated = [item for item in shares["items"] if item["label"] != _UNRATED][:MOST_LABELS]
    ends = [item["share"] if chosen else item["high"] for item in rated]
    longest = max((end or 0.0 for end in ends), default=0.0)
    return [_label(item, longest, shares["sample"], asks, whole=bool(chosen)) for item in rated]


def _label(item: Share, longest: float, sample: int, asks: str, *, whole: bool) -> Row:
    name = _name(item["label"], asks)
    low, high = item["low"], item["high"]
    bounds = numbers.interval(low, high) or "share unknown"
    rated = "rated " if asks == "emotion" else ""
    row: Row = {
        "key": item["label"],
        "asks": {asks: item["label"]},
        "label": name,
        "value": numbers.percent(item["share"]),
        "note": numbers.count(item["count"]),
        "title": f"{name}: {item['count']:,} of {sample:,} {rated}posts, {bounds}",
        "parts": {"accent": _length(item["share"] or 0.0, longest)},
    }
    if low is not None and high is not None and not whole:
        row["interval"] = (_length(low, longest), _length(high - low, longest))
    return row


def _unknown(label: str, asks: str) -> Row:
    name = _name(label, asks)
    title = f"{name}: counted once it is chosen"
    return {"key": label, "asks": {asks: label}, "label": name, "value": "", "note": "", "title": title, "parts": {}}


def _name(label: str, asks: str) -> str:
    if asks == "emotion" and label == "none":
        return "no emotion"
    return "unknown language" if label == "und" else label


def rising(items: Sequence[Emerging]) -> list[Row]:
    """What rises, best first, in the order that trending gave; the bar says how much of it was not to be expected."""
    shown = items[:RISING_ROWS]
    longest = max((item["posts"] for item in shown), default=0)
    return [_rising(item, longest) for item in shown]


def _rising(item: Emerging, longest: int) -> Row:
    label = item.get("text") or (f"#{item['term']}" if item["facet"] == "hashtag" else item["term"])
    expected = min(item["expected"], item["posts"])
    return {
        "key": f"{item['facet']}:{item['term']}",
        "asks": {"facet": item["facet"], "term": item["term"]},
        "label": label,
        "tag": item.get("type", item["facet"]).lower(),
        "value": f"×{item['lift']:.1f}" if item["lift"] < 100 else "×99+",
        "note": numbers.count(item["posts"]),
        "title": f"{label}: {item['posts']:,} posts, {item['expected']:.1f} expected",
        "parts": {"unrated": _length(expected, longest), "accent": _length(item["posts"] - expected, longest)},
    }


def split(shares: Shares) -> list[Row]:
    """Positive, neutral and negative as one bar over the whole track."""
    by_label: Mapping[str, Share] = {item["label"]: item for item in shares["items"]}
    shown = {name: by_label[name]["share"] or 0.0 for name in RATED if name in by_label}
    parts: dict[str, float] = {name: 100 * share for name, share in shown.items() if share}
    return [{"key": "split", "label": "", "value": "", "note": "", "title": "", "parts": parts}]


def _length(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
