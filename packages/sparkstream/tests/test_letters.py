import pytest
import truth
from factories import NOON, STATUS, delete, edit, encode, feed, record
from sparkstream.letters import replay
from sparkstream.refolding import Refolding
from sparkstream.schema import DeadLetter
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from sparkstream.times import DAY, MINUTE, Span

NOW = NOON + DAY


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def bury(store, values):
    """Lines that an older version could not read."""
    lines = [value if isinstance(value, bytes) else encode(value) for value in values]
    letters = [DeadLetter(f"spool:{number}", line.decode(), "old", NOON) for number, line in enumerate(lines)]
    store.master.write_events([], [], letters)


def assert_views_are_true(store):
    posts = [("tea", stored.post) for stored in store.master.scan("tea", 0, NOW)]
    truth.assert_views_equal_posts(store, posts)
    return {post.id: post.version for _, post in posts}


def test_letters_that_can_be_read_now_are_posts_edits_and_deletes_like_others(store):
    feed(store, [record("x:1"), record("x:2"), record("x:3", NOON + MINUTE)])
    bury(store, [record("x:4"), b"{", edit("x:1"), delete("x:2"), record("x:3", NOON + MINUTE)])
    assert replay(store, KnownAnnotator(), lambda: NOW) == 4
    assert assert_views_are_true(store) == {"x:1": 1, "x:3": 0, "x:4": 0}
    assert [letter.raw for letter in store.dead_letters(9)] == ["{"]
    assert replay(store, KnownAnnotator(), lambda: NOW) == 0


def test_beside_a_job_the_minutes_are_left_to_it(store):
    feed(store, [record("x:1")])
    bury(store, [record("x:2")])
    assert replay(store, KnownAnnotator(), lambda: STATUS.updated_at + 1) == 1
    assert store.count("tea", [Span(MINUTE, NOON, NOON + MINUTE)]) == 1
    feed(store, [record("x:2"), record("x:3")], 1)
    assert Refolding(store, lambda: True).run()
    assert assert_views_are_true(store) == {"x:1": 0, "x:2": 0, "x:3": 0}


@pytest.mark.parametrize("name", ["mark", "write", "drop_dead_letters"])
def test_a_kill_is_made_good_by_doing_it_again(store, monkeypatch, name):
    feed(store, [record("x:1")])
    bury(store, [record("x:2"), record("x:3", NOON + MINUTE)])
    with monkeypatch.context() as patch:
        patch.setattr(type(store.master), name, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            replay(store, KnownAnnotator(), lambda: NOW)
    replay(store, KnownAnnotator(), lambda: NOW)
    assert set(assert_views_are_true(store)) == {"x:1", "x:2", "x:3"}
    assert store.dead_letter_count() == 0
