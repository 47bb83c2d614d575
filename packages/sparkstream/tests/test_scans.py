"""What is remembered of the posts that were read; what they add up to is in test_views.py."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from factories import NOON, annotated, keep
from sparkstream import scans
from sparkstream.queries import Filter, Window
from sparkstream.scans import Scans
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import MINUTE
from sparkstream.views import Views

HERE = Window(NOON, NOON + MINUTE)
REPLIES = Filter(kind="reply")


class Counting(SqliteStore):
    """Knows how often its posts were read."""

    reads = 0

    def posts(self, *args, **options):
        self.reads += 1
        return super().posts(*args, **options)


@pytest.fixture
def store(tmp_path):
    opened = Counting(str(tmp_path / "views.db"))
    keep(opened, [("tea", annotated("x:1", kind="reply"))])
    yield opened
    opened.close()


def test_posts_are_read_once_for_all_questions_about_them(store):
    views = Views(store, clock=lambda: NOON)
    for _ in range(2):
        views.summary("tea", HERE, only=REPLIES)
        views.series("tea", HERE, "1m", only=REPLIES)
        views.tops("tea", HERE, ["word", "hashtag"], only=REPLIES)
    assert store.reads == 2  # of the period, and of the one before


def test_a_batch_makes_them_be_read_again(store):
    views = Views(store, clock=lambda: NOON)
    assert views.summary("tea", HERE, only=REPLIES)["posts"] == 1
    keep(store, [("tea", annotated("x:2", kind="reply"))], 1)
    assert views.summary("tea", HERE, only=REPLIES)["posts"] == 2


def test_questions_about_one_moment_read_them_once_whatever_comes(store):
    views = Views(store, clock=lambda: NOON).at_once()
    assert views.summary("tea", HERE, only=REPLIES)["posts"] == 1
    keep(store, [("tea", annotated("x:2", kind="reply"))], 1)
    assert views.series("tea", HERE, "1m", only=REPLIES)["counted"] == 1


def test_who_asks_at_the_same_time_waits_for_the_one_who_reads(store):
    kept, together = Scans(store), threading.Barrier(4)

    def ask(_):
        together.wait()
        return kept.of("version", "tea", HERE, REPLIES)

    with ThreadPoolExecutor(4) as pool:
        assert len({id(scan) for scan in pool.map(ask, range(4))}) == 1
    assert store.reads == 1


def test_only_the_last_few_are_remembered(store):
    kept = Scans(store)
    for number in range(scans._KEPT + 1):
        kept.of("version", "tea", HERE, Filter(word=f"word{number}"))
    kept.of("version", "tea", HERE, Filter(word="word1"))
    assert store.reads == scans._KEPT + 1
    kept.of("version", "tea", HERE, Filter(word="word0"))
    assert store.reads == scans._KEPT + 2
