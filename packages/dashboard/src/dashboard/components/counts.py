"""The numbers on top: how many, from how many authors, in what mood; each beside the period before."""

from __future__ import annotations

from dash import html

from dashboard import ids
from dashboard.components.panel import bar_list, slot
from dashboard.figures import NAMES
from dashboard.messages import RATED, Rated


def counts() -> html.Section:
    return html.Section(
        [
            _count("Posts", ids.POSTS_NOW, ids.POSTS_CHANGE, ids.POSTS_BEFORE),
            _count("Authors", ids.AUTHORS_NOW, ids.AUTHORS_CHANGE, ids.AUTHORS_BEFORE),
            _sentiment(),
        ],
        className="counts",
        **{"aria-label": "Numbers of the period"},
    )


def _count(title: str, now: str, change: str, before: str) -> html.Div:
    return html.Div(
        [
            html.H2(title),
            html.P([slot(now, class_name="big"), slot(change, class_name="change")], className="value"),
            html.P(slot(before), className="note"),
        ],
        className="panel count",
    )


def _sentiment() -> html.Div:
    return html.Div(
        [
            html.Div(
                [html.H2("Sentiment"), html.P(slot(ids.SENTIMENT_SAMPLE), className="note")], className="panel-head"
            ),
            html.Div([_share(label) for label in RATED], className="shares"),
            html.Div(bar_list(ids.SPLIT, rows=1), className="split", **{"aria-hidden": "true"}),
        ],
        className="panel sentiment",
    )


def _share(label: Rated) -> html.Div:
    mark, _, name = NAMES[label].partition(" ")
    title = html.Span([html.Span(mark, className=f"mark {label}", **{"aria-hidden": "true"}), name])
    return html.Button(
        [
            html.Span([title, slot(ids.share_change(label), class_name="change")], className="note"),
            html.Span(
                [slot(ids.share(label), class_name="mid"), slot(ids.share_interval(label), class_name="interval")],
                className="value",
            ),
        ],
        className="share",
        type="button",
        **{"data-sentiment": label},
    )
