import time

import pytest
import truth
from factories import NOON, annotated, keep
from sparkstream.refolding import Refolding
from sparkstream.rollups import fold_periods
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, Span


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def change(store, posts, *, run="run"):
    """Held posts whose text and sentiment become others; gives the posts as they are then."""
    keep(store, posts, run=run)
    edited = [
        (topic, annotated(post.id, post.event_time, version=1, sentiment="negative", hashtags=["new"]))
        for topic, post in posts
    ]
    store.master.mark((topic, post.event_time - post.event_time % MINUTE) for topic, post in edited)
    store.master.rewrite(edited)
    return edited


def some(topic="tea", at=NOON, count=3):
    return [(topic, annotated(f"x:{at}:{number}", at + number, hashtags=["old"])) for number in range(count)]


def test_a_marked_minute_its_hour_and_its_day_are_replaced(store):
    posts = change(store, [*some(), *some(at=NOON + HOUR)])
    assert Refolding(store, lambda: True).run()
    assert store.master.marks(9) == []
    truth.assert_views_equal_posts(store, posts)


def test_a_minute_without_posts_any_more_is_gone(store):
    posts = some()
    keep(store, posts)
    store.master.mark([("tea", NOON)])
    store.master.remove([("tea", post.id) for _, post in posts])
    assert Refolding(store, lambda: True).run()
    assert store.count("tea", [Span(DAY, 0, NOON + DAY)]) == 0


def test_what_the_batch_views_hold_is_replaced_there(store):
    before = some()
    store.batch.write("tea", 1, list(fold_periods(post for _, post in before).items()))
    store.batch.flip("tea", 1, NOON + 12 * HOUR)
    posts = change(store, before)
    assert Refolding(store, lambda: True).run()
    truth.assert_views_equal_posts(store.batch, posts)
    assert store.speed.count("tea", [Span(MINUTE, 0, NOON + DAY)]) == 0


def test_a_frozen_day_is_left_as_it_is(store):
    before = some()
    store.batch.write("tea", 1, list(fold_periods(post for _, post in before).items()))
    store.batch.flip("tea", 1, NOON + 12 * HOUR)
    store.batch.freeze("tea", [NOON - 12 * HOUR])
    change(store, before)
    assert Refolding(store, lambda: True).run()
    assert store.master.marks(9) == []
    truth.assert_views_equal_posts(store.batch, before)


def test_marks_outlast_somebody_who_is_changing_the_master_set(store):
    """Folded, so that nobody waits for the numbers; and folded once more when he has gone."""
    posts = change(store, some())
    busy = [True]
    refolding = Refolding(store, lambda: not busy[0])
    assert refolding.run()
    truth.assert_views_equal_posts(store, posts)
    assert len(store.master.marks(9)) == 1
    store.master.remove([("tea", posts[0][1].id)])  # he is not done
    busy[0] = False
    assert Refolding(store, lambda: not busy[0]).run()
    truth.assert_views_equal_posts(store, posts[1:])
    assert store.master.marks(9) == []


def test_what_was_folded_while_somebody_was_at_it_is_folded_once_more_by_the_same_job(store):
    """He marks, the job folds, he removes: what the job remembers of that fold is not what there is now."""
    posts = some()
    keep(store, posts)
    busy = [True]
    refolding = Refolding(store, lambda: not busy[0])
    store.master.mark([("tea", NOON)])
    assert refolding.run()
    store.master.remove([("tea", posts[0][1].id)])
    busy[0] = False
    assert refolding.run()
    assert store.master.marks(9) == []
    truth.assert_views_equal_posts(store, posts[1:])


def test_the_quiet_is_asked_for_between_the_marks_and_the_folds(store):
    """Who marks, changes and lets go between the two has changed before the folds."""
    keep(store, some())
    asked = []

    def quiet():
        asked.append(len(store.master.marks(9)))
        store.master.remove([("tea", f"x:{NOON}:0")])
        return True

    store.master.mark([("tea", NOON)])
    assert Refolding(store, quiet).run()
    assert asked == [1]
    truth.assert_views_equal_posts(store, some()[1:])


def test_without_time_nothing_is_folded_and_nothing_is_lost(store):
    posts = change(store, some())
    refolding = Refolding(store, lambda: True)
    assert not refolding.run(time.monotonic())
    assert len(store.master.marks(9)) == 1
    assert refolding.run(time.monotonic() + 60)
    truth.assert_views_equal_posts(store, posts)


def test_large_periods_wait_when_one_took_long_and_minutes_do_not(store, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("sparkstream.refolding.time.monotonic", lambda: clock[0])
    refolding = Refolding(store, lambda: True)
    scan = store.master.scan

    def slow(topic, start, end):
        clock[0] += 0.5 if end - start > MINUTE else 0
        return scan(topic, start, end)

    monkeypatch.setattr(store.master, "scan", slow)
    posts = change(store, some())
    assert not refolding.run(clock[0] + 1)  # the minute and the hour; the day waits
    assert store.top("tea", [Span(MINUTE, NOON, NOON + MINUTE)], "hashtag", by="posts", limit=1)[0].term == "new"
    assert store.top("tea", [Span(DAY, NOON - 12 * HOUR, NOON)], "hashtag", by="posts", limit=1)[0].term == "old"
    clock[0] += 4
    assert not refolding.run(clock[0] + 1)
    clock[0] += 1
    assert refolding.run(clock[0] + 1)
    truth.assert_views_equal_posts(store, posts)


def test_thousands_of_marks_are_worked_off(store):
    posts = [("tea", annotated(f"x:{number}", NOON + number * MINUTE)) for number in range(30)]
    keep(store, posts)
    for _ in range(100):
        store.master.mark(("tea", post.event_time) for _, post in posts)
    assert Refolding(store, lambda: True).run()
    assert store.master.marks(9) == []
    truth.assert_views_equal_posts(store, posts)


def test_a_mark_that_comes_after_a_fold_is_folded_too(store):
    keep(store, some())
    refolding = Refolding(store, lambda: False)
    store.master.mark([("tea", NOON)])
    refolding.run()
    store.master.mark([("tea", NOON)])
    store.master.write([("tea", annotated("x:more", NOON + 9))], Stamp("run", 0))
    refolding.run()
    truth.assert_views_equal_posts(store, [*some(), ("tea", annotated("x:more", NOON + 9))])
