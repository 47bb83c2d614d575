"""The callbacks that run in the browser; their bodies are in assets/page.js."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

from dashboard import ids

_NAMESPACE = "page"


def register(app: Dash) -> None:
    # The address is the one truth; the controls write it and follow it, so Back and a copied link work.
    app.clientside_callback(
        ClientsideFunction(_NAMESPACE, "controls"), Input(ids.TOPIC, "value"), Input(ids.WINDOW, "value")
    )
    app.clientside_callback(
        ClientsideFunction(_NAMESPACE, "figure"),
        Output(ids.VOLUME, "figure"),
        Input(ids.VOLUME_DATA, "data"),
        Input(ids.SHOWN_SCHEME, "data"),
        Input(ids.TEMPLATES, "data"),
    )
    app.clientside_callback(
        ClientsideFunction(_NAMESPACE, "pause"), Input(ids.PAUSE, "n_clicks"), prevent_initial_call=True
    )
