import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from factories import NOON, STATUS, annotated, feed, keep, record, topic_event
from sparkstream.errors import StoreError
from sparkstream.live import (
    GONE,
    MAX_FILTERED,
    POSTS,
    QUEUED,
    TOP_ITEMS,
    WINDOWS,
    LiveHub,
    live_window,
    snapshot,
)
from sparkstream.queries import Filter, Term, Window
from sparkstream.stores.base import Topic
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import HOUR, MINUTE, format_time
from sparkstream.views import Views
from world import NOW, World

DEADLINE = 20


def topic(last_post):
    return Topic("tea", None, "started", 1, None, last_post)


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_ends_with_the_open_step(name):
    size, step = WINDOWS[name]
    length = {"1m": MINUTE, "1h": HOUR}[step]
    window, live = live_window(topic(NOON + 5), name, NOON + 10)
    assert (window, live) == (Window(NOON + length - size, NOON + length), True)
    assert live_window(topic(None), name, NOON)[1] is True


def test_a_window_ends_with_the_newest_post_where_that_is_older():
    last = NOON - HOUR + 30_000
    assert live_window(topic(last), "15m", NOON) == (Window(NOON - HOUR - 14 * MINUTE, NOON - HOUR + MINUTE), False)
    assert live_window(topic(last), "24h", NOON)[1] is True
    start = NOON + MINUTE - 15 * MINUTE
    assert live_window(topic(start), "15m", NOON)[1] is True
    assert live_window(topic(start - 1), "15m", NOON)[1] is False


def test_a_snapshot_says_what_its_routes_say(tmp_path):
    world = World(tmp_path)
    for name in WINDOWS:
        tick, views = snapshot(world.views, "tea", name), world.views
        window, live = live_window(views.topic("tea"), name, NOW)
        assert set(tick) == {
            *("kind", "topic", "window", "live", "from", "to", "step", "at", "lag_seconds", "job", "summary"),
            *("series", "tops", "exact", "posts", "layers"),
        }
        assert (tick["kind"], tick["topic"], tick["window"], tick["live"]) == ("tick", "tea", name, live)
        assert (tick["from"], tick["to"]) == (format_time(window.start), format_time(window.end))
        assert tick["at"] == format_time(NOW)
        assert tick["summary"] == views.summary("tea", window)
        assert tick["series"] == views.series("tea", window, WINDOWS[name][1])["items"]
        assert tick["tops"] == {
            facet: views.top("tea", window, facet, limit=TOP_ITEMS)["items"]
            for facet in ("keyword", "entity", "hashtag", "word")
        }
        assert tick["posts"] == views.posts("tea", window, limit=POSTS)["items"]
        assert tick["job"] == {"state": "running", "rate": STATUS.rate}
        assert tick["lag_seconds"] == 1.2
    world.close()


@pytest.mark.parametrize(
    "only",
    [
        Filter(sentiment="positive"),
        Filter(term=Term("hashtag", "münchen")),
        Filter(emotion="joy"),
        Filter(kind="reply", lang="en", word="pot"),
    ],
)
def test_a_snapshot_follows_its_filter(tmp_path, only):
    world = World(tmp_path)
    tick, views = snapshot(world.views, "tea", "24h", only), world.views
    window, _ = live_window(views.topic("tea"), "24h", NOW)
    assert set(tick) == set(snapshot(views, "tea", "24h"))
    assert tick["summary"] == views.summary("tea", window, only=only)
    assert tick["summary"]["posts"] == sum(item["posts"] for item in tick["series"]) > 0
    for facet in ("keyword", "entity", "hashtag", "word"):
        assert tick["tops"][facet] == views.top("tea", window, facet, only=only, limit=TOP_ITEMS)["items"]
    assert tick["posts"] == views.posts("tea", window, only=only, limit=POSTS)["items"]
    world.close()


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    keep(opened, [("tea", annotated("x:1"))])
    yield opened
    opened.close()


def hub(store, *, at_least=60.0, clock=NOON):
    return LiveHub(Views(store, clock=lambda: clock), tick=0.01, at_least=at_least)


async def message(mailbox):
    return json.loads(await asyncio.wait_for(mailbox.get(), DEADLINE))


async def until(condition):
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0)


def test_a_listener_hears_at_once_and_after_each_change(store):
    async def listen():
        async with hub(store).listen("tea") as mailbox:
            assert (await message(mailbox))["summary"]["posts"] == 1
            for batch in (1, 2):
                await asyncio.to_thread(keep, store, [("tea", annotated(f"y:{batch}"))], batch)
                assert (await message(mailbox))["summary"]["posts"] == 1 + batch

    asyncio.run(listen())


def test_without_a_change_a_message_comes_all_the_same(store):
    async def listen():
        async with hub(store, at_least=0.02).listen("tea") as mailbox:
            first, second = await message(mailbox), await message(mailbox)
            assert first == second

    asyncio.run(listen())


def test_listeners_of_a_topic_share_one_computation(store):
    async def listen():
        live = hub(store)
        async with live.listen("tea") as one:
            first = await message(one)
            async with live.listen("tea") as two, live.listen("tea", "1h") as other:
                assert await message(two) == first
                assert (await message(other))["window"] == "1h"
                assert live.listeners == 3
                assert len(live._channels) == 2
            assert live.listeners == 1

    asyncio.run(listen())


def test_a_channel_ends_with_its_last_listener(store):
    async def listen():
        live = hub(store)
        async with live.listen("tea") as mailbox:
            await message(mailbox)
            (channel,) = live._channels.values()
        assert live._channels == {}
        await until(lambda: channel.task.done())

    asyncio.run(listen())


def test_each_filter_has_its_computation_and_they_are_bounded(store):
    def of(number):
        return Filter(term=Term("word", f"word{number}"))

    async def listen():
        async with AsyncExitStack() as listeners:
            live = hub(store)
            for number in range(MAX_FILTERED):
                assert live.has_room("tea", "15m", of(number))
                await listeners.enter_async_context(live.listen("tea", "15m", of(number)))
            assert not live.has_room("tea", "15m", of(MAX_FILTERED))
            assert not live.has_room("tea", "5m", of(0))
            assert live.has_room("tea", "15m", of(0))  # shared
            assert live.has_room("tea", "15m")
            assert live.has_room(None)
            async with live.listen("tea", "15m", Filter(sentiment="neutral")) as some, live.listen("tea") as whole:
                assert [(await message(box))["summary"]["posts"] for box in (whole, some)] == [1, 1]
                await asyncio.to_thread(keep, store, [("tea", annotated("y:1", sentiment="positive"))], 1)
                assert [(await message(box))["summary"]["posts"] for box in (whole, some)] == [2, 1]

    asyncio.run(listen())


def test_a_topic_that_is_deleted_says_so_once_and_costs_nothing_more(store, caplog):
    async def listen():
        live = hub(store)
        async with live.listen("tea") as mailbox:
            await message(mailbox)
            (channel,) = live._channels.values()
            await asyncio.to_thread(feed, store, [topic_event("tea", state="deleted", at=format_time(NOON + 1))], 1)
            assert await asyncio.wait_for(mailbox.get(), DEADLINE) == GONE
            await until(lambda: channel.task.done())

    asyncio.run(listen())
    assert not caplog.records


def test_a_slow_listener_keeps_only_the_newest(store):
    async def listen():
        live = hub(store)
        async with live.listen("tea") as slow, live.listen("tea") as quick:
            await message(quick)
            for batch in range(1, 6):
                await asyncio.to_thread(keep, store, [("tea", annotated(f"y:{batch}"))], batch)
                await message(quick)
            assert slow.qsize() == QUEUED
            assert [(await message(slow))["summary"]["posts"] for _ in range(QUEUED)] == [5, 6]

    asyncio.run(listen())


def test_without_a_topic_the_list_comes_at_once_and_when_it_changes(store):
    async def listen():
        async with hub(store, at_least=0.01).listen(None) as mailbox:
            first = await message(mailbox)
            assert first["kind"] == "topics"
            assert [item["slug"] for item in first["items"]] == ["tea"]
            await asyncio.to_thread(feed, store, [topic_event("milk", at=format_time(NOON + 1))], 1)
            second = await message(mailbox)
            assert [item["slug"] for item in second["items"]] == ["milk", "tea"]
            assert mailbox.empty()

    asyncio.run(listen())


def test_the_list_says_when_a_topic_falls_silent_though_nothing_was_written(store):
    async def listen():
        now = NOON
        live = LiveHub(Views(store, clock=lambda: now), tick=0.01, at_least=0.02)
        async with live.listen(None) as mailbox:
            assert (await message(mailbox))["items"][0]["state"] == "live"
            now = NOON + 10 * MINUTE
            await asyncio.to_thread(store.speed.heartbeat, replace(STATUS, updated_at=now))
            assert (await message(mailbox))["items"][0]["state"] == "silent"

    asyncio.run(listen())


def test_a_store_that_is_away_for_a_while_is_asked_again(store, caplog):
    class Shaky(SqliteStore):
        failures = iter([StoreError("held by another process"), RuntimeError("a bug")])

        def version(self):
            for failure in self.failures:
                raise failure
            return super().version()

    shaky = Shaky(str(store.master._connections.path))

    async def listen():
        async with hub(shaky).listen("tea") as mailbox:
            assert (await message(mailbox))["summary"]["posts"] == 1

    asyncio.run(listen())
    shaky.close()
    assert [record.levelname for record in caplog.records if record.name == "sparkstream.live"] == ["WARNING", "ERROR"]


def test_a_store_that_stays_away_is_said_once(store, caplog):
    class Away(SqliteStore):
        failures = iter([StoreError("away")] * 5 + [StoreError("away, and otherwise")] * 5)

        def version(self):
            for failure in self.failures:
                raise failure
            return super().version()

    away = Away(str(store.master._connections.path))

    async def listen():
        async with hub(away).listen("tea") as mailbox:
            await message(mailbox)

    asyncio.run(listen())
    away.close()
    said = [record.message for record in caplog.records if record.name == "sparkstream.live"]
    assert said == ["no live message: away", "no live message: away, and otherwise"]


def test_a_silent_job_is_said_to_have_stopped(store):
    store.speed.heartbeat(replace(STATUS, updated_at=NOON - 15_001))
    feed(store, [record("x:2")], 1)
    store.speed.heartbeat(replace(STATUS, updated_at=NOON - 15_001))
    assert snapshot(Views(store, clock=lambda: NOON), "tea", "5m")["job"] == {"state": "stopped", "rate": 0.0}
