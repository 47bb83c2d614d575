"""The page's own routes beside Dash's: the live socket, fixed periods, topics, health, readiness, metrics."""

from __future__ import annotations

from fastapi import FastAPI

from dashboard import problems
from dashboard.api import health, live, past, topics
from dashboard.clients import CollectorClient, TrendingClient, ViewsClient
from dashboard.live import Hub
from dashboard.metrics import Metrics


def add_routes(
    server: FastAPI, hub: Hub, views: ViewsClient, trending: TrendingClient, collector: CollectorClient
) -> None:
    problems.install(server)
    health.add_routes(server, views, trending)
    live.add_routes(server, hub)
    past.add_routes(server, views)
    topics.add_routes(server, collector)


def add_metrics(server: FastAPI, counted: Metrics) -> None:
    health.add_metrics(server, counted)
