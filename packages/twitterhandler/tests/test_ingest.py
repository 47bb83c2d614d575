import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from twitterhandler.clock import format_time
from twitterhandler.errors import InternalError, RegistryError, SinkError, SourceError
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


def test_lines_that_cannot_be_read_are_told_of_together(post, caplog):
    at = post().created_at
    torn = [dead(b"%d" % number, f"torn at {number}", at) for number in range(1_000)]
    sink = ListSink()
    assert carry(ListSource(torn, seconds=0.01), sink).status().counts.dead == 1_000
    assert len(sink.records) == 1_000
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "a line of list could not be read: torn at 0"
    assert told[1] == "500 more lines of list could not be read, the last: torn at 500"
    assert told[2] == "499 more lines of list could not be read, the last: torn at 999"
    assert len(told) == 3


def test_lines_that_wait_to_be_told_of_are_told_while_the_source_is_quiet(post, caplog):
    at = post().created_at
    source = ListSource([dead(b"%d" % number, "torn", at) for number in range(3)])

    class Quiet(ListSource):
        async def records(self):
            async for record in source.records():
                yield record
            await asyncio.sleep(60)

    async def run():
        quiet = Quiet([], clock=LoopClock())
        ingest = Ingest(quiet, ListSink(), clock=quiet.clock)
        running = asyncio.create_task(ingest.run())
        for _ in range(10):
            await asyncio.sleep(1)
            await ingest.attend()
        running.cancel()
        return [record.getMessage() for record in caplog.records]

    assert run_virtually(run())[1] == "2 more lines of list could not be read, the last: torn"


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

    def unheard(self, until, reason):
        return Gap(f"gap:{self.name}:1", self.name, (), FakeClock().now(), until, reason)

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


def test_an_edit_goes_where_an_earlier_version_stands_though_it_matches_no_more(post, registry):
    registry.add(Topic("tea", "tea", state="started"))
    words = [
        ("sim:1", 0, "match"),
        ("sim:2", 0, "rain"),
        ("sim:1", 5, "rain"),
        ("sim:2", 5, "sun"),
        ("sim:1", 5, "rain"),
    ]
    words += [("sim:1", 7, "tea"), ("sim:1", 9, "snow"), ("sim:3", 5, "snow")]
    posts = [post(id=id_, version=version, text=text, topics=()) for id_, version, text in words]
    sink = ListSink()
    source = ListSource(posts, matches=False, keeps_repeats=False)
    counts = carry(source, sink, subscriptions=Subscriptions(registry)).status().counts
    assert [(heard.id, heard.version, heard.topics) for heard in sink.records if isinstance(heard, Post)] == [
        ("sim:1", 0, ("match",)),
        ("sim:1", 5, ("match",)),
        ("sim:1", 7, ("tea", "match")),
        ("sim:1", 9, ("match", "tea")),
    ]
    assert (counts.unmatched, counts.repeats) == (3, 1)


def test_an_edit_follows_its_post_into_a_topic_that_was_stopped_meanwhile(post, registry):
    class Stopping(ListSource):
        async def records(self):
            yield post(id="sim:1", topics=())
            registry.change("match", state="stopped")
            yield post(id="sim:1", version=1, topics=(), text="a match, corrected")

    sink, source = ListSink(), Stopping([], matches=False, keeps_repeats=False)
    carry(source, sink, subscriptions=Subscriptions(registry))
    assert [heard.text for heard in sink.records if isinstance(heard, Post)] == ["what a match", "a match, corrected"]


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


def test_what_nobody_foresaw_is_a_failure_that_names_the_place_and_not_the_words(post):
    class Broken(ListSource):
        async def records(self):
            yield post()
            raise KeyError("the text of a post")

    source, sink = Broken([]), ListSink()
    ingest = Ingest(source, sink, clock=source.clock)
    with pytest.raises(
        InternalError, match=r"KeyError in test_ingest.py, line \d+, from ingest.py, line \d+\); start it again"
    ) as caught:
        asyncio.run(ingest.run())
    status = ingest.status()
    assert (status.state, status.failure, status.counts.posts) == ("failed", str(caught.value), 1)
    assert "the text" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)
    assert sink.flushed == 1


def test_the_time_after_a_failure_is_a_gap_that_grows_until_the_end(registry):
    async def fail_and_wait():
        source = ResumableSource([ZeroDivisionError()], clock=LoopClock(), matches=False, name="bluesky")
        sink = ListSink()
        ingest = Ingest(source, sink, subscriptions=Subscriptions(registry), clock=source.clock)
        with pytest.raises(InternalError):
            await ingest.run()
        first = len(sink.records)
        registry.change("match", state="stopped")
        registry.add(Topic("tea", "tea", state="started"))
        for _ in range(150):
            await asyncio.sleep(1)
            await ingest.attend()
        return sink.records[:first], [record for record in sink.records if isinstance(record, Gap)], ingest.status()

    before, gaps, status = run_virtually(fail_and_wait())
    assert before[-1] == gaps[0]
    assert [gap.topics for gap in gaps] == [("match",), ("match", "tea"), ("match", "tea")]
    assert {gap.id for gap in gaps} == {"gap:bluesky:1"}
    assert [gap.end - gaps[0].end for gap in gaps] == [timedelta(seconds=60 * number) for number in range(3)]
    assert all(gap.reason == status.failure for gap in gaps)
    assert status.gaps == (gaps[-1],)


def test_a_sink_that_fails_while_a_failure_is_told_does_not_hide_it(post, caplog):
    source = ResumableSource([post(), SourceError("refused; set a key")], clock=LoopClock())
    ingest = Ingest(source, ListSink(full_at=1), clock=source.clock, subscriptions=None)
    source.unheard = lambda until, reason: Gap("gap:x:1", "x", ("tea",), until, until, reason)

    async def run():
        with pytest.raises(SourceError, match="set a key"):
            await ingest.run()
        return ingest.status().failure

    assert run_virtually(run()) == "refused; set a key"
    assert "the disk is full" in caplog.text


def test_a_fault_beside_the_loop_ends_it_with_the_next_record(post):
    source = ResumableSource([post()] * 9, clock=LoopClock(), seconds=0.5, failures=[ZeroDivisionError()])
    with pytest.raises(InternalError, match="ZeroDivisionError"):
        run_virtually(Ingest(source, ListSink(), clock=source.clock).run())


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
