"""The live page of a topic: Dash on FastAPI, pushed through one websocket a tab."""

from dashboard.__about__ import __version__
from dashboard.app import create_app
from dashboard.errors import DashboardError

__all__ = ["DashboardError", "__version__", "create_app"]
