import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from twitterhandler.clock import format_time
from twitterhandler.errors import RegistryError, SinkError, SourceError
from twitterhandler.ingest import Ingest
from twitterhandler.posts import Gap, Post, Record, TopicEvent, dead
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.testing import FakeClock, LoopClock, run_virtually
from twitterhandler.topics import Topic, TopicRegistry


@dataclass
class ListSink:
    records: list[Record] = field(default_factory=list)
    flushed: int = 0
    full_at: int = 10**9

    @property
    def position(self) -> int:
        return len(self.records)

    @property
    def waiting(self) -> str | None:
        return None

    @property
    def spilled(self) -> int:
        return 0

    async def put(self, record: Record) -> None:
        if len(self.records) == self.full_at:
            raise SinkError("the disk is full; free some")
        self.records.append(record)

    async def flush(self) -> None:
        self.flushed = len(self.records)

    async def close(self) -> None:
        await self.flush()


@dataclass
class ListSource:
    content: Sequence[Record | Exception]
    clock: FakeClock = field(default_factory=FakeClock)
    seconds: float = 0.0
    matches: bool = True
    keeps_repeats: bool = True
    name: str = "list"
    followed: list[tuple[str, ...]] = field(default_factory=list)

    def follow(self, topics):
        self.followed.append(tuple(topic.slug for topic in topics))

    async def records(self) -> AsyncIterator[Record]:
        for record in self.content:
            await self.clock.sleep(self.seconds)
            if isinstance(record, Exception):
                raise record
            yield record


@pytest.fixture
def registry(tmp_path):
    registry = TopicRegistry(tmp_path / "topics.db")
    registry.add(Topic("match", "match", state="started"))
    return registry


def carry(source, sink, **options):
    ingest = Ingest(source, sink, clock=source.clock, **options)
    asyncio.run(ingest.run())
    return ingest


def test_records_go_from_the_source_to_the_sink_in_order(post):
    at = post().created_at
    records = [TopicEvent("a", None, "started", at), post(id="x:1"), dead(b"{", "not JSON", at), post(id="x:1")]
    sink = ListSink()
    status = carry(ListSource(records), sink).status()
    assert sink.records == records
    assert sink.flushed == 4
    assert (status.source, status.state, status.failure, status.position) == ("list", "ended", None, 4)
    assert (status.counts.posts, status.counts.dead, status.counts.repeats) == (2, 1, 0)
    assert status.counts.by_topic == {"world-cup": 2}
    assert status.last_post_at == at


def test_posts_of_a_network_without_rules_are_matched_or_dropped(post, registry):
    sink = ListSink()
    source = ListSource([post(id="sim:1", topics=()), post(id="sim:2", topics=(), text="tea")], matches=False)
    counts = carry(source, sink, subscriptions=Subscriptions(registry)).status().counts
    topic, heard = sink.records
    assert isinstance(topic, TopicEvent)
    assert (topic.id, topic.state) == ("match", "started")
    assert isinstance(heard, Post)
    assert (heard.id, heard.topics) == ("sim:1", ("match",))
    assert (counts.posts, counts.unmatched) == (1, 1)


def test_a_post_whose_network_matched_it_to_no_topic_is_dropped(post):
    sink = ListSink()
    assert carry(ListSource([post(topics=())]), sink).status().counts.unmatched == 1
    assert sink.records == []


def test_a_gap_of_a_source_that_knows_no_topics_is_of_all_that_are_listened_to(post, registry):
    registry.add(Topic("tea", "tea"))
    at = post().created_at
    gap = Gap("gap:sim:1", "sim", (), at, at + timedelta(minutes=2), "simulated outage")
    sink = ListSink()
    carry(ListSource([gap], matches=False), sink, subscriptions=Subscriptions(registry))
    assert sink.records[-1] == replace(gap, topics=("match",))
    registry.change("match", state="stopped")
    nobody = ListSink()
    carry(ListSource([gap], matches=False), nobody, subscriptions=Subscriptions(registry))
    assert not any(isinstance(record, Gap) for record in nobody.records)
    known = replace(gap, topics=("world-cup",))
    told = ListSink()
    carry(ListSource([known]), told)
    assert told.records == [known]


def test_a_gap_is_of_the_topics_that_listen_to_its_network(post, registry, caplog):
    registry.add(Topic("tea", "tea", sources=("bluesky",), state="started"))
    registry.add(Topic("coffee", "coffee", sources=("x",), state="started"))
    at = post().created_at
    sink = ListSink()
    gap = Gap("gap:bluesky:1", "bluesky", (), at, at + timedelta(minutes=2), "silent")
    carry(ListSource([gap], matches=False), sink, subscriptions=Subscriptions(registry))
    assert sink.records[-1] == replace(gap, topics=("match", "tea"))
    assert f"nothing is heard of match, tea from {format_time(at)} to " in caplog.text


@dataclass
class ResumableSource(ListSource):
    """Is quiet after its content; knows what was acknowledged, and how much of it the sink had flushed then."""

    sink: ListSink = field(default_factory=ListSink)
    safe: list[tuple[int, int]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def acknowledge(self, records):
        if self.failures:
            raise self.failures.pop()
        self.safe.append((records, self.sink.flushed))

    async def records(self):
        async for record in super().records():
            yield record
        await asyncio.sleep(5)


def resumed(*content, **options):
    sink = ListSink()
    source = ResumableSource(content, clock=LoopClock(), sink=sink, **options)
    run_virtually(Ingest(source, sink, clock=source.clock).run())
    return source.safe


def test_a_source_is_told_what_is_safe_while_it_is_quiet_and_at_its_end(post):
    safe = resumed(*(post(id=f"x:{number}") for number in range(30)), seconds=0.1)
    assert safe == sorted(safe)
    assert 8 <= safe[0][0] <= 11
    assert safe[-1] == (30, 30)
    assert all(records <= flushed for records, flushed in safe)


def test_what_was_dropped_is_safe_too(post):
    safe = resumed(post(), post(topics=()), post(), seconds=0.1, keeps_repeats=False)
    assert safe[0][0] == 3


def test_a_position_that_cannot_be_written_is_written_a_second_later(post, caplog):
    safe = resumed(post(), failures=[RegistryError("the disk is full; free some")])
    assert safe[0] == (1, 1)
    assert "the disk is full" in caplog.text


def test_a_source_that_fails_has_acknowledged_nothing_that_is_not_flushed(post):
    sink = ListSink(full_at=3)
    source = ResumableSource([post(id=f"x:{number}") for number in range(9)], clock=LoopClock(), sink=sink, seconds=2.0)
    with pytest.raises(SinkError):
        run_virtually(Ingest(source, sink, clock=source.clock).run())
    assert max(source.safe) == (3, 3)


def test_repeats_are_dropped_for_live_networks_only(post):
    records = [post(id="x:1"), post(id="x:2"), post(id="x:1")]
    live, played = ListSink(), ListSink()
    assert carry(ListSource(records, keeps_repeats=False), live).status().counts.repeats == 1
    assert carry(ListSource(records), played).status().counts.repeats == 0
    assert (len(live.records), len(played.records)) == (2, 3)


def test_a_repeat_that_has_another_topic_is_news(post):
    records = [post(topics=("tea",)), post(topics=("tea", "rain")), post(topics=("rain",)), post(version=1)]
    sink = ListSink()
    assert carry(ListSource(records, keeps_repeats=False), sink).status().counts.repeats == 1
    assert [record.topics for record in sink.records] == [("tea",), ("tea", "rain"), ("world-cup",)]


def test_a_source_is_closed_when_the_loop_ends_and_not_some_time_later(post):
    closed = []

    class Closing(ListSource):
        async def records(self):
            try:
                yield post()
            finally:
                closed.append(True)

    source = Closing([])
    ingest = Ingest(source, ListSink(full_at=0), clock=source.clock)
    with pytest.raises(SinkError):
        asyncio.run(ingest.run())
    assert closed == [True]


def test_a_topic_that_changes_while_the_source_runs_is_announced_and_matched(post, registry):
    class Changing(ListSource):
        async def records(self):
            async for record in super().records():
                if record.id == "sim:3":
                    registry.add(Topic("tea", "tea", state="started"))
                    registry.change("match", state="stopped")
                yield record

    posts = [post(id=f"sim:{number}", topics=(), text="tea at the match") for number in range(6)]
    source, sink = Changing(posts, seconds=1.0, matches=False), ListSink()
    carry(source, sink, subscriptions=Subscriptions(registry))
    assert source.followed == [("match",), ("tea",)]
    told = [
        (record.id, record.state) if isinstance(record, TopicEvent) else (record.id, record.topics)
        for record in sink.records
    ]
    assert told == [
        ("match", "started"),
        *[(f"sim:{number}", ("match",)) for number in range(4)],
        ("match", "stopped"),
        ("tea", "started"),
        *[(f"sim:{number}", ("tea",)) for number in range(4, 6)],
    ]


def test_a_topic_is_stopped_at_its_limit_and_the_queue_is_told(post, registry):
    registry.change("match", limit=2)
    posts = [post(id=f"sim:{number}", network="sim", topics=()) for number in range(5)]
    sink, source = ListSink(), ListSource(posts, matches=False)
    spending = Spending(registry, clock=source.clock)
    counts = carry(source, sink, subscriptions=Subscriptions(registry), spending=spending).status().counts
    assert [(record.id, getattr(record, "state", None)) for record in sink.records] == [
        ("match", "started"),
        ("sim:0", None),
        ("sim:1", None),
        ("match", "stopped"),
    ]
    assert (counts.posts, counts.unmatched) == (2, 3)
    assert registry.get("match").stopped_by == "limit"
    assert source.followed == [("match",), ()]


def test_what_x_sends_is_counted_though_nobody_keeps_it(post, registry):
    at = post().created_at
    sent = [post(id="x:1"), post(id="x:1"), post(id="x:2", topics=()), dead(b"{", "not JSON", at)]
    source = ListSource(sent, keeps_repeats=False, name="x")
    spending = Spending(registry, clock=source.clock)
    carry(source, ListSink(), subscriptions=Subscriptions(registry), spending=spending)
    assert spending.budget.month(source.clock.now()) == 3


def test_what_a_file_holds_costs_nothing(post, registry):
    source = ListSource([post(id="x:1"), post(id="x:2")], name="replay")
    spending = Spending(registry, clock=source.clock)
    carry(source, ListSink(), subscriptions=Subscriptions(registry), spending=spending)
    assert spending.budget.month(source.clock.now()) == 0


def test_a_topic_whose_end_has_come_is_not_even_asked_for(registry):
    source = ListSource([])
    registry.change("match", until=source.clock.now())
    sink = ListSink()
    spending = Spending(registry, clock=source.clock)
    carry(source, sink, subscriptions=Subscriptions(registry), spending=spending)
    assert source.followed == [()]
    assert [record.state for record in sink.records if isinstance(record, TopicEvent)] == ["started", "stopped"]


@pytest.mark.parametrize(("content", "full_at"), [([SourceError("torn; send another")], 9), ([], 1)])
def test_a_failure_ends_it_and_is_remembered(post, content, full_at):
    source = ListSource([post(), *content, post()])
    ingest = Ingest(source, ListSink(full_at=full_at), clock=source.clock)
    with pytest.raises((SourceError, SinkError)) as caught:
        asyncio.run(ingest.run())
    status = ingest.status()
    assert (status.state, status.failure) == ("failed", str(caught.value))
    assert status.counts.posts == 1


def test_cancelled_it_is_stopped_not_failed(post):
    async def cancel():
        forever = ListSource([post()] * 100_000)
        ingest = Ingest(forever, ListSink(), clock=forever.clock)
        task = asyncio.create_task(ingest.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return ingest.status()

    assert asyncio.run(cancel()).state == "stopped"


def test_the_rate_is_that_of_the_last_ten_seconds(post):
    source = ListSource([post()] * 400, seconds=0.25)
    ingest = carry(source, ListSink())
    assert ingest.status().rate == pytest.approx(4.0, abs=0.3)
    asyncio.run(source.clock.sleep(timedelta(minutes=1).total_seconds()))
    assert ingest.status().rate == 0.0
