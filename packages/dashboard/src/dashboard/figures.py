"""Data to figures: plain dictionaries that plotly.js draws, without a colour in them.

Colours come from a template for each theme (`templates`), chosen in the browser: one figure serves light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from html import escape
from math import ceil, log10
from operator import itemgetter
from typing import Any, Final

from dashboard import gaps as unheard
from dashboard.messages import STEP_SECONDS, Gap, SeriesItem, Tick
from dashboard.numbers import instant
from dashboard.palette import PALETTES, Palette, Scheme

Figure = dict[str, Any]

# From the base of the stack upwards; the templates colour the traces in this order.
STACK: Final = ("negative", "neutral", "positive", "not_rated")
NAMES: Final[Mapping[str, str]] = {
    "positive": "▲ Positive",
    "neutral": "■ Neutral",
    "negative": "▼ Negative",
    "not_rated": "Not rated",
}
_FILLING_OPACITY = 0.55
_HOUR, _DAY = 3600, 86400


def volume(tick: Tick, gaps: Sequence[Gap] = ()) -> Figure:
    """Posts by sentiment over time, stacked; a step in which nothing could be heard is hatched: unknown, not zero."""
    series, seconds = tick["series"], STEP_SECONDS[tick["step"]]
    starts = [_utc(item["start"]) for item in series]
    width = 860 * min(seconds, seconds * len(series) / 5)  # a lone minute is a bar, not a wall
    place = {"x": starts, "width": width, "offset": (1000 * seconds - width) / 2}
    opacity = [1.0] * len(series)
    if series and tick["live"]:
        opacity[-1] = _FILLING_OPACITY
    bars = [
        {
            "type": "bar",
            "name": NAMES[label],
            **place,
            "y": [_known(item, label) for item in series],
            "marker": {"opacity": opacity},
            "hovertemplate": "%{y:,}",
        }
        for label in STACK
    ]
    return {"data": [*bars, _unheard(series, place, seconds, gaps)], "layout": _layout(tick, seconds)}


def _known(item: SeriesItem, label: str) -> int | None:
    return None if _unknown(item) else (item["sentiment"] or {}).get(label, 0)


def _unknown(item: SeriesItem) -> bool:
    """Nothing could be heard, or its posts were not counted."""
    return item["coverage"] == "none" or item["sentiment"] is None


def _unheard(series: Sequence[SeriesItem], place: Mapping[str, Any], seconds: int, gaps: Sequence[Gap]) -> Figure:
    return {
        "type": "bar",
        "name": "Unknown",
        **place,
        "y": [1 if item["coverage"] == "partial" or _unknown(item) else None for item in series],
        "yaxis": "y2",
        "customdata": [_why(item, seconds, gaps) for item in series],
        "hovertemplate": "%{customdata}",
    }


def _why(item: SeriesItem, seconds: int, gaps: Sequence[Gap]) -> str:
    if item["sentiment"] is None and item["coverage"] != "none":
        return "not counted" if item["posts"] is None else f"{item['posts']:,} posts, their sentiment not counted"
    if item["coverage"] == "full":
        return ""
    words = {"none": "nothing could be heard", "partial": "only heard in part"}[item["coverage"]]
    end = instant(item["start"]) + timedelta(seconds=seconds)
    reasons = [escape(unheard.said(gap)) for gap in unheard.within(gaps, item["start"], end.isoformat())]
    return "<br>".join([words, *reasons[:3]])


def _layout(tick: Tick, seconds: int) -> Figure:
    series = tick["series"]
    marks, hover, lines = _formats((instant(tick["to"]) - instant(tick["from"])).total_seconds(), seconds)
    return {
        "barmode": "stack",
        "bargap": 0,
        "margin": {"l": 36, "r": 8, "t": 8, "b": 44 if lines == 2 else 30},
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": False,
        "uirevision": f"{tick['topic']} {tick['window'] or tick['from'] + tick['to']}",
        "xaxis": {
            "type": "date",
            "range": [_utc(tick["from"]), _utc(tick["to"])],
            "fixedrange": True,
            "showgrid": False,
            "ticks": "outside",
            "ticklen": 5,
            **({"dtick": 1000 * seconds, "tick0": _utc(tick["from"])} if len(series) <= 8 else {"nticks": 8}),
            "tickformat": marks,
            "hoverformat": hover,
        },
        # Drawn over the hatch of what is unknown, not under it.
        "yaxis": {"overlaying": "y2", "fixedrange": True, "zeroline": False, "tickformat": "~s", **_scale(series)},
        "yaxis2": {"range": [0, 1], "visible": False, "fixedrange": True},
    }


def _formats(span: float, step: int) -> tuple[str, str, int]:
    """How the marks of the time axis and its hover are written, and on how many lines the marks are."""
    if step >= _DAY:
        return "%-d %b", "%a %-d %b %Y", 1
    if span > 2 * _DAY:
        return "%a %-d %b", "%a %-d %b, %H:%M UTC", 1
    if span > 12 * _HOUR:
        return "%H:%M\n%-d %b", "%a %-d %b, %H:%M UTC", 2
    return "%H:%M", "%H:%M UTC", 1


def _scale(series: Sequence[SeriesItem]) -> Figure:
    """Whole posts, up to five marks, and a top that moves in steps: the bars do not shrink a little on each tick."""
    peak = max((item["posts"] or 0 for item in series if not _unknown(item)), default=0)
    rough = max(peak, 4) / 4
    power: int = 10 ** int(log10(rough))
    steps = [power, 2 * power, *([25 * power // 10] if power > 1 else []), 5 * power, 10 * power]
    step = next(step for step in steps if step >= rough)
    return {"tickmode": "linear", "tick0": 0, "dtick": step, "range": [0, step * ceil(max(peak, 4) * 1.04 / step)]}


def _utc(time: str) -> str:
    """Without the zone: plotly.js draws a time as it is written, and the page is in UTC."""
    return instant(time).strftime("%Y-%m-%dT%H:%M:%S")


def empty() -> Figure:
    """What stands in the place of a figure until the first tick: nothing, in the same height."""
    hidden = {"visible": False, "fixedrange": True}
    clear = "rgba(0,0,0,0)"
    return {"data": [], "layout": {"xaxis": hidden, "yaxis": hidden, "paper_bgcolor": clear, "plot_bgcolor": clear}}


def caption(tick: Tick) -> str:
    """The figure in words, for those who do not see it."""
    heard = [item for item in tick["series"] if item["coverage"] != "none"]
    counts = [(item["posts"], item["start"]) for item in heard if item["posts"] is not None]
    if not counts:
        return "Nothing was counted in this period." if heard else "Nothing could be heard in this period."
    highest, at = max(counts, key=itemgetter(0))
    unknown = len(tick["series"]) - len(counts)
    gap = f" {unknown} steps are unknown." if unknown else ""
    total = sum(posts for posts, _ in counts)
    most = f"most at {instant(at):%H:%M} UTC, {highest:,}"
    return f"{total:,} posts in {len(counts)} steps of {tick['step']}; {most}.{gap}"


def templates() -> dict[Scheme, Figure]:
    """One plotly template a theme: all colours of all figures."""
    return {scheme: _template(palette) for scheme, palette in PALETTES.items()}


def _template(palette: Palette) -> Figure:
    colours = {**asdict(palette), "not_rated": palette.unrated}
    axis = {
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "tickcolor": palette.line,
        "tickfont": {"color": palette.muted, "size": 11},
    }
    hatch = {"shape": "/", "fgcolor": palette.neutral, "bgcolor": palette.track, "size": 6, "solidity": 0.25}
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "Inter, system-ui, sans-serif", "color": palette.ink, "size": 12},
            "hoverlabel": {
                "bgcolor": palette.panel,
                "bordercolor": palette.line,
                "font": {"color": palette.ink, "size": 12},
            },
            "xaxis": axis,
            "yaxis": axis,
        },
        "data": {
            "bar": [
                *({"marker": {"color": colours[label], "line": {"width": 0}}} for label in STACK),
                {"marker": {"color": palette.track, "opacity": 0.6, "pattern": hatch, "line": {"width": 0}}},
            ]
        },
    }
