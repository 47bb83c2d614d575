"""What Prometheus is told: read from the loop's status at each scrape, nothing is counted twice."""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from twitterhandler.flow import IngestStatus
from twitterhandler.ingest import Ingest
from twitterhandler.spending import Spending, SpendingStatus


class _IngestCollector(Collector):
    def __init__(self, ingests: Sequence[Ingest], spending: Spending | None) -> None:
        self._ingests = ingests
        self._spending = spending

    def collect(self) -> Iterator[Metric]:
        statuses = [ingest.status() for ingest in self._ingests]
        yield from _counters(statuses)
        yield from _gauges(statuses)
        sink = statuses[0]
        yield GaugeMetricFamily("twitterhandler_sink_position", "How far the queue reaches.", value=sink.position)
        yield GaugeMetricFamily("twitterhandler_sink_waiting", "Whether the queue is away.", value=bool(sink.waiting))
        yield GaugeMetricFamily("twitterhandler_sink_spilled_bytes", "What waits for it on disk.", value=sink.spilled)
        yield from _spent(self._spending.status()) if self._spending else ()


def _counters(statuses: Sequence[IngestStatus]) -> Iterator[Metric]:
    labels = ["topic", "source"]
    topics = CounterMetricFamily("twitterhandler_topic_posts", "Posts handed to the queue, by topic.", labels=labels)
    posts = CounterMetricFamily("twitterhandler_posts", "Posts handed to the queue.", labels=["source"])
    repeats = CounterMetricFamily("twitterhandler_repeats", "Posts that a network sent again.", labels=["source"])
    unmatched = CounterMetricFamily("twitterhandler_unmatched", "Posts that no topic wants.", labels=["source"])
    dead = CounterMetricFamily("twitterhandler_dead", "Lines that could not be read.", labels=["source"])
    for status in statuses:
        counts, source = status.counts, [status.source]
        for topic, number in counts.by_topic.items():
            topics.add_metric([topic, status.source], number)
        posts.add_metric(source, counts.posts)
        repeats.add_metric(source, counts.repeats)
        unmatched.add_metric(source, counts.unmatched)
        dead.add_metric(source, counts.dead)
    yield from (topics, posts, repeats, unmatched, dead)


def _gauges(statuses: Sequence[IngestStatus]) -> Iterator[Metric]:
    rate = GaugeMetricFamily("twitterhandler_posts_per_second", "Posts a second, last 10 s.", labels=["source"])
    up = GaugeMetricFamily("twitterhandler_source_up", "Whether the source is being read.", labels=["source"])
    last = GaugeMetricFamily("twitterhandler_last_post_timestamp_seconds", "Its created_at.", labels=["source"])
    connected = GaugeMetricFamily("twitterhandler_source_connected", "Whether it is heard now.", labels=["source"])
    for status in statuses:
        rate.add_metric([status.source], status.rate)
        up.add_metric([status.source], float(status.state == "running"))
        if status.last_post_at:
            last.add_metric([status.source], status.last_post_at.timestamp())
        if status.health and status.health.connected is not None:
            connected.add_metric([status.source], float(status.health.connected))
    yield from (rate, up, last, connected)


def _spent(status: SpendingStatus) -> Iterator[Metric]:
    yield GaugeMetricFamily("twitterhandler_month_posts", "Posts that X billed in this month.", value=status.posts)
    if status.money is not None:
        yield GaugeMetricFamily("twitterhandler_month_money", "What they cost.", value=status.money)
    if status.most_posts is not None:
        limit = "Posts of X that the month may have."
        yield GaugeMetricFamily("twitterhandler_month_posts_limit", limit, value=status.most_posts)


def exposition(ingests: Sequence[Ingest], spending: Spending | None = None) -> bytes:
    """The metrics of loops over one sink, and of what they spend, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_IngestCollector(ingests, spending))
    return generate_latest(registry)
