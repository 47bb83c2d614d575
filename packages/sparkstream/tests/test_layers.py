"""Taking a store over, and speed views that have lost something."""

import pytest
import truth
from factories import NOON, STATUS, annotated, deltas, keep
from sparkstream.errors import CheckpointError
from sparkstream.layers import apply_batch, in_flight, recover
from sparkstream.refolding import Refolding
from sparkstream.rollups import fold_periods
from sparkstream.stores import open_store
from sparkstream.stores.base import Stamp
from sparkstream.times import DAY, HOUR, MINUTE, Span


@pytest.fixture(params=["one file", "two files"])
def store(tmp_path, request):
    speed = f"sqlite:{tmp_path / 'speed.db'}" if request.param == "two files" else None
    opened = open_store(f"sqlite:{tmp_path / 'views.db'}", speed)
    yield opened
    opened.close()


def refold(store):
    assert Refolding(store, lambda: True).run()
    assert store.master.marks(1) == store.speed.dirty(1) == []


def begin(store, posts, batch, run="run"):
    """A batch that is killed when its posts are in the master set."""
    stamp = Stamp(run, batch)
    store.master.begin(stamp)
    store.master.write(posts, stamp)
    return stamp


def marked(store):
    return {(mark.topic, mark.minute) for mark in store.master.marks(99)}


# Other runs


def test_a_half_written_batch_of_another_run_is_folded_again(store):
    done, half = [("tea", annotated("x:1"))], [("tea", annotated("x:2", NOON + HOUR)), ("milk", annotated("x:2"))]
    keep(store, done, 0, run="old")
    begin(store, half, 1, run="old")
    for _ in range(2):
        recover(store, "new", -1)
        assert marked(store) == {("tea", NOON + HOUR), ("milk", NOON)}
    assert not in_flight(store)
    refold(store)
    truth.assert_views_equal_posts(store, [*done, *half])


def test_what_another_run_finished_is_left_alone(store):
    keep(store, [("tea", annotated("x:1"))], run="old")
    recover(store, "new", -1)
    assert marked(store) == set()
    assert store.speed.applied() == {"old": 0}


def test_a_run_that_was_taken_over_from_does_not_come_back(store):
    keep(store, [], 0, run="old")
    recover(store, "new", -1)
    with pytest.raises(CheckpointError, match="newer checkpoint has taken this store over"):
        recover(store, "old", 0)
    recover(store, "new", -1)  # and has not harmed the one that took over


def test_posts_added_to_a_marked_minute_are_in_its_fold_once(store):
    half, more = [("tea", annotated("x:1"))], [("tea", annotated("x:2", NOON + 1))]
    begin(store, half, 0, run="other")
    recover(store, "run", -1)
    keep(store, more)
    refold(store)
    truth.assert_views_equal_posts(store, [*half, *more])


# Its own batch


def test_its_own_batch_in_flight_is_left_to_its_replay(store):
    keep(store, [("tea", annotated("x:1"))], 0)
    half = [("tea", annotated("x:2"))]
    stamp = begin(store, half, 1)
    assert in_flight(store, "run")
    assert in_flight(store)
    recover(store, "run", 0)
    assert marked(store) == set()
    apply_batch(store, stamp, deltas(half), STATUS)
    assert not in_flight(store, "run")
    truth.assert_views_equal_posts(store, [("tea", annotated("x:1")), *half])


def test_a_store_that_knows_less_than_the_checkpoint_is_refused(store):
    keep(store, [], 0)
    with pytest.raises(CheckpointError, match="has not seen what came before batch 3 of this checkpoint"):
        recover(store, "run", 2)
    with pytest.raises(CheckpointError, match="has not seen"):
        recover(store, "another", 0)


def test_a_checkpoint_that_knows_less_than_the_store_is_refused(store):
    for batch in range(4):
        keep(store, [("tea", annotated(f"x:{batch}"))], batch)
    recover(store, "run", 2)
    with pytest.raises(CheckpointError, match="the checkpoint only 1: it is an old copy; start with a new checkpoint"):
        recover(store, "run", 1)


# Speed views that have lost something


def lose(store, applied):
    """As a server that was emptied, or that lost its last seconds."""
    store.speed.clear()
    store.speed.restore(applied)


@pytest.mark.parametrize("left", [{}, {"run": 1}], ids=["all of it", "the last batch"])
def test_speed_views_that_have_lost_batches_are_folded_anew(store, some_posts, left):
    for batch in range(3):
        keep(store, some_posts[batch::3], batch)
    lose(store, left)
    recover(store, "run", 2)
    assert store.speed.applied() == {"run": 2}
    truth.assert_views_equal_posts(store, some_posts)


def test_the_batch_in_flight_is_added_to_the_new_fold_by_its_replay(store, some_posts):
    keep(store, some_posts[:200], 0)
    stamp = begin(store, some_posts[200:], 1)
    lose(store, {})
    recover(store, "run", 0)
    truth.assert_views_equal_posts(store, some_posts[:200])
    apply_batch(store, stamp, deltas(some_posts[200:]), STATUS)
    refold(store)
    truth.assert_views_equal_posts(store, some_posts)


def test_a_new_fold_that_was_cut_short_begins_again(store, some_posts, monkeypatch):
    keep(store, some_posts, 0)
    lose(store, {})

    class KillError(Exception):
        pass

    def kill(*_):
        raise KillError

    with monkeypatch.context() as patch:
        patch.setattr(type(store.speed), "restore", kill)
        with pytest.raises(KillError):
            recover(store, "run", 0)
    recover(store, "run", 0)
    truth.assert_views_equal_posts(store, some_posts)


def test_a_new_run_finds_that_the_views_have_lost_what_an_old_one_did(store, some_posts):
    for batch in range(3):
        keep(store, some_posts[batch::3], batch, run="old")
    lose(store, {})
    recover(store, "new", -1)
    assert store.speed.applied() == {"old": 2}
    refold(store)
    truth.assert_views_equal_posts(store, some_posts)


def test_what_the_batch_views_have_is_not_folded_anew(store, some_posts):
    keep(store, some_posts, 0)
    until = NOON + 12 * HOUR
    for topic in ("tea", "coffee"):
        early = fold_periods(post for about, post in some_posts if about == topic and post.event_time < until)
        store.batch.write(topic, 1, [(span, rollup) for span, rollup in early.items() if span.end <= until])
        store.batch.flip(topic, 1, until)
    lose(store, {})
    recover(store, "run", 0)
    assert store.speed.count("tea", minutes(0, until)) == 0
    truth.assert_minutes_equal_posts(store, some_posts)


def minutes(start, end):
    return [Span(MINUTE, start, end)]


# Posts older than the speed views


def test_a_post_that_is_older_than_the_speed_views_marks_its_minute(store):
    store.batch.flip("tea", 1, NOON + HOUR)
    late, new = ("tea", annotated("x:1")), ("tea", annotated("x:2", NOON + HOUR))
    keep(store, [late, new, ("milk", annotated("x:1"))])
    assert marked(store) == {("tea", NOON)}
    assert store.count("tea", minutes(NOON, NOON + DAY)) == 1
    refold(store)
    truth.assert_minutes_equal_posts(store, [late, new, ("milk", late[1])])
    assert store.batch.count("tea", minutes(NOON, NOON + DAY)) == 1


def test_a_post_in_what_a_running_batch_folds_is_counted_and_marked(store):
    store.batch.announce("tea", NOON + HOUR)
    keep(store, [("tea", annotated("x:1")), ("tea", annotated("x:2", NOON + HOUR))])
    assert marked(store) == {("tea", NOON)}
    assert store.count("tea", minutes(NOON, NOON + DAY)) == 2
