"""The page as an application: Dash on FastAPI, the hub behind it, its own routes beside it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dash import Dash, no_update
from fastapi import FastAPI

from dashboard import api, callbacks, palette
from dashboard.__about__ import __version__
from dashboard.access import TokenGate
from dashboard.clients import CollectorClient, TrendingClient, ViewsClient
from dashboard.live import MAX_BROWSERS, Hub
from dashboard.metrics import Metrics
from dashboard.pages import topic
from dashboard.rising import RisingFeed

_log = logging.getLogger(__name__)
_HERE = Path(__file__).parent

TITLE = "Pulse"


def create_app(
    views_url: str,
    trending_url: str,
    collector_url: str = "http://127.0.0.1:9001",
    *,
    token: str | None = None,
    collector_token: str | None = None,
    max_browsers: int = MAX_BROWSERS,
) -> FastAPI:
    """An ASGI application that holds one event loop's state: serve it with one worker.

    Args:
        views_url: where `sparkstream serve` listens.
        trending_url: where `trending serve` listens.
        collector_url: where `twitterhandler serve` listens: topics are made and changed there.
        token: what a browser must show; None leaves the page open to all who reach it.
        collector_token: what the collector wants to be shown; None when it lets everybody change topics.
        max_browsers: how many sockets `/live` serves at once.
    """
    views, trending, counted = ViewsClient(views_url), TrendingClient(trending_url), Metrics()
    collector = CollectorClient(collector_url, token=collector_token)
    hub = Hub(views, RisingFeed(trending), counted, max_browsers=max_browsers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with views, trending, collector:
            yield
            await hub.close()

    # No /docs: FastAPI's would load its scripts from another origin. The description itself is at /openapi.json.
    server = FastAPI(title="Pulse dashboard", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    api.add_routes(server, hub, views, trending, collector)
    api.add_metrics(server, counted)
    create_dash(server)
    if token is not None:
        server.add_middleware(TokenGate, token=token)
    return server


def create_dash(server: FastAPI) -> Dash:
    app = Dash(
        "dashboard",
        backend="fastapi",
        server=server,
        title=TITLE,
        update_title=None,
        assets_folder=str(_HERE / "assets"),
        index_string=_index(),
        compress=True,
        on_error=_on_error,
    )
    app.layout = topic.layout()
    callbacks.register(app)
    return app


def _index() -> str:
    """The document around the page; the palette is written into it, so no second copy of a colour can go stale."""
    document, dialogs = ((_HERE / name).read_text(encoding="utf-8") for name in ("index.html", "dialogs.html"))
    return document.replace("/* palette */", palette.css()).replace("<!-- dialogs -->", dialogs)


def _on_error(error: Exception) -> Any:
    """Dash answers 500 without a line in the log on this backend."""
    _log.error("a callback failed", exc_info=error)
    return no_update
