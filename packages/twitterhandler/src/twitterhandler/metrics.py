"""What Prometheus is told: read from the loop's status at each scrape, nothing is counted twice."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from twitterhandler.ingest import Ingest, IngestStatus


class _IngestCollector(Collector):
    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    def collect(self) -> Iterator[Metric]:
        status = self._ingest.status()
        yield from _counters(status)
        yield GaugeMetricFamily("twitterhandler_posts_per_second", "Posts a second, last 10 s.", value=status.rate)
        yield GaugeMetricFamily("twitterhandler_sink_position", "How far the queue reaches.", value=status.position)
        yield GaugeMetricFamily("twitterhandler_sink_waiting", "Whether the queue is away.", value=bool(status.waiting))
        yield GaugeMetricFamily("twitterhandler_sink_spilled_bytes", "What waits for it on disk.", value=status.spilled)
        up = GaugeMetricFamily("twitterhandler_source_up", "Whether the source is being read.", labels=["source"])
        up.add_metric([status.source], float(status.state == "running"))
        yield up
        if status.last_post_at:
            last = status.last_post_at.timestamp()
            yield GaugeMetricFamily("twitterhandler_last_post_timestamp_seconds", "Its created_at.", value=last)


def _counters(status: IngestStatus) -> Iterator[Metric]:
    counts = status.counts
    posts = CounterMetricFamily("twitterhandler_topic_posts", "Posts handed to the queue, by topic.", labels=["topic"])
    for topic, number in counts.by_topic.items():
        posts.add_metric([topic], number)
    yield posts
    yield CounterMetricFamily("twitterhandler_posts", "Posts handed to the queue.", value=counts.posts)
    yield CounterMetricFamily("twitterhandler_repeats", "Posts that a network sent again.", value=counts.repeats)
    yield CounterMetricFamily("twitterhandler_unmatched", "Posts that no topic wants.", value=counts.unmatched)
    yield CounterMetricFamily("twitterhandler_dead", "Lines that could not be read.", value=counts.dead)


def exposition(ingest: Ingest) -> bytes:
    """The metrics of `ingest` in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_IngestCollector(ingest))
    return generate_latest(registry)
