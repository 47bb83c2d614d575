"""The bar on top: whose page it is, what it shows, how fresh it is."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard import ids
from dashboard.messages import DEFAULT_WINDOW, Window

CUSTOM = "custom"

_LABELS: dict[Window, str] = {"5m": "5 min", "15m": "15 min", "1h": "1 hour", "24h": "24 h", "7d": "7 days"}


def header() -> html.Header:
    return html.Header(
        [
            _brand(),
            html.Div([_topic(), _new()], className="topics"),
            _window(),
            _status(),
            html.Div([_pause(), _scheme()], className="tools"),
        ],
        className="bar",
    )


def _brand() -> html.A:
    mark = html.Img(src="/assets/mark.svg", alt="", width=26, height=26)
    return html.A([mark, html.Span("Pulse")], href="/", className="brand", **{"aria-label": "Pulse, start page"})


def _topic() -> dmc.Select:
    return dmc.Select(
        id=ids.TOPIC,
        data=[],
        placeholder="Topic",
        searchable=True,
        allowDeselect=False,
        nothingFoundMessage="No such topic",
        className="topic",
        comboboxProps={"shadow": "md"},
        **{"aria-label": "Topic"},
    )


def _new() -> html.Button:
    return html.Button("+", id=ids.TOPIC_NEW, type="button", className="tool new", **{"aria-label": "New topic"})


def _window() -> dmc.SegmentedControl:
    data = [{"value": value, "label": label} for value, label in (*_LABELS.items(), (CUSTOM, "Custom …"))]
    return dmc.SegmentedControl(
        id=ids.WINDOW,
        data=data,
        value=DEFAULT_WINDOW,
        size="xs",
        withItemsBorders=False,
        className="window",
        **{"aria-label": "Period"},
    )


def _status() -> html.P:
    """Only the state is announced; its age would be announced every second."""
    return html.P(
        [
            html.Span(className="dot", **{"aria-hidden": "true"}),
            html.Span(id=ids.STATUS, role="status", **{"aria-live": "polite"}),
            html.Span(id=ids.STATUS_AGE, className="age"),
        ],
        className="status",
    )


def _pause() -> html.Button:
    return html.Button(
        [html.Span(className="icon pause"), html.Span("Pause", id=f"{ids.PAUSE}-label")],
        id=ids.PAUSE,
        className="tool",
        type="button",
    )


def _scheme() -> dmc.ColorSchemeToggle:
    return dmc.ColorSchemeToggle(
        id=ids.SCHEME,
        lightIcon=html.Span(className="icon sun"),
        darkIcon=html.Span(className="icon moon"),
        variant="default",
        size=32,
        **{"aria-label": "Light or dark"},
    )
