"""Cassandra and Redis, the real ones, do what every store does: the suites that SQLite passes in its package."""

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from factories import NOON, STATUS, annotated, annotated_posts, deltas
from redis import Redis as RedisClient
from redis import RedisError
from servers import Cassandra, Redis
from sparkstream.annotation import AnnotatedPost
from sparkstream.errors import CheckpointError, SettingsError, StoreBusyError, StoreError, StoreSchemaError
from sparkstream.forgetting import Forgetting
from sparkstream.rollups import Rollup, fold
from sparkstream.stores import LayeredStore, open_master, open_speed
from sparkstream.stores.base import Run, Stamp
from sparkstream.stores.cassandra import (
    SCHEMA_VERSION,
    Address,
    CassandraBatch,
    CassandraMaster,
    Connection,
    open_cassandra,
)
from sparkstream.stores.cassandra import connection as cassandra_connection
from sparkstream.stores.cassandra.connection import Row
from sparkstream.stores.cassandra.marks import AT_ONCE, CassandraMarks
from sparkstream.stores.redis import RedisSpeed
from sparkstream.stores.redis import connection as redis_connection
from sparkstream.times import DAY, MINUTE
from stores.contract import FIRST, BatchContract, MasterContract, SpeedContract, minute, scanned

Opened = tuple[CassandraMaster, CassandraBatch]


@pytest.fixture(scope="module")
def some_posts() -> list[tuple[str, AnnotatedPost]]:
    return annotated_posts()


@pytest.fixture(scope="module")
def keyspace(cassandra_of_session: Cassandra) -> Iterator[str]:
    """One for all tests, each of which leaves its tables empty: to make them takes seconds."""
    url = cassandra_of_session.url(f"stores_{uuid.uuid4().hex[:12]}")
    master, _ = open_cassandra(url)
    yield url
    master.close()


@pytest.fixture
def open_again(keyspace: str) -> Iterator[Callable[[], Opened]]:
    opened: list[Opened] = []

    def again() -> Opened:
        opened.append(open_cassandra(keyspace))
        return opened[-1]

    yield again
    empty(keyspace)
    for master, _ in opened:
        master.close()


def empty(url: str) -> None:
    connection, keyspace = Connection(Address.parse(url)), Address.parse(url).keyspace
    query = f"select table_name from system_schema.tables where keyspace_name = '{keyspace}'"
    for (table,) in connection.define(query):
        if not table.startswith("schema_") and connection.define(f"select * from {table} limit 1"):
            connection.define(f"truncate {keyspace}.{table}")
    connection.close()


class TestCassandraMaster(MasterContract):
    @pytest.fixture
    def again(self, open_again: Callable[[], Opened]) -> Callable[[], CassandraMaster]:
        return lambda: open_again()[0]

    @pytest.fixture
    def store(self, again: Callable[[], CassandraMaster]) -> CassandraMaster:
        return again()

    def test_a_row_that_a_kill_left_without_its_place_by_id_is_held_once_its_batch_is_taken_over(
        self, store: CassandraMaster, again: Callable[[], CassandraMaster]
    ) -> None:
        store.begin(FIRST)
        store.write([("tea", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        [connection] = {store._connection}
        connection.execute("delete from posts_by_id where id = ?", "x:1")
        taking_over = again()
        assert set(taking_over.held(["x:1", "x:2"])) == {"x:2"}
        assert taking_over.touched(FIRST)
        assert {post_id: held.rows["tea"].stamp for post_id, held in taking_over.held(["x:1", "x:2"]).items()} == {
            "x:1": FIRST,
            "x:2": FIRST,
        }

    def test_the_server_has_nothing_to_warn_of_when_many_posts_are_written_together(
        self, store: CassandraMaster, caplog: pytest.LogCaptureFixture
    ) -> None:
        posts = [("tea", annotated(f"x:{number}", NOON + number, text="a kettle " * 20)) for number in range(500)]
        store.write(posts, FIRST)
        assert [record.message for record in caplog.records if "arning" in record.message] == []
        assert len(store.held([post.id for _, post in posts])) == len(scanned(store)) == len(posts)

    def test_a_batch_that_comes_again_finds_what_it_had_left_half_written(self, store: CassandraMaster) -> None:
        store.begin(FIRST)
        store.write([("tea", annotated("x:1"))], FIRST)
        store._connection.execute("delete from posts_by_id where id = ?", "x:1")
        store.begin(FIRST)
        assert set(store.held(["x:1"])["x:1"].rows) == {"tea"}

    @pytest.mark.parametrize("what", ["post", "author", "topic"])
    def test_a_row_that_a_kill_left_half_written_is_forgotten_too(
        self, store: CassandraMaster, open_again: Callable[[], Opened], tmp_path: Path, what: str
    ) -> None:
        store.begin(FIRST)
        store.write([("tea", annotated("x:1", author="ada"))], FIRST)
        store._connection.execute("delete from posts_by_id where id = ?", "x:1")
        master, batch = open_again()
        speed = open_speed(f"sqlite:{tmp_path / 'speed.db'}")
        forgetting = Forgetting(LayeredStore(master, batch, speed), lambda: NOON + DAY)
        forgotten = {
            "post": lambda: forgetting.posts(["x:1"]),
            "author": lambda: forgetting.author("x:ada"),
            "topic": lambda: forgetting.topic("tea"),
        }[what]()
        speed.close()
        assert forgotten.posts == 1
        assert list(store.scan("tea", 0, NOON + DAY)) == []

    def test_a_condition_that_the_driver_asks_for_twice_holds_as_it_did_once(
        self, store: CassandraMaster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A node that goes away before its answer: the driver asks another, which finds it done."""
        once = store._connection.applied
        monkeypatch.setattr(store._connection, "applied", lambda *asked: [once(*asked), once(*asked)][1])
        for batch in range(3):
            store.begin(Stamp("run", batch))
        assert store.runs() == {"run": Run(2, abandoned=False)}
        assert store.hold("one", now=NOON, until=NOON + 9)
        assert not store.hold("other", now=NOON, until=NOON + 9)
        store.abandon("run")
        with pytest.raises(CheckpointError):
            store.begin(Stamp("run", 3))

    def test_many_marks_lie_apart_and_buckets_whose_marks_are_settled_are_read_no_more(
        self, store: CassandraMaster
    ) -> None:
        now = NOON
        store._marks = CassandraMarks(store._connection, lambda: now)
        store.mark(("tea", at * MINUTE) for at in range(3 * AT_ONCE))
        store.mark([("milk", NOON)])
        assert len(buckets(store)) == 3  # that of few is one of them
        while some := store.marks(AT_ONCE):
            assert len(some) <= AT_ONCE
            store.settle(some)
        assert len(buckets(store)) == 3  # of now: more may come
        now += 2 * MINUTE
        assert store.marks(5) == []
        assert buckets(store) == []
        store.mark([("milk", NOON)])
        assert [mark.topic for mark in store.marks(5)] == ["milk"]

    @pytest.mark.parametrize("moment", ["set state = 'closing'", "delete from mark_buckets", "select topic, minute"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_mark_that_is_made_while_its_bucket_is_closed_is_found(
        self, store: CassandraMaster, again: Callable[[], CassandraMaster], moment: str, when: str
    ) -> None:
        """By one whose clock is late. Each statement of who closes it has a moment before it and one after it."""
        other = again()
        other._marks = CassandraMarks(other._connection, lambda: NOON)
        other.mark([("tea", NOON)])
        store.settle(store.marks(5))
        store._marks = CassandraMarks(store._connection, lambda: NOON + DAY)
        asked, made = store._connection.execute, list[int]()

        def execute(statement: str, *values: object) -> list[Row]:
            found = asked(statement, *values) if when == "after" else []
            if moment in statement and not made:
                made.append(1)
                other.mark([("late", NOON)])
            return found if when == "after" else asked(statement, *values)

        store._connection.execute = execute  # type: ignore[method-assign]
        store.marks(5)
        assert made
        assert [mark.topic for mark in store.marks(5)] == ["late"]

    def test_every_post_is_looked_up_once_whatever_else_is_done_before_it_is_written(
        self, store: CassandraMaster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A look-up is what the way of a post through the master set costs most."""
        asked, run = list[str](), store._connection.many

        def many(statement: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
            rows = list(values)
            asked.extend(post_id for (ids, *_) in rows if "from posts_by_id" in statement for post_id in ids)
            return run(statement, rows)

        monkeypatch.setattr(store._connection, "many", many)
        store.held(["x:1", "x:2"])
        store.bury([])
        store.remove([])
        for post_id in ("x:1", "x:2", "x:3", "x:4"):
            store.write([("tea", annotated(post_id))], FIRST)
        assert asked == ["x:1", "x:2", "x:3", "x:4"]

    def test_the_bucket_of_posts_that_were_removed_goes_with_the_last(self, store: CassandraMaster) -> None:
        posts = [annotated("x:1", NOON), annotated("x:2", NOON + MINUTE), annotated("x:3", NOON + DAY)]
        store.write([("tea", post) for post in posts], FIRST)
        store.remove([("tea", "x:1")])
        assert [bucket for _, bucket in listed(store)] == [NOON + DAY, NOON]
        store.remove([("tea", "x:2")])
        assert [bucket for _, bucket in listed(store)] == [NOON + DAY]
        store.write([("tea", annotated("x:4", NOON))], FIRST)
        assert {stored.post.id for stored in store.scan("tea", 0, NOON + 2 * DAY)} == {"x:3", "x:4"}

    @pytest.mark.parametrize("look", [1, 2])
    def test_a_post_that_comes_while_its_bucket_goes_is_found(
        self, store: CassandraMaster, again: Callable[[], CassandraMaster], look: int
    ) -> None:
        """After the first look, that finds it empty, and after the second one."""
        other, empty, looks = again(), store._empty, list[int]()
        store.write([("tea", annotated("x:1"))], FIRST)

        def late(places: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
            found = empty(places)
            looks.append(1)
            if len(looks) == look:
                other.write([("tea", annotated("x:2"))], FIRST)
            return found

        store._empty = late  # type: ignore[method-assign]
        store.remove([("tea", "x:1")])
        assert [stored.post.id for stored in store.scan("tea", 0, NOON + DAY)] == ["x:2"]

    def test_the_later_write_stands_whatever_the_clocks_of_those_who_write(
        self, store: CassandraMaster, again: Callable[[], CassandraMaster]
    ) -> None:
        ahead = again()
        ahead._connection._cluster.timestamp_generator = lambda: (time.time_ns() + 3_600 * 10**9) // 1_000
        ahead.write([("tea", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        store.rewrite([("tea", annotated("x:1", version=1, text="edited"))])
        store.remove([("tea", "x:2")])
        assert [stored.post.record["text"] for stored in store.scan("tea", 0, NOON + DAY)] == ["edited"]
        assert ahead.held(["x:2"]) == {}

    def test_a_node_that_is_too_slow_is_busy_and_what_it_did_late_is_done_once(
        self, again: Callable[[], CassandraMaster], cassandra_server: Cassandra, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cassandra_connection, "TIMEOUT", 0.5)
        store = again()
        store.begin(FIRST)
        with cassandra_server.frozen(), pytest.raises(StoreBusyError, match="does not answer in time") as caught:
            store.write([("tea", annotated("x:1"))], FIRST)
        assert caught.value.retriable
        monkeypatch.undo()
        patient = again()
        patient.begin(FIRST)
        patient.write([("tea", annotated("x:1")), ("tea", annotated("x:2"))], FIRST)
        assert sorted(stored.post.id for stored in patient.scan("tea", 0, NOON + DAY)) == ["x:1", "x:2"]


def buckets(store: CassandraMaster) -> list[Row]:
    return store._connection.execute("select bucket from mark_buckets where one = 0")


def listed(store: CassandraMaster) -> list[Row]:
    return store._connection.execute("select topic, bucket from buckets")


class TestCassandraBatch(BatchContract):
    @pytest.fixture
    def again(self, open_again: Callable[[], Opened]) -> Callable[[], CassandraBatch]:
        return lambda: open_again()[1]

    @pytest.fixture
    def store(self, again: Callable[[], CassandraBatch]) -> CassandraBatch:
        return again()

    def test_what_a_period_has_nothing_of_is_no_tombstone(self, store: CassandraBatch) -> None:
        store.write("tea", 1, [(minute(NOON), fold([annotated("x:1")]))])
        [row] = store._connection.execute("select * from batch_periods where topic = 'tea' allow filtering")
        assert None not in row

    def test_pruning_that_is_cut_short_anywhere_brings_nothing_back(
        self, store: CassandraBatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Deletes go side by side: here the last goes first, and one a try."""
        self.fill(store, [("tea", annotated("x:1", hashtags=["pot"])), ("tea", annotated("x:2", NOON + MINUTE))])
        store.write("tea", 2, [(minute(NOON), Rollup())])
        store.flip("tea", 2, self.UNTIL)
        run = store._connection.many

        def many(statement: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
            rows = list(values)[::-1]
            if statement.startswith("delete from batch_periods") and len(rows) > 1:
                run(statement, rows[:1])
                raise KeyboardInterrupt
            return run(statement, rows)

        monkeypatch.setattr(store._connection, "many", many)
        for _ in range(9):
            with suppress(KeyboardInterrupt):
                store.prune("tea")
            assert self.counted(store) == {NOON + MINUTE: 1}


class TestRedisSpeed(SpeedContract):
    @pytest.fixture
    def again(self, redis_url: str) -> Iterator[Callable[[], RedisSpeed]]:
        opened: list[RedisSpeed] = []

        def open_again() -> RedisSpeed:
            opened.append(RedisSpeed(redis_url))
            return opened[-1]

        yield open_again
        for store in opened:
            store.close()

    @pytest.fixture
    def store(self, again: Callable[[], RedisSpeed]) -> RedisSpeed:
        return again()

    def test_a_server_that_lost_everything_is_noticed_at_the_next_batch(
        self, store: RedisSpeed, redis_url: str
    ) -> None:
        store.apply(FIRST, deltas([("tea", annotated())]), STATUS)
        with RedisClient.from_url(redis_url) as client:
            client.flushdb()
        with pytest.raises(CheckpointError, match="has lost the speed views; start the job again"):
            store.apply(FIRST, deltas([("tea", annotated())]), STATUS)

    def test_sums_of_an_older_layout_are_not_read_and_go_when_the_views_are_folded_anew(
        self, store: RedisSpeed, redis_url: str
    ) -> None:
        with RedisClient.from_url(redis_url) as client:
            client.hset("sparkstream:applied", FIRST.run, FIRST.batch)
            client.zadd(f"sparkstream:terms:{MINUTE}:{NOON}:hashtag:posts:tea", {"pot": -1})
            client.set("another's", "value")
            assert store.applied() == {}
            store.apply(FIRST, deltas([("tea", annotated(hashtags=["pot"]))]), STATUS)
            store.clear()
            left = {name.decode() for name in client.scan_iter()}
        assert "another's" in left
        assert {name.split(":")[0] + ":" + name.split(":")[1] for name in left - {"another's"}} == {"sparkstream:2"}

    def test_a_top_is_read_without_a_word_in_the_servers_log(self, store: RedisSpeed, redis_url: str) -> None:
        store.apply(FIRST, deltas([("tea", annotated(hashtags=["pot", "cup", "kettle"]))]), STATUS)
        with RedisClient.from_url(redis_url) as client:
            before = client.info("persistence")["aof_current_size"]
            (first,) = store.top("tea", [minute(NOON)], "hashtag", by="posts", limit=1)  # of ties, which it has ordered
            assert client.info("persistence")["aof_current_size"] == before
        assert first.term == "cup"

    def test_a_full_server_makes_the_writer_wait_and_changes_nothing(self, store: RedisSpeed, redis_url: str) -> None:
        with RedisClient.from_url(redis_url) as client:
            before, version = client.config_get("maxmemory")["maxmemory"], store.version()
            client.config_set("maxmemory", 1)
            try:
                with pytest.raises(StoreBusyError, match="is full; run `sparkstream batch`") as caught:
                    store.apply(FIRST, deltas([("tea", annotated())]), STATUS)
            finally:
                client.config_set("maxmemory", before)
        assert caught.value.retriable
        assert (store.applied(), store.version()) == ({}, version)
        assert store.apply(FIRST, deltas([("tea", annotated())]), STATUS)

    def test_a_server_that_is_at_a_long_script_is_busy_and_may_be_asked_again(
        self, store: RedisSpeed, redis_url: str
    ) -> None:
        with RedisClient.from_url(redis_url) as client, RedisClient.from_url(redis_url) as other:
            before = client.config_get("busy-reply-threshold")["busy-reply-threshold"]
            client.config_set("busy-reply-threshold", 1)
            script = threading.Thread(target=swallow(other.eval), args=("while true do end", 0))
            script.start()
            try:
                with pytest.raises(StoreBusyError, match="cannot do that now: BUSY"):
                    ask_while(script, store.version)
            finally:
                client.script_kill()
                script.join()
                client.config_set("busy-reply-threshold", before)
        assert store.version()

    def test_a_server_that_is_too_slow_is_busy_and_what_it_did_late_counts_once(
        self,
        store: RedisSpeed,
        again: Callable[[], RedisSpeed],
        redis_server: Redis,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(redis_connection, "TIMEOUT", 0.5)
        hasty = again()
        with redis_server.frozen(), pytest.raises(StoreBusyError, match="cannot be reached") as caught:
            hasty.apply(FIRST, deltas([("tea", annotated())]), STATUS)
        assert caught.value.retriable
        store.apply(FIRST, deltas([("tea", annotated())]), STATUS)
        assert store.applied() == {FIRST.run: FIRST.batch}
        assert store.count("tea", [minute(NOON)]) == 1

    def test_a_server_that_throws_keys_away_is_refused(self, store: RedisSpeed, redis_url: str) -> None:
        with RedisClient.from_url(redis_url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            try:
                with pytest.raises(StoreError, match="set maxmemory-policy noeviction"):
                    RedisSpeed(redis_url)
            finally:
                client.config_set("maxmemory-policy", "noeviction")

    def test_what_was_applied_survives_kill_minus_nine(
        self, store: RedisSpeed, redis_server: Redis, again: Callable[[], RedisSpeed]
    ) -> None:
        store.apply(FIRST, deltas([("tea", annotated())]), STATUS)
        redis_server.kill()
        with pytest.raises(StoreBusyError, match="cannot be reached; start it"):
            store.version()
        redis_server.restart()
        assert again().applied() == {FIRST.run: FIRST.batch}
        assert not store.apply(FIRST, deltas([("tea", annotated())]), STATUS)


def ask_while(running: threading.Thread, ask: Callable[[], object]) -> None:
    while running.is_alive():
        ask()


def swallow(ask: Callable[..., object]) -> Callable[..., None]:
    """For a thread whose script is killed."""

    def asked(*arguments: object) -> None:
        with pytest.raises(RedisError, match="killed by user"):
            ask(*arguments)

    return asked


def test_a_newer_schema_is_refused(keyspace: str) -> None:
    connection = Connection(Address.parse(keyspace))
    connection.define("insert into schema_versions (one, version) values (0, 99)")
    try:
        with pytest.raises(
            StoreSchemaError, match=f"has schema 99, this version knows {SCHEMA_VERSION}; update sparkstream"
        ):
            open_cassandra(keyspace)
    finally:
        connection.define(f"insert into schema_versions (one, version) values (0, {SCHEMA_VERSION})")
        connection.close()


def test_an_older_schema_is_refused_until_it_is_migrated_with_its_marks(keyspace: str) -> None:
    connection = Connection(Address.parse(keyspace))
    connection.define("insert into schema_versions (one, version) values (0, 1)")
    connection.define(
        "create table if not exists marks (one int, mark timeuuid, topic text, minute bigint, primary key (one, mark))"
    )
    connection.execute("insert into marks (one, mark, topic, minute) values (0, now(), ?, ?)", "tea", NOON)
    connection.close()
    with pytest.raises(StoreSchemaError, match=r"has schema 1, this version wants .*run `sparkstream migrate`"):
        open_cassandra(keyspace)
    master, _ = open_cassandra(keyspace, migrate=True)
    assert [(mark.topic, mark.minute) for mark in master.marks(5)] == [("tea", NOON)]
    master.close()
    master, _ = open_cassandra(keyspace)
    master.close()
    empty(keyspace)


@pytest.mark.parametrize("url", ["cassandra://127.0.0.1:1/posts", "redis://127.0.0.1:1/0"])
def test_a_server_that_is_down_is_one_line_and_may_pass(url: str) -> None:
    opens = open_master if urlsplit(url).scheme == "cassandra" else open_speed
    with pytest.raises(StoreBusyError, match=r"127\.0\.0\.1:1 cannot be reached"):
        opens(url)


def test_a_program_says_that_a_server_is_down_in_one_line() -> None:
    command = [sys.executable, "-m", "sparkstream", "dead", "--store", "cassandra://127.0.0.1:1/posts"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "sparkstream: Cassandra at 127.0.0.1:1 cannot be reached; start it, or correct its URL\n",
    )


def test_a_host_that_is_none_is_one_line() -> None:
    with pytest.raises(StoreBusyError, match=r"Cassandra at nowhere\.invalid:9042: no such host; correct its URL"):
        open_master("cassandra://nowhere.invalid/posts")


@pytest.mark.parametrize(
    "url",
    ["cassandra://", "cassandra://host", "cassandra://host/", "cassandra://host/a-b", "cassandra://a:1,b:2/posts"],
)
def test_what_is_no_address_of_cassandra_says_how_to_write_one(url: str) -> None:
    with pytest.raises(SettingsError, match="write cassandra://HOST"):
        open_master(url)


def test_an_address_keeps_its_password_to_itself() -> None:
    address = Address.parse("cassandra://ada:s%40cret@a,b:9042/posts?replication=3&datacenter=west")
    assert (address.hosts, address.user, address.password) == (("a", "b"), "ada", "s@cret")
    assert (address.replication, address.datacenter) == (3, "west")
    assert "cret" not in repr(address)
    with pytest.raises(StoreBusyError) as caught:
        open_speed("redis://:s3cret@127.0.0.1:1/0")
    assert "s3cret" not in str(caught.value)
