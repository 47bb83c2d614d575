import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from factories import NOON, STATUS, annotated, deltas, keep, lines, some_day
from sparkstream.annotation import annotate
from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError
from sparkstream.schema import Post, parse
from sparkstream.stores import open_store
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from stores.contract import FIRST, StoreContract


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


@pytest.fixture(scope="module")
def some_posts():
    read = [parse(line.value, place=line.place, now=NOON) for line in lines(some_day())]
    posts = [post for post in read if isinstance(post, Post)]
    found = annotate(posts, KnownAnnotator())
    return [(topic, post) for post in found for topic in post.record["topics"]]


class TestSqliteStore(StoreContract):
    pass


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
            hasty.begin(FIRST)
        assert caught.value.retriable
    hasty.begin(FIRST)


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
    with pytest.raises(StoreSchemaError, match="has schema 99, this version knows 1; use the version that made it"):
        again()


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
    with store._connections.reading() as connection:
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages}")
    many = [("tea", annotated(f"x:{number}", text="x" * 1_000)) for number in range(400)]
    with pytest.raises(StoreError, match=r"the disk of .* is full; make room"):
        store.write(many, Stamp("run", 1))
    assert store.distinct_posts() == 1
    store.write(many, Stamp("run", 1))
    assert store.distinct_posts() == 401


def test_an_error_in_a_transaction_undoes_it(store):
    keep(store, [("tea", annotated())])
    more = deltas([("tea", annotated("x:2"))])
    with pytest.raises(AttributeError):
        store.apply(Stamp("run", 1), [*more, None], STATUS)
    assert store.applied("run") == 0
    assert store.topic("tea").posts == 1
    assert store.apply(Stamp("run", 1), more, STATUS)


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="has been closed here"):
        store.topics()
