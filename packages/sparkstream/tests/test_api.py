import asyncio
import json
import socket
import sqlite3
import threading
import time
from contextlib import AsyncExitStack, closing, contextmanager

import pytest
import uvicorn
import websockets
from factories import NOON, annotated, feed, keep, topic_event
from fastapi.testclient import TestClient
from sparkstream.api import create_app
from sparkstream.examples import EXAMPLES
from sparkstream.live import MAX_FILTERED, MAX_LISTENERS
from sparkstream.queries import Window, make_filter
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import HOUR, MINUTE, format_time
from world import NOW, World

PERIOD = {"from": format_time(NOON + HOUR), "to": format_time(NOON + 20 * HOUR)}
WINDOW = Window(NOON + HOUR, NOON + 20 * HOUR)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(world):
    with TestClient(create_app(world.store, clock=lambda: NOW, tick=0.02)) as made:
        yield made


def get(client, path, **parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_problem(answer, status, *words):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == status
    for word in words:
        assert word in body["detail"]


def test_every_route_answers_what_the_views_say(client, world):
    views, about = world.views, "/v1/topics/tea"
    assert get(client, "/v1/topics") == views.topics()
    assert get(client, f"{about}/summary", **PERIOD, lens="authors") == views.summary("tea", WINDOW, lens="authors")
    assert get(client, f"{about}/series", **PERIOD, step="15m") == views.series("tea", WINDOW, "15m")
    assert get(client, f"{about}/top", **PERIOD, facet="word", limit=3) == views.top("tea", WINDOW, "word", limit=3)
    assert get(client, f"{about}/posts", **PERIOD, limit=5) == views.posts("tea", WINDOW, limit=5)
    assert get(client, f"{about}/coverage", **PERIOD) == views.coverage("tea", WINDOW)
    status = get(client, "/v1/status")
    assert (status["job"]["state"], status["job"]["dead_letters"]) == ("running", 1)
    assert status["layers"] == views.topics()["layers"]


def test_filters_and_cursors_reach_the_views(client, world):
    views, about = world.views, "/v1/topics/tea"
    happy = get(client, f"{about}/posts", **PERIOD, sentiment="positive", limit=2)
    assert {post["sentiment"]["label"] for post in happy["items"]} == {"positive"}
    more = get(client, f"{about}/posts", **PERIOD, sentiment="positive", limit=2, cursor=happy["next"])
    assert not {post["id"] for post in happy["items"]} & {post["id"] for post in more["items"]}
    term = {"facet": "hashtag", "term": "münchen"}
    summary = get(client, f"{about}/summary", **PERIOD, **term)
    series = get(client, f"{about}/series", **PERIOD, **term, step="1h")
    assert summary["posts"] == sum(item["posts"] for item in series["items"]) > 0
    beside = get(client, f"{about}/top", **PERIOD, facet="word", with_facet="hashtag", with_term="münchen")
    assert beside["counted"] == summary["posts"]
    every = {"sentiment": "positive", "emotion": "fear", "kind": "reply", "lang": "en", "q": "kettle"}
    some = make_filter(**every, **term)
    assert get(client, f"{about}/summary", **PERIOD, **every, **term) == views.summary("tea", WINDOW, only=some)
    assert get(client, f"{about}/posts", **PERIOD, **every, **term) == views.posts("tea", WINDOW, only=some)
    with_term = {f"with_{name}": value for name, value in term.items()}
    assert get(client, f"{about}/top", **PERIOD, facet="word", **every, **with_term) == views.top(
        "tea", WINDOW, "word", only=some
    )
    every = get(client, f"{about}/top", **PERIOD, facet="hashtag", include_query_words="true")
    hidden = get(client, f"{about}/top", **PERIOD, facet="hashtag")
    assert {item["term"] for item in every["items"]} - {item["term"] for item in hidden["items"]} == {"tea"}


def test_without_a_period_it_is_the_last_15_minutes(client):
    summary = get(client, "/v1/topics/tea/summary")
    end = NOW - NOW % MINUTE + MINUTE
    assert (summary["from"], summary["to"]) == (format_time(end - 15 * MINUTE), format_time(end))


@pytest.mark.parametrize("start", ["2026-11-22T15:00:59+02:00", "2026-11-22T15:00:59 02:00"])
def test_a_time_has_its_offset_and_is_floored(client, start):
    summary = get(client, "/v1/topics/tea/summary", **{"from": start, "to": "2026-11-22T14:00:00Z"})
    assert summary["from"] == "2026-11-22T13:00:00.000Z"


@pytest.mark.parametrize("route", ["summary", "series", "top?facet=word", "posts", "coverage"])
def test_an_unknown_topic_is_404_with_the_way_to_the_known(client, route):
    assert_problem(client.get(f"/v1/topics/soup/{route}"), 404, "there is no topic 'soup'", "GET /v1/topics lists")


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("summary?from=yesterday", ["from 'yesterday' is no time", "2026-11-22T21:59:00Z"]),
        ("summary?from=2026-11-22T12:00:00", ["is no time", "offset"]),
        ("summary?from=0001-01-01T00:00:00Z", ["is no time"]),
        ("summary?to=9999-12-31T23:59:59-12:00", ["is no time"]),
        ("summary?from=2026-11-22T13:00:00Z&to=2026-11-22T12:00:00Z", ["`from` has to lie", "before `to`"]),
        ("summary?lens=people", ["lens"]),
        ("summary?sentiment=happy", ["sentiment"]),
        ("summary?facet=word", ["needs both `facet` and `term`"]),
        ("series?emotion=glee", ["emotion"]),
        ("top?facet=word&kind=thread", ["kind"]),
        ("top?facet=word&with_facet=word", ["needs both `facet` and `term`"]),
        ("posts?lang=all of them", ["lang 'all of them' is no language tag", "en, pt, und"]),
        ("posts?q=two+words", ["q takes one word"]),
        ("series?step=7m", ["step"]),
        ("series?step=1m&from=2020-01-01T00:00:00Z", ["more than 2,000 steps"]),
        ("top", ["facet"]),
        ("top?facet=colour", ["facet"]),
        ("top?facet=word&limit=0", ["limit"]),
        ("top?facet=word&limit=201", ["limit"]),
        ("top?facet=word&limit=ten", ["limit"]),
        ("top?facet=word&cursor=x", ["cursor 'x' is none of ours"]),
        ("posts?cursor=!", ["cursor '!' is none of ours"]),
        ("posts?cursor=" + "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkgeA", ["is none of ours"]),
    ],
)
def test_a_bad_parameter_is_422_that_names_it(client, route, words):
    assert_problem(client.get(f"/v1/topics/tea/{route}"), 422, *words)


def test_other_errors_are_problems_too(client):
    assert_problem(client.get("/v1/nothing"), 404)
    assert_problem(client.post("/v1/topics"), 405)
    assert_problem(client.get("/v1/topics/a/b/summary"), 404)


@pytest.mark.parametrize("text", ["\0", "'; drop table posts; --", "‮", "💥" * 200, "%", "a b&c=d#e"])
def test_any_text_may_be_asked_for(client, text):
    assert get(client, "/v1/topics/tea/posts", **PERIOD, facet="word", term=text)["items"] == []
    assert client.get("/v1/topics/tea/summary", params={**PERIOD, "facet": "entity", "term": text}).json()["posts"] == 0


def test_a_bug_is_a_500_that_tells_no_secret(world, caplog):
    app = create_app(world.store)
    app.state.views = None
    with TestClient(app, raise_server_exceptions=False) as broken:
        assert_problem(broken.get("/v1/topics"), 500, "the log of sparkstream says what")
    assert "AttributeError" in caplog.text


def test_a_store_that_is_away_is_503(tmp_path):
    store = SqliteStore(str(tmp_path / "views.db"))
    with TestClient(create_app(store)) as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        store.close()
        assert_problem(client.get("/readyz"), 503, "batch and speed layer: ", "views.db")
        assert_problem(client.get("/v1/topics"), 503, "views.db")
        assert client.get("/healthz").json() == {"status": "alive"}


def test_a_store_that_another_process_holds_is_503_until_it_lets_go(tmp_path):
    """Not a writer, whom readers do not notice: one who has taken the whole file, while nobody was reading."""
    path = tmp_path / "views.db"
    store = SqliteStore(str(path), busy_timeout=0.05)
    keep(store, [("tea", annotated("x:1"))])
    while store.master._connections._free:
        store.master._connections._free.pop().close()
    with TestClient(create_app(store, clock=lambda: NOON)) as client:
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("pragma locking_mode = exclusive")
            holder.execute("begin exclusive")
            for route in ("/v1/topics", "/v1/status", "/v1/topics/tea/summary", "/readyz"):
                assert_problem(client.get(route), 503, "views.db is held by another process; end it or wait")
        assert get(client, "/v1/topics/tea/summary")["posts"] == 1
    store.close()


def test_metrics_are_prometheus_text(client):
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'sparkstream_topic_posts{topic="tea"}' in answer.text


def known(value):
    """Without what is null, which FastAPI leaves out of its description."""
    if isinstance(value, dict):
        return {name: known(part) for name, part in value.items() if part is not None}
    return [known(item) for item in value] if isinstance(value, list) else value


def test_openapi_has_an_example_for_each_route(client):
    paths = get(client, "/openapi.json")["paths"]
    for path, example in EXAMPLES.items():
        if path != "/v1/live":
            assert paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"] == known(example)
    assert {path for path in paths if path.startswith("/v1/")} == set(EXAMPLES) - {"/v1/live"}


class TestToken:
    @pytest.fixture
    def guarded(self, world):
        with TestClient(create_app(world.store, token="s3cret", clock=lambda: NOW)) as made:
            yield made

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "bearer s3cret", "Basic s3cret", "s3cret"])
    def test_without_it_the_data_is_closed(self, guarded, header):
        headers = {} if header is None else {"authorization": header}
        for path in ("/v1/topics", "/v1/status", "/v1/topics/tea/summary", "/v1/topics/soup/posts"):
            answer = guarded.get(path, headers=headers)
            assert_problem(answer, 401, "Authorization: Bearer")
            assert answer.headers["www-authenticate"] == "Bearer"

    def test_with_it_the_data_is_open(self, guarded):
        assert guarded.get("/v1/topics", headers={"authorization": "Bearer s3cret"}).status_code == 200

    def test_health_needs_none(self, guarded):
        assert guarded.get("/healthz").status_code == guarded.get("/readyz").status_code == 200

    def test_an_odd_header_is_no_traceback(self, guarded):
        assert guarded.get("/v1/topics", headers={"authorization": b"Bearer \xff\xfe"}).status_code == 401


@contextmanager
def served(app):
    """A real server on a free port of loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/v1/live"
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
    assert not thread.is_alive()


async def hear(connection):
    return json.loads(await asyncio.wait_for(connection.recv(), 20))


class TestLive:
    @pytest.fixture
    def store(self, tmp_path):
        opened = SqliteStore(str(tmp_path / "views.db"))
        keep(opened, [("tea", annotated("x:1"))])
        yield opened
        opened.close()

    @pytest.fixture
    def app(self, store):
        return create_app(store, clock=lambda: NOON, tick=0.02)

    def test_it_ticks_at_once_and_after_each_batch(self, app, store):
        async def listen(url):
            async with websockets.connect(f"{url}?topic=tea&window=5m") as connection:
                first = await hear(connection)
                assert (first["kind"], first["window"], first["summary"]["posts"]) == ("tick", "5m", 1)
                await asyncio.to_thread(keep, store, [("tea", annotated("x:2"))], 1)
                assert (await hear(connection))["summary"]["posts"] == 2

        with served(app) as url:
            asyncio.run(listen(url))

    @pytest.mark.parametrize(
        ("query", "passing"),
        [
            ("sentiment=positive", {"sentiment": "positive"}),
            ("emotion=joy", {"emotion": "joy"}),
            ("kind=reply&lang=fr", {"kind": "reply", "lang": "fr"}),
            ("facet=hashtag&term=caf%C3%A9", {"hashtags": ["Café"]}),
            ("q=whistles", {"text": "A kettle Whistles"}),
            ("q=kettle&emotion=joy&sentiment=positive", {"emotion": "joy", "sentiment": "positive"}),
        ],
    )
    def test_a_filter_leaves_out_what_does_not_pass(self, app, store, query, passing):
        async def listen(url):
            async with websockets.connect(f"{url}?topic=tea&{query}") as connection:
                assert (await hear(connection))["summary"]["posts"] == 1
                more = [annotated("x:3", **passing), annotated("x:4", sentiment="negative")]
                await asyncio.to_thread(keep, store, [("tea", post) for post in more], 2)
                tick = await hear(connection)
                assert (tick["summary"]["posts"], [post["id"] for post in tick["posts"]]) == (2, ["x:3", "x:0"])

        keep(store, [("tea", annotated("x:0", **passing))], 1)
        with served(app) as url:
            asyncio.run(listen(url))

    def test_a_topic_that_is_deleted_closes_its_sockets(self, app, store):
        async def listen(url):
            async with websockets.connect(f"{url}?topic=tea") as connection:
                await hear(connection)
                await asyncio.to_thread(feed, store, [topic_event(state="deleted", at=format_time(NOON + 1))], 1)
                with pytest.raises(websockets.ConnectionClosedError) as closed:
                    await hear(connection)
                assert closed.value.rcvd.code == 4404

        with served(app) as url:
            asyncio.run(listen(url))

    def test_without_a_topic_it_lists_them(self, app):
        async def listen(url):
            async with websockets.connect(url) as connection:
                listed = await hear(connection)
                assert listed["kind"] == "topics"
                assert [item["slug"] for item in listed["items"]] == ["tea"]

        with served(app) as url:
            asyncio.run(listen(url))

    def test_what_a_listener_says_does_no_harm(self, app, store):
        async def listen(url):
            async with websockets.connect(f"{url}?topic=tea") as connection:
                await hear(connection)
                await connection.send("hello")
                await connection.send(b"\x00\xff")
                await asyncio.to_thread(keep, store, [("tea", annotated("x:2"))], 1)
                assert (await hear(connection))["summary"]["posts"] == 2

        with served(app) as url:
            asyncio.run(listen(url))

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("topic=soup", 4404),
            ("topic=tea&window=2y", 4422),
            ("topic=", 4404),
            ("window=x", 4422),
            ("topic=tea&sentiment=happy", 4422),
            ("topic=tea&facet=word", 4422),
            ("topic=tea&facet=colour&term=red", 4422),
            ("topic=tea&sentiment=neutral&emotion=glee", 4422),
            ("topic=tea&q=two+words", 4422),
        ],
    )
    def test_what_cannot_be_listened_to_is_closed_with_its_code(self, app, query, code):
        async def listen(url):
            async with websockets.connect(f"{url}?{query}") as connection:
                with pytest.raises(websockets.ConnectionClosedError) as closed:
                    await hear(connection)
                assert closed.value.rcvd.code == code

        with served(app) as url:
            asyncio.run(listen(url))

    def test_a_store_that_is_away_closes_with_try_again_later(self, app, store):
        async def listen(url):
            async with websockets.connect(f"{url}?topic=tea") as connection:
                with pytest.raises(websockets.ConnectionClosedError) as closed:
                    await hear(connection)
                assert closed.value.rcvd.code == 1013

        store.close()
        with served(app) as url:
            asyncio.run(listen(url))

    def test_a_filter_too_many_is_closed_with_its_code(self, app):
        async def listen(url):
            async with AsyncExitStack() as others:
                for number in range(MAX_FILTERED):
                    other = websockets.connect(f"{url}?topic=tea&q=word{number}")
                    await hear(await others.enter_async_context(other))
                async with websockets.connect(f"{url}?topic=tea&q=more") as connection:
                    with pytest.raises(websockets.ConnectionClosedError) as closed:
                        await hear(connection)
                    assert closed.value.rcvd.code == 4429
                async with websockets.connect(f"{url}?topic=tea&q=word0") as connection:  # shared
                    assert (await hear(connection))["kind"] == "tick"

        with served(app) as url:
            asyncio.run(listen(url))

    def test_the_token_is_asked_here_too(self, store):
        async def listen(url):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"{url}?topic=tea")
            assert refused.value.response.status_code == 403
            headers = {"Authorization": "Bearer s3cret"}
            async with websockets.connect(f"{url}?topic=tea", additional_headers=headers) as connection:
                assert (await hear(connection))["kind"] == "tick"

        with served(create_app(store, token="s3cret", clock=lambda: NOON)) as url:
            asyncio.run(listen(url))

    def test_listeners_that_left_are_forgotten(self, app):
        async def listen(url):
            for _ in range(3):
                async with websockets.connect(f"{url}?topic=tea") as connection:
                    await hear(connection)

        with TestClient(app) as client, served(app) as url:
            asyncio.run(listen(url))
            deadline = time.monotonic() + 20
            while "sparkstream_live_listeners 0.0" not in client.get("/metrics").text:
                assert time.monotonic() < deadline

    def test_listeners_are_bounded(self):
        assert MAX_LISTENERS == 200
