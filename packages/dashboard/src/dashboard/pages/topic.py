"""The page of one topic. Its address says which topic and which window; without a topic it shows the liveliest."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import bars, figures, ids
from dashboard.asked import KINDS, SENTIMENTS
from dashboard.components.counts import counts
from dashboard.components.header import header
from dashboard.components.panel import bar_list, panel, slot

_GRAPH_CONFIG = {"displayModeBar": False, "displaylogo": False, "showSendToCloud": False, "responsive": True}
_FACET_TITLES = {"keyword": "Keywords", "entity": "People, places, things", "hashtag": "Hashtags", "word": "Words"}
_THEME = {"fontFamily": "Inter, system-ui, sans-serif", "primaryColor": "violet", "defaultRadius": "md"}


def layout() -> dmc.MantineProvider:
    return dmc.MantineProvider(
        [
            html.A("Skip to content", href=f"#{ids.MAIN}", className="skip"),
            dcc.Store(id=ids.TEMPLATES, data=figures.templates()),
            dcc.Store(id=ids.VOLUME_DATA),
            dcc.Store(id=ids.SHOWN_SCHEME),
            header(),
            html.Main(
                [_title(), _empty(), html.Div([counts(), _columns()], className="content")], id=ids.MAIN, tabIndex="-1"
            ),
            html.Footer([html.Span("All times are UTC."), slot(ids.DELIVERY)], className="foot"),
        ],
        theme=_THEME,
        defaultColorScheme="auto",
    )


def _title() -> html.Div:
    return html.Div(
        [
            html.Div([_heading(), html.P(id=ids.QUERY, className="query"), _because()]),
            html.Div([html.P(id=ids.PERIOD, className="period"), html.P(id=ids.COVERAGE, className="coverage")]),
            html.Ul(
                id=ids.CHIPS,
                className="chips",
                **{"aria-label": "What the page is limited to", "aria-live": "polite"},
            ),
            html.Div(id=ids.SEARCH, className="search", role="search"),
        ],
        className="page-title",
    )


def _heading() -> html.Div:
    edit = html.Button("Change …", id=ids.TOPIC_EDIT, type="button", className="plain", hidden=True)
    return html.Div(
        [html.H1(id=ids.HEADING), html.Span(id=ids.TOPIC_STATE, className="topic-state"), edit], className="heading"
    )


def _because() -> html.P:
    """Why the topic is stopped, where a limit did it."""
    return html.P(id=ids.TOPIC_BECAUSE, className="because", **{"aria-live": "polite"})


def _empty() -> html.Section:
    """Shown instead of the content while there is nothing to show; the assets say why."""
    return html.Section(
        [
            html.Span(className="listening", **{"aria-hidden": "true"}),
            html.H2(id=ids.EMPTY_TITLE),
            html.P(id=ids.EMPTY_TEXT),
            html.Button("Try again", id=ids.RETRY, type="button", className="tool retry", hidden=True),
        ],
        className="empty",
    )


def _columns() -> html.Div:
    panels = [_volume(), _rising(), _emotions(), *(_facet(name) for name in ids.FACETS), _kinds(), _languages()]
    return html.Div([html.Div(panels, className="panels"), _feed()], className="columns")


def _volume() -> html.Section:
    graph = dcc.Graph(
        id=ids.VOLUME, figure=figures.empty(), config=_GRAPH_CONFIG, responsive=True, style={"height": 248}
    )
    caption = html.P(id=ids.VOLUME_CAPTION, className="visually-hidden")
    body = html.Div(
        [html.Div(graph, className="graph", **{"aria-hidden": "true"}), *_steps(), caption], className="chart"
    )
    return panel("Volume by sentiment", body, note=_legend(), class_name="wide")


def _steps() -> tuple[html.Div, html.P]:
    """The chart by keys: a button on each step, made by the assets, and what the one with the focus says."""
    help_ = "Left and right: the steps. Up and down: their parts. Enter: show it."
    steps = html.Div(id=ids.STEPS, className="steps", role="toolbar", **{"aria-label": f"Steps of the chart. {help_}"})
    return steps, html.P(id=ids.STEP_SAID, className="step-said", **{"aria-live": "polite"})


def _legend() -> html.Ul:
    """Each entry but the last is a filter."""
    marks = zip(SENTIMENTS, ("▲", "■", "▼", "■"), strict=True)
    unknown = html.Li([html.Span(className="mark unheard", **{"aria-hidden": "true"}), "Unknown"])
    return html.Ul([*(_legend_entry(name, mark) for name, mark in marks), unknown], className="legend")


def _legend_entry(name: str, mark: str) -> html.Li:
    colour = "unrated" if name == "not_rated" else name
    label = [
        html.Span(mark, className=f"mark {colour}", **{"aria-hidden": "true"}),
        f"{name.replace('_', ' ').capitalize()} ",
        slot(ids.sentiment_count(name), class_name="count-of"),
    ]
    return html.Li(html.Button(label, type="button", **{"data-sentiment": name}))


def _rising() -> html.Section:
    body: list[Any] = [bar_list(ids.RISING, rows=bars.RISING_ROWS), html.P(id=ids.RISING_NOTE, className="note over")]
    return panel("Rising", html.Div(body, className="stack"), note=html.P("times the usual · posts", className="note"))


def _emotions() -> html.Section:
    note = html.P(slot(ids.EMOTION_SAMPLE), className="note")
    return panel("Emotions", bar_list(ids.EMOTIONS, rows=bars.MOST_LABELS), note=note)


def _kinds() -> html.Section:
    return panel("Kinds", bar_list(ids.KINDS, rows=len(KINDS)), note=html.P(slot(ids.KIND_SAMPLE), className="note"))


def _languages() -> html.Section:
    body = [bar_list(ids.LANGUAGES, rows=len(KINDS)), html.P(id=ids.LANGUAGE_NOTE, className="note over")]
    note = html.P(slot(ids.LANGUAGE_SAMPLE), className="note")
    return panel("Languages", html.Div(body, className="stack"), note=note)


def _facet(name: str) -> html.Section:
    note = html.P([slot(ids.facet_note(name)), "posts · change"], className="note")
    return panel(_FACET_TITLES[name], bar_list(ids.facet(name), rows=bars.ROWS), note=note)


def _feed() -> html.Aside:
    waiting = html.Button(id=ids.POSTS_WAITING, className="waiting", type="button", hidden=True)
    more = html.Button("More posts", id=ids.POSTS_MORE, className="tool more", type="button", hidden=True)
    end = html.P(id=ids.POSTS_END, className="note end", role="status")
    scroll = html.Div(
        [html.Ol(id=ids.POSTS, className="posts"), more, end],
        id=ids.POSTS_SCROLL,
        className="posts-scroll",
        tabIndex="0",
        role="region",
        **{"aria-label": "Posts, scrollable"},
    )
    body = html.Div([waiting, scroll], className="feed-body")
    return html.Aside(panel("Newest posts", body, class_name="feed"), **{"aria-label": "Newest posts"})
