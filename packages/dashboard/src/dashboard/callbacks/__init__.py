"""What the page does when a person acts.

Server callbacks are coroutines: a plain function would run on, and block, the event loop that feeds all browsers.
"""

from __future__ import annotations

from dash import Dash

from dashboard.callbacks import page


def register(app: Dash) -> None:
    page.register(app)
