"""Prometheus text, gathered from the store when it is asked for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from sparkstream.status import job_status
from sparkstream.stores.base import LAYERS
from sparkstream.views import Views


def exposition(views: Views, *, listeners: int) -> bytes:
    """What cannot be known while a layer is down is left out."""
    registry, views = CollectorRegistry(), views.at_once()
    status = job_status(views.store, views.clock())
    topics = Gauge("sparkstream_topic_posts", "Posts counted for a topic", ["topic"], registry=registry)
    for topic in views.store.topics():
        topics.labels(topic.slug).set(topic.posts)
    up = Gauge("sparkstream_layer_up", "1 while a layer can be read", ["layer"], registry=registry)
    for layer in LAYERS:
        up.labels(layer).set(layer not in views.store.down())
    found = [
        ("sparkstream_dead_letters", "Lines that could not be read", status["dead_letters"]),
        ("sparkstream_live_listeners", "Open live sockets", listeners),
    ]
    if status["state"] != "unknown":
        found += [
            ("sparkstream_job_up", "1 while the job reports", 1 if status["state"] == "running" else 0),
            ("sparkstream_posts_per_second", "Distinct posts a second over the last 30 s", status["rate"]),
            ("sparkstream_lag_seconds", "From receipt to view of the newest post", status["lag_seconds"] or 0),
            ("sparkstream_batch", "The last applied micro-batch", -1 if status["batch"] is None else status["batch"]),
        ]
    for name, help_text, value in found:
        if value is not None:
            Gauge(name, help_text, registry=registry).set(value)
    return generate_latest(registry)
