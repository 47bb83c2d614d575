"""What sparkstream serves is what trending and its fake say the view API is: docs/contracts/views.md."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from sparkstream import open_store
from sparkstream.api import create_app
from sparkstream.schema import Gap
from sparkstream.stage import Line, run_stage
from sparkstream.stores.base import JobStatus, Stamp
from sparkstream.testing import KnownAnnotator
from switch import Served
from trending import Emerging, Period, UnknownTopicError
from trending.providers.stream import StreamProvider
from trending.providers.views import ViewClient
from twitterhandler.testing import SimulatedDay, simulated_day

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OUTAGE = datetime(2026, 11, 21, 3, tzinfo=UTC)


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


UNHEARD = Gap(
    "gap:1",
    "x",
    ("world-cup",),
    milliseconds(OUTAGE),
    milliseconds(OUTAGE + timedelta(minutes=10)),
    "disconnected",
    filled=False,
)


@pytest.fixture(scope="module")
def day() -> SimulatedDay:
    return simulated_day(posts=4_000, hours=24)


@pytest.fixture(scope="module")
def layers(day: SimulatedDay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A day that went through the stage, all but Spark, in two layers that a test switches off."""
    folder: Path = tmp_path_factory.mktemp("views")
    store = open_store(f"sqlite:{folder / 'views.db'}")
    stamp = Stamp("contract", 0)
    store.master.begin(stamp)
    lines = [Line(f"spool:{number}", line) for number, line in enumerate(day.lines)]
    result = run_stage(lines, stamp, store.master, KnownAnnotator(), now=0)
    store.master.write_events([], [UNHEARD], [])
    status = JobStatus("contract", 0, milliseconds(NOW), 0.0, None, result.models)
    store.speed.apply(stamp, result.deltas, status)
    yield Served(store)
    store.close()


@pytest.fixture(scope="module")
def views_url(layers: Served) -> Iterator[str]:
    """The view API over it."""
    app = create_app(layers.store, clock=lambda: milliseconds(NOW))
    with served(uvicorn.Config(app, log_level="error")) as url:
        yield url


@contextmanager
def served(config: uvicorn.Config) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def emerging(url: str, topic: str, window: timedelta, now: datetime) -> Emerging:
    async def ask() -> Emerging:
        provider = StreamProvider(ViewClient(url), now=lambda: now)
        try:
            return await provider.emerging(topic, window)
        finally:
            await provider.aclose()

    return asyncio.run(ask())


def test_trending_reads_how_many_posts_there_are(views_url: str, day: SimulatedDay) -> None:
    async def count(topic: str) -> int:
        views = ViewClient(views_url)
        try:
            return await views.posts(topic, Period(NOW - timedelta(days=1), NOW + timedelta(days=1)))
        finally:
            await views.aclose()

    assert {topic: asyncio.run(count(topic)) for topic in day.expected} == {
        topic: len(ids) for topic, ids in day.expected.items()
    }


def test_trending_reads_every_term_over_its_pages(views_url: str, day: SimulatedDay) -> None:
    async def terms() -> tuple[dict[str, int], bool]:
        views = ViewClient(views_url)
        try:
            whole = Period(NOW - timedelta(days=1), NOW + timedelta(days=1))
            return await views.top("world-cup", "hashtag", whole, 5_000)
        finally:
            await views.aclose()

    found, is_whole = asyncio.run(terms())
    said = [post for post in day.posts if post.id in day.expected["world-cup"]]
    tags = {tag.casefold() for post in said for tag in post.hashtags}
    assert is_whole
    assert set(found) <= tags
    assert all(count == sum(term in map(str.casefold, post.hashtags) for post in said) for term, count in found.items())


def test_an_unknown_topic_is_unknown_to_both(views_url: str) -> None:
    with pytest.raises(UnknownTopicError):
        emerging(views_url, "nobody", timedelta(minutes=15), NOW)


def test_the_planted_spike_of_the_simulator_rises(views_url: str, day: SimulatedDay) -> None:
    shootout = [post.created_at for post in day.posts if "ShootoutNight" in post.hashtags]
    found = emerging(views_url, "world-cup", timedelta(hours=1), now=max(shootout))
    assert ("hashtag", "shootoutnight") in {(item.facet, item.term) for item in found.items}


def test_trending_reads_what_could_not_be_heard(views_url: str) -> None:
    heard_again = OUTAGE + timedelta(minutes=10)
    found = emerging(views_url, "world-cup", timedelta(minutes=15), now=OUTAGE + timedelta(minutes=69, seconds=30))
    assert found.coverage == "partial"
    assert found.baseline == Period(heard_again, heard_again + timedelta(minutes=45))


@pytest.mark.parametrize("server", ["cassandra", "redis"])
def test_while_a_layer_is_down_trending_says_that_what_rises_is_unknown(
    views_url: str, layers: Served, day: SimulatedDay, server: str
) -> None:
    now = max(post.created_at for post in day.posts if "ShootoutNight" in post.hashtags)
    assert emerging(views_url, "world-cup", timedelta(hours=1), now=now).coverage == "full"
    layers.go(getattr(layers, server))
    down = emerging(views_url, "world-cup", timedelta(hours=1), now=now)
    layers.go()
    assert (down.coverage, down.items) == ("none", [])
    assert emerging(views_url, "world-cup", timedelta(hours=1), now=now).items
