"""What the page counts about itself, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """A registry of its own, so that two pages in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.browsers = Gauge("dashboard_browsers", "Browsers connected to /live", registry=self.registry)
        self.readers = Gauge("dashboard_readers", "Upstream sockets held open", registry=self.registry)
        self.messages = Counter("dashboard_messages", "Messages from upstream", ["kind"], registry=self.registry)
        self.dropped = Counter("dashboard_dropped", "Messages that a slow browser skipped", registry=self.registry)
        self.failures = Counter("dashboard_upstream_failures", "Times a reader lost upstream", registry=self.registry)
        self.drawing = Histogram(
            "dashboard_drawing_seconds",
            "Time to turn a tick into a view",
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
            registry=self.registry,
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)
