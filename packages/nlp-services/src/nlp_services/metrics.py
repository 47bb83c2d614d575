"""What the service counts, as Prometheus text."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """Texts and seconds by route, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._texts = Counter("nlp_texts", "Texts analysed", ["route"], registry=self._registry)
        self._seconds = Histogram("nlp_batch_seconds", "Time a batch took", ["route"], registry=self._registry)

    @contextmanager
    def measured(self, route: str, texts: int) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._seconds.labels(route).observe(time.perf_counter() - started)
        self._texts.labels(route).inc(texts)

    def render(self) -> bytes:
        return generate_latest(self._registry)
