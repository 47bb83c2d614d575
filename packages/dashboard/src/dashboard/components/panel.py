"""Panels: a heading, what it is about, a body.

Lists and texts are left empty: the assets paint them on each tick, and React never touches them again.
"""

from __future__ import annotations

from typing import Any

from dash import html


def panel(title: str, body: Any, *, note: Any = None, class_name: str = "") -> html.Section:
    heading_id = f"{title.lower().replace(' ', '-')}-heading"
    return html.Section(
        [html.Div([html.H2(title, id=heading_id), note], className="panel-head"), body],
        className=f"panel {class_name}".strip(),
        **{"aria-labelledby": heading_id},
    )


def bar_list(list_id: str, *, rows: int) -> html.Ol:
    """As high as its `rows`, full or not: a list that fills moves nothing below it."""
    return html.Ol(id=list_id, className="bar-list", style={"--rows": rows})


def slot(slot_id: str, *, class_name: str = "") -> html.Span:
    """A place for one text."""
    return html.Span(id=slot_id, className=f"slot {class_name}".strip())
