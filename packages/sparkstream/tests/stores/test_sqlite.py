import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from factories import NOON, STATUS, annotated, deltas, keep
from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError
from sparkstream.schema import TopicEvent
from sparkstream.stores import open_store
from sparkstream.stores.base import Row, Run, Stamp, TermCount
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.stores.sqlite.connection import MIGRATIONS
from sparkstream.times import DAY, MINUTE, Span
from stores.contract import FIRST, ODD, BatchContract, MasterContract, SpeedContract


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "views.db"


@pytest.fixture
def again(path):
    opened = []

    def open_again(**options):
        opened.append(SqliteStore(str(path), **options))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(again):
    return again()


class TestSqliteMaster(MasterContract):
    @pytest.fixture
    def again(self, again):
        return lambda: again().master

    @pytest.fixture
    def store(self, again):
        return again()


class TestSqliteBatch(BatchContract):
    @pytest.fixture
    def again(self, again):
        return lambda: again().batch

    @pytest.fixture
    def store(self, again):
        return again()


class TestSqliteSpeed(SpeedContract):
    @pytest.fixture
    def again(self, again):
        return lambda: again().speed

    @pytest.fixture
    def store(self, again):
        return again()


def test_the_file_is_made_with_its_folders(path):
    open_store(f"sqlite:{path}").close()
    assert path.exists()


def test_a_reader_sees_what_another_process_wrote(store, path):
    keep(store, [("tea", annotated())])
    code = f"from sparkstream.stores import open_store; print(open_store('sqlite:{path}').topic('tea').posts)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "1\n"


def test_several_may_make_the_file_at_once(tmp_path):
    """As a job, its workers and a server do that are started together."""
    failed = []
    for number in range(8):
        together = threading.Barrier(6)

        def make(path=tmp_path / f"{number}.db", together=together):
            together.wait()
            try:
                SqliteStore(str(path)).close()
            except StoreError as error:
                failed.append(error)

        threads = [threading.Thread(target=make) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_threads_that_come_and_go_leave_nothing_open(store, path):
    open_files = set()
    for _ in range(20):
        thread = threading.Thread(target=store.topics)
        thread.start()
        thread.join()
        open_files.add(number_of_open_files(path))
    assert len(open_files) == 1


def number_of_open_files(path):
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not list a process's open files")
    return sum(str(path) == str(link.resolve()) for link in Path("/proc/self/fd").iterdir())


def test_readers_at_the_same_time_do_not_wait_for_the_writer(store, path):
    keep(store, [("tea", annotated())])
    with locked(path):
        assert store.topic("tea").posts == 1


def test_a_file_that_another_process_holds_is_busy_and_worth_another_try(path, again):
    hasty = again(busy_timeout=0.05)
    with locked(path):
        with pytest.raises(StoreBusyError, match="held by another process; end it or wait") as caught:
            hasty.master.begin(FIRST)
        assert caught.value.retriable
    hasty.master.begin(FIRST)


@contextmanager
def locked(path):
    """Hold the write lock, as another process would."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.close()


def test_a_file_of_another_version_is_left_alone(path, again):
    again()
    other = sqlite3.connect(path)
    other.execute("pragma user_version = 99")
    other.close()
    with pytest.raises(StoreSchemaError, match="has schema 99, this version knows 3; use the version that made it"):
        again()


def old_file(path, posts):
    """A file of version 1, whose last run was killed in batch 1."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(MIGRATIONS[0].read_text("utf-8"))
    db.execute("pragma user_version = 1")
    insert = (
        "insert into posts (topic, id, event_time, received_at, sentiment, run, batch, record) values (?,?,?,?,?,?,?,?)"
    )
    for batch, (topic, post) in enumerate(posts):
        record = json.dumps(dict(post.record), ensure_ascii=False)
        db.execute(insert, (topic, post.id, post.event_time, post.received_at, post.sentiment, "old", batch, record))
    db.execute("insert into topics (slug, query, state, at, newest) values ('tea', 't', 'stopped', 5, ?)", (NOON,))
    db.execute("insert into runs (run, started, applied) values ('old', 1, 0)")
    db.execute("insert into dead_letters values ('spool:1', '{', 'torn', 5)")
    db.commit()
    db.close()


def test_an_old_file_is_refused_until_it_is_migrated(path, again):
    posts = [("tea", annotated("x:1")), ("tea", annotated("x:2", NOON + 2 * MINUTE, version=3, text=ODD))]
    old_file(path, posts)
    with pytest.raises(StoreSchemaError, match=r"has schema 1, this version needs 3; .* run `sparkstream migrate`"):
        again()
    store = again(migrate=True)
    again()
    assert [stored.post for stored in store.master.scan("tea", 0, NOON + DAY)] == [post for _, post in posts]
    assert store.master.held(["x:2"])["x:2"].rows["tea"] == Row(Stamp("old", 1), 3, NOON + 2 * MINUTE)
    assert store.master.topic_events() == [TopicEvent("tea", "t", "stopped", 5)]
    assert store.master.dead_letter_count() == 1
    assert store.master.runs() == {"old": Run(1, abandoned=False)}
    assert (store.speed.applied(), store.speed.newest("tea")) == ({"old": 0}, NOON)
    assert store.master.touched(Stamp("old", 1)) == {("tea", NOON + 2 * MINUTE)}


def test_batch_views_whose_terms_had_a_row_each_are_read_as_before(path, again):
    path.parent.mkdir()
    db = sqlite3.connect(path)
    for file in MIGRATIONS[:2]:
        db.executescript(file.read_text("utf-8"))
    db.execute("insert into pointers (topic, generation, until) values ('tea', 1, ?)", (NOON + MINUTE,))
    db.execute(
        "insert into batch_periods (topic, step, start, generation, posts, counts) values ('tea', ?, ?, 1, 3, '{}')",
        (MINUTE, NOON),
    )
    terms = [(5, "😀", 1, 0, 0, 1), (2, ODD.replace("\ud7ff", ""), 3, 2, 1, 0), (2, "pot", 1, 1, 0, 0)]
    db.executemany("insert into batch_terms values (1, ?, ?, ?, ?, ?, ?)", terms)
    db.execute("pragma user_version = 2")
    db.commit()
    db.close()
    views, here = again(migrate=True).batch, [Span(MINUTE, NOON, NOON + MINUTE)]
    assert views.top("tea", here, "hashtag", by="posts", limit=9) == [
        TermCount(*terms[1][1:]),
        TermCount(*terms[2][1:]),
    ]
    assert views.term_periods("tea", here, "hashtag", terms[1][1]) == {NOON: TermCount(*terms[1][1:])}
    assert views.term_periods("tea", here, "emoji", "😀") == {NOON: TermCount("😀", 1, 0, 0, 1)}


def test_one_process_migrates_and_the_others_wait_for_it(path, again):
    old_file(path, [("tea", annotated())])
    failed = []

    def migrate():
        try:
            SqliteStore(str(path), migrate=True).close()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert again().master.distinct_posts() == 1


def test_a_migration_that_fails_changes_nothing(path, again):
    old_file(path, [("tea", annotated())])
    db = sqlite3.connect(path)
    db.execute("create table tombstones (id text)")  # is in the way
    db.commit()
    with pytest.raises(StoreError, match="already exists"):
        again(migrate=True)
    assert db.execute("pragma user_version").fetchone() == (1,)
    assert db.execute("select count(*) from posts").fetchone() == (1,)
    db.execute("drop table tombstones")
    db.commit()
    db.close()
    assert again(migrate=True).master.distinct_posts() == 1


def test_what_is_no_database_is_left_alone(tmp_path):
    file = tmp_path / "views.db"
    file.write_text("a shopping list: tea, milk, sugar, and all that stands on a long list of things to buy\n" * 50)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="no database that can be read; move it away"):
        SqliteStore(str(file))
    assert file.read_bytes() == before


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another path"):
        SqliteStore(str(tmp_path / "file" / "views.db"))


def test_a_path_that_is_a_folder_is_one_line(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened for writing; check the path and its rights"):
        SqliteStore(str(tmp_path))


def test_a_full_disk_is_named_and_changes_nothing(store):
    """SQLite answers a file at its bound as a full disk."""
    keep(store, [("tea", annotated("x:first"))])
    with store.master._connections.reading() as connection:
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages}")
    many = [("tea", annotated(f"x:{number}", text="x" * 1_000)) for number in range(400)]
    with pytest.raises(StoreError, match=r"the disk of .* is full; make room"):
        store.master.write(many, Stamp("run", 1))
    assert store.master.distinct_posts() == 1
    store.master.write(many, Stamp("run", 1))
    assert store.master.distinct_posts() == 401


def test_an_error_in_a_transaction_undoes_it(store):
    keep(store, [("tea", annotated())])
    more = deltas([("tea", annotated("x:2"))])
    with pytest.raises(AttributeError):
        store.speed.apply(Stamp("run", 1), [*more, None], STATUS)
    assert store.speed.applied() == {"run": 0}
    assert store.topic("tea").posts == 1
    assert store.speed.apply(Stamp("run", 1), more, STATUS)


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="has been closed here"):
        store.topics()
