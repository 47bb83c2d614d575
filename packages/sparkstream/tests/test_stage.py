from collections import Counter

import pytest
from factories import NOON, STATUS, encode, feed, gap, lines, record, some_day, topic_event
from sparkstream.stage import AFTER_MASTER, ANNOTATED_AT_ONCE, BEFORE_MASTER, INSIDE_MASTER, run_stage
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from sparkstream.times import MINUTE

FIRST, SECOND = Stamp("run", 0), Stamp("run", 1)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def stage(store, values, stamp=FIRST, **options):
    return run_stage(lines(values), stamp, store, KnownAnnotator(), now=NOON, **options)


def counted(result):
    """(topic, minute) → posts."""
    return {(delta.topic, delta.minute): delta.rollup.posts for delta in result.deltas}


def sums(result):
    return {(delta.topic, delta.minute): delta.rollup for delta in result.deltas}


def test_a_post_counts_once_for_each_of_its_topics(store):
    result = stage(store, [record(topics=["tea", "coffee"])])
    assert counted(result) == {("tea", NOON): 1, ("coffee", NOON): 1}
    assert (result.lines, result.posts, result.dead) == (1, 1, 0)
    assert result.newest_receipt == NOON + 900
    assert store.stamps([("tea", "x:1"), ("coffee", "x:1")]) == {("tea", "x:1"): FIRST, ("coffee", "x:1"): FIRST}


def test_repeats_in_a_batch_count_once(store):
    result = stage(store, [record(), record("x:2"), record(), record(text="an altered copy")])
    assert counted(result) == {("tea", NOON): 2}
    assert (result.lines, result.posts) == (4, 2)


def test_of_differing_copies_the_first_stands_for_every_topic(store):
    stage(store, [record(text="first"), record(text="second", topics=["tea", "coffee"])])
    for topic in ("tea", "coffee"):
        (post,) = store.scan(topic, 0, NOON + MINUTE)
        assert post.record["text"] == "first"


def test_the_same_batch_again_gives_the_same_deltas(store):
    values = some_day(posts=60)
    first = stage(store, values)
    assert sums(stage(store, values)) == sums(first)
    assert store.distinct_posts() == 60


def test_another_batch_with_the_same_posts_gives_none(store):
    values = some_day(posts=60)
    stage(store, values)
    again = stage(store, values, SECOND)
    assert again.deltas == []
    assert (again.lines, again.posts, again.newest_receipt) == (60, 0, None)


def test_a_later_copy_with_another_topic_adds_that_topic_alone(store):
    stage(store, [record(topics=["tea"])])
    assert counted(stage(store, [record(topics=["tea", "coffee"])], SECOND)) == {("coffee", NOON): 1}
    assert store.stamps([("tea", "x:1"), ("coffee", "x:1")]) == {("tea", "x:1"): FIRST, ("coffee", "x:1"): SECOND}


def test_a_batch_cut_short_is_finished_by_its_replay(store):
    """Whatever part of the batch was written before the kill, the replay's deltas are those of the whole."""

    class KillError(Exception):
        pass

    def kill_at(point, at):
        seen = Counter()

        def probe(name, stamp):
            seen[name] += 1
            if (name, seen[name]) == (point, at):
                raise KillError

        return probe

    values = [record(f"x:{number}") for number in range(3 * ANNOTATED_AT_ONCE)]
    for point, at, written in [
        (BEFORE_MASTER, 1, 0),
        (INSIDE_MASTER, 1, ANNOTATED_AT_ONCE),
        (INSIDE_MASTER, 2, 2 * ANNOTATED_AT_ONCE),
        (AFTER_MASTER, 1, 3 * ANNOTATED_AT_ONCE),
    ]:
        with pytest.raises(KillError):
            stage(store, values, probe=kill_at(point, at))
        assert store.distinct_posts() == written
    assert counted(stage(store, values)) == {("tea", NOON): 3 * ANNOTATED_AT_ONCE}


def test_dead_letters_are_kept_once_with_their_place(store):
    for _ in range(2):
        result = stage(store, [b"{", record(), encode(record("x:2"))[:40]])
        assert (result.lines, result.posts, result.dead) == (3, 1, 2)
    assert sorted(letter.id for letter in store.dead_letters(10)) == ["spool:0", "spool:2"]
    assert store.dead_letter_count() == 2


def test_events_of_topics_and_gaps_are_kept(store):
    stage(store, [topic_event(query="tea OR #Tea"), gap(NOON, NOON + MINUTE)])
    topic = store.topic("tea")
    assert (topic.query, topic.state, topic.posts, topic.first_post) == ("tea OR #Tea", "started", 0, None)
    assert [found.reason for found in store.gaps("tea", NOON, NOON + 1)] == ["disconnected"]


def test_no_lines_are_no_work(store):
    result = stage(store, [])
    assert (result.deltas, result.lines, result.newest_receipt) == ([], 0, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "NUL \0 in the middle", "hashtags": ["a\0b", "\0"]},
        {"text": "‮ right to left ‬", "author": "\u202eada"},
        {"text": "<script>alert(1)</script>", "urls": ["javascript:alert(1)", "https://[broken", "x" * 5_000]},
        {"text": "🎉" * 10_000},
        {"text": "x" * 900_000},
        {"hashtags": [f"tag{number}" for number in range(10_000)]},
        {"id": "x:" + "9" * 5_000, "lang": "x-klingon"},
        {"id": "'; drop table posts; --", "topics": ["'; drop table posts; --".replace(" ", "_")]},
        {"topics": ["ünïcödé", "茶", "тема", "🎉"]},
        {"created_at": "1970-01-01T00:00:00Z"},
        {"created_at": "2999-12-31T23:59:59.999Z"},
        {"permalink": None, "refers_to": 12345678901234567890123, "version": -1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_strange_post_is_counted_as_any_other(store, changes):
    value = record(**{name: part for name, part in changes.items() if name != "id"})
    value["id"] = changes.get("id", value["id"])
    assert feed(store, [value, record("x:after")]).posts == 2
    for topic in value["topics"]:
        (stored, *_) = [
            found
            for found in store.posts(topic, 0, 2**45, before=None, sentiment=None, limit=10)
            if found.post.id == value["id"]
        ]
        assert stored.post.record["text"] == value["text"]
        assert store.topic(topic).posts >= 1
    assert store.apply(SECOND, [], STATUS)
