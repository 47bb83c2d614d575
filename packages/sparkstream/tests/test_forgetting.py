"""Promise 4: gone from the master set, the views and the dead letters, and it stays gone."""

import pytest
import truth
from factories import NOON, STATUS, annotated, deltas, edit, encode, feed, gap, keep, record, topic_event
from sparkstream.auditing import audit
from sparkstream.batch import BatchLayer
from sparkstream.errors import HeldStoreError
from sparkstream.forgetting import Forgetting, Forgotten
from sparkstream.layers import apply_batch
from sparkstream.refolding import Refolding
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, Span

NOW = NOON + 2 * DAY
VALUES = [
    record(f"x:{number}", NOON + number * HOUR, topics=topics, author=author, hashtags=[f"by{author}"])
    for number, (author, topics) in enumerate(
        [("ada", ["tea"]), ("bob", ["tea", "milk"]), ("ada", ["milk"]), ("cyd", ["tea"]), ("bob", ["tea"])]
    )
]


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    feed(opened, [topic_event("tea"), topic_event("milk"), gap(NOON, NOON + 9, topics=["tea", "milk"]), *VALUES])
    yield opened
    opened.close()


@pytest.fixture
def forgetting(store):
    return Forgetting(store, lambda: NOW)


def held(store):
    return {
        (event.slug, stored.post.id)
        for event in store.master.topic_events()
        for stored in store.master.scan(event.slug, 0, NOW)
    }


def assert_views_are_true(store):
    for topic in ("tea", "milk"):
        posts = [(topic, stored.post) for stored in store.master.scan(topic, 0, NOW)]
        assert store.count(topic, [Span(DAY, 0, NOW)]) == len(posts)
        truth.assert_minutes_equal_posts(store, posts)
        assert not [hour for hour in audit(store, topic, NOON - HOUR, NOW) if hour.differs]


@pytest.mark.parametrize("batch", [False, True], ids=["in the speed views", "in the batch views"])
def test_a_post_goes_from_everywhere_and_no_copy_comes_back(store, forgetting, batch):
    if batch:
        BatchLayer(store, clock=lambda: NOW).run(end=NOON + 3 * HOUR)
    assert forgetting.posts(["x:1", "x:never"]) == Forgotten(1, 0)
    assert ("tea", "x:1") not in held(store)
    assert ("milk", "x:1") not in held(store)
    assert len(held(store)) == 4
    assert_views_are_true(store)
    feed(store, [*VALUES, edit("x:1"), record("x:never")], 1)
    assert len(held(store)) == 4
    assert_views_are_true(store)


def test_an_author_goes_with_all_posts(store, forgetting):
    assert forgetting.author("x:bob") == Forgotten(2, 0)
    assert held(store) == {("tea", "x:0"), ("milk", "x:2"), ("tea", "x:3")}
    assert_views_are_true(store)
    assert "bybob" not in [
        count.term for count in store.top("tea", [Span(DAY, 0, NOW)], "hashtag", by="posts", limit=9)
    ]
    assert forgetting.author("x:nobody") == Forgotten(0, 0)


def test_a_topic_goes_and_posts_stay_in_their_other_topics(store, forgetting):
    BatchLayer(store, clock=lambda: NOW).run(end=NOON + 3 * HOUR)
    assert forgetting.topic("tea") == Forgotten(4, 0)
    assert held(store) == {("milk", "x:1"), ("milk", "x:2")}
    assert [topic.slug for topic in store.topics()] == ["milk"]
    assert (store.gaps("tea", 0, NOW), len(store.gaps("milk", 0, NOW))) == ([], 1)
    assert_views_are_true(store)
    feed(store, VALUES, 1)
    assert held(store) == {("milk", "x:1"), ("milk", "x:2")}
    assert [topic.slug for topic in store.topics()] == ["milk"]
    assert_views_are_true(store)


def test_a_forgotten_topic_may_begin_anew(store, forgetting):
    forgetting.topic("tea")
    feed(store, [record("x:new", NOON, received_at="2026-11-25T12:00:00Z")], 1)
    assert ("tea", "x:new") in held(store)
    assert_views_are_true(store)


def test_dead_letters_that_name_it_go_too(store, forgetting):
    torn = [encode(record("x:1"))[:-9], encode(record("x:11", author="ada"))[:-9], b"{"]
    feed(store, torn, 1)
    assert forgetting.posts(["x:1"]).dead_letters == 1
    assert forgetting.author("x:ad").dead_letters == 0
    assert forgetting.author("x:ada").dead_letters == 1
    assert [letter.raw for letter in store.dead_letters(9)] == ["{"]


def test_what_is_forgotten_while_the_job_runs_is_left_to_its_folds(store):
    Forgetting(store, lambda: STATUS.updated_at + 1).posts(["x:1"])
    assert store.count("tea", [Span(MINUTE, NOON + HOUR, NOON + 2 * HOUR)]) == 1
    assert Refolding(store, lambda: True).run()
    assert_views_are_true(store)


def test_a_batch_that_was_killed_before_is_added_by_its_replay_and_not_by_the_fold(store, forgetting):
    half = [("tea", annotated("x:half", NOON + HOUR + 9))]
    stamp = Stamp("run", 1)
    store.master.begin(stamp)
    store.master.write(half, stamp)
    forgetting.posts(["x:1"])  # in the same minute
    assert store.count("tea", [Span(MINUTE, NOON + HOUR, NOON + 2 * HOUR)]) == 0
    apply_batch(store, stamp, deltas(half), STATUS)
    assert Refolding(store, lambda: True).run()
    assert_views_are_true(store)


def test_to_forget_no_posts_drops_no_dead_letter(store, forgetting):
    feed(store, [b"{"], 1)
    assert forgetting.posts([]) == Forgotten(0, 0)
    assert store.dead_letter_count() == 1


@pytest.mark.parametrize("name", ["bury", "mark", "remove", "drop_dead_letters"])
@pytest.mark.parametrize("what", ["posts", "author", "topic"])
def test_a_kill_is_made_good_by_doing_it_again(store, forgetting, monkeypatch, name, what):
    ask = {"posts": ["x:1", "x:2"], "author": "x:bob", "topic": "tea"}[what]
    with monkeypatch.context() as patch:
        patch.setattr(type(store.master), name, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            getattr(forgetting, what)(ask)
    Refolding(store, lambda: True).run()
    assert_views_are_true(store)
    getattr(Forgetting(store, lambda: NOW), what)(ask)
    assert_views_are_true(store)
    feed(store, VALUES, 1)
    wanted = {"posts": 3, "author": 3, "topic": 2}[what]
    assert len(held(store)) == wanted


def test_nobody_else_forgets_or_folds_meanwhile(store, forgetting):
    assert store.master.hold("a batch", now=NOW, until=NOW + MINUTE)
    with pytest.raises(HeldStoreError, match="a batch is at work in this store"):
        forgetting.posts(["x:1"])
    assert len(held(store)) == 6


def test_many_are_forgotten_at_once(store, forgetting):
    keep(store, [("tea", annotated(f"x:many{number}", NOON + number)) for number in range(2_500)], 1)
    assert forgetting.posts([f"x:many{number}" for number in range(2_500)]).posts == 2_500
    assert len(held(store)) == 6
    assert_views_are_true(store)
