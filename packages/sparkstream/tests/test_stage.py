from collections import Counter

import pytest
import truth
from factories import NOON, STATUS, delete, edit, encode, feed, gap, lines, record, some_day, topic_event
from sparkstream.layers import recover
from sparkstream.refolding import Refolding
from sparkstream.stage import AFTER_MASTER, ANNOTATED_AT_ONCE, BEFORE_MASTER, INSIDE_MASTER, INSIDE_REMOVAL, run_stage
from sparkstream.stores.base import Stamp, Tombstone
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from sparkstream.testing.annotator import sentiment_of
from sparkstream.times import MINUTE

FIRST, SECOND = Stamp("run", 0), Stamp("run", 1)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def stage(store, values, stamp=FIRST, **options):
    return run_stage(lines(values), stamp, store.master, KnownAnnotator(), now=NOON, **options)


def counted(result):
    """(topic, minute) → posts."""
    return {(delta.topic, delta.minute): delta.rollup.posts for delta in result.deltas}


def stamps(store, post_id="x:1"):
    """By topic."""
    return {topic: row.stamp for topic, row in store.master.held([post_id])[post_id].rows.items()}


def sums(result):
    return {(delta.topic, delta.minute): delta.rollup for delta in result.deltas}


def test_a_post_counts_once_for_each_of_its_topics(store):
    result = stage(store, [record(topics=["tea", "coffee"])])
    assert counted(result) == {("tea", NOON): 1, ("coffee", NOON): 1}
    assert (result.lines, result.posts, result.dead) == (1, 1, 0)
    assert result.newest_receipt == NOON + 900
    assert stamps(store) == {"tea": FIRST, "coffee": FIRST}


def test_repeats_in_a_batch_count_once(store):
    result = stage(store, [record(), record("x:2"), record(), record(text="an altered copy")])
    assert counted(result) == {("tea", NOON): 2}
    assert (result.lines, result.posts) == (4, 2)


def test_of_differing_copies_the_first_stands_for_every_topic(store):
    stage(store, [record(text="first"), record(text="second", topics=["tea", "coffee"])])
    for topic in ("tea", "coffee"):
        (stored,) = store.master.scan(topic, 0, NOON + MINUTE)
        assert stored.post.record["text"] == "first"


def test_the_same_batch_again_gives_the_same_deltas(store):
    values = some_day(posts=60)
    first = stage(store, values)
    assert sums(stage(store, values)) == sums(first)
    assert store.master.distinct_posts() == 60


def test_another_batch_with_the_same_posts_gives_none(store):
    values = some_day(posts=60)
    stage(store, values)
    again = stage(store, values, SECOND)
    assert again.deltas == []
    assert (again.lines, again.posts, again.newest_receipt) == (60, 0, None)


def test_a_later_copy_with_another_topic_adds_that_topic_alone(store):
    stage(store, [record(topics=["tea"])])
    assert counted(stage(store, [record(topics=["tea", "coffee"])], SECOND)) == {("coffee", NOON): 1}
    assert stamps(store) == {"tea": FIRST, "coffee": SECOND}


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
        assert store.master.distinct_posts() == written
    assert counted(stage(store, values)) == {("tea", NOON): 3 * ANNOTATED_AT_ONCE}


def held(store, topic="tea"):
    """(id, version) of what a topic holds."""
    return sorted((found.post.id, found.post.version) for found in store.master.scan(topic, 0, 2**45))


def test_an_edit_is_annotated_anew_and_marks_what_it_changes(store):
    stage(store, [record(topics=["tea", "coffee"], text="A kettle sings")])
    result = stage(store, [edit(text="A kettle weeps", topics=["tea", "milk"])], SECOND)
    assert counted(result) == {("milk", NOON): 1}
    assert (result.posts, result.changed) == (1, 1)
    for topic in ("tea", "coffee", "milk"):
        (stored,) = store.master.scan(topic, 0, NOON + 1)
        assert stored.post.record["text"] == "A kettle weeps"
        assert stored.post.sentiment == sentiment_of("A kettle weeps")
    assert stamps(store) == {"tea": FIRST, "coffee": FIRST, "milk": SECOND}
    assert {(mark.topic, mark.minute) for mark in store.master.marks(9)} == {("tea", NOON), ("coffee", NOON)}


def test_an_old_copy_brings_its_topic_the_newest_version(store):
    stage(store, [edit(version=2, text="the newest")])
    stage(store, [record(topics=["tea", "milk"], text="the first")], SECOND)
    (stored,) = store.master.scan("milk", 0, NOON + 1)
    assert (stored.post.record["text"], stored.post.version) == ("the newest", 2)
    assert stamps(store) == {"tea": FIRST, "milk": SECOND}


def test_a_delete_takes_a_post_and_keeps_its_copies_out(store):
    stage(store, [record(topics=["tea", "coffee"]), record("x:2")])
    result = stage(store, [delete(), record(), edit()], SECOND)
    assert (result.deltas, result.posts, result.changed) == ([], 0, 1)
    assert (held(store), held(store, "coffee")) == ([("x:2", 0)], [])
    assert {(mark.topic, mark.minute) for mark in store.master.marks(9)} == {("tea", NOON), ("coffee", NOON)}
    assert stage(store, [edit(version=9, topics=["milk"])], Stamp("run", 2)).deltas == []


def test_a_delete_that_comes_before_its_post_keeps_it_out(store):
    stage(store, [delete("x:1")])
    assert stage(store, [record("x:1"), record("x:2")], SECOND).posts == 1
    assert store.master.marks(9) == []


CHANGED = [
    *(record(f"x:{number}", NOON + number * MINUTE, topics=["tea", "coffee"]) for number in range(8, 12)),
    *(edit(f"x:{number}", at=NOON + number * MINUTE, topics=["tea", "milk"]) for number in range(3, 9)),
    *(delete(f"x:{number}") for number in (0, 1, 5, 9)),
    record("x:0"),
    edit("x:11", version=4, at=NOON + 11 * MINUTE, topics=["milk"]),
]


def views_and_posts(store):
    """Every view, once all marks are settled, and every post."""
    assert Refolding(store, lambda: True).run()
    posts = [(topic, found.post) for topic in ("tea", "coffee", "milk") for found in store.master.scan(topic, 0, 2**45)]
    truth.assert_views_equal_posts(store, posts)
    return posts


def first_posts(store):
    feed(store, [record(f"x:{number}", NOON + number * MINUTE, topics=["tea", "coffee"]) for number in range(6)])


@pytest.mark.parametrize("point", [BEFORE_MASTER, INSIDE_REMOVAL, INSIDE_MASTER, AFTER_MASTER])
def test_edits_and_deletes_that_were_cut_short_are_finished_by_the_replay(store, tmp_path, point):
    def kill(name, stamp):
        if name == point:
            raise RuntimeError(point)

    first_posts(store)
    with pytest.raises(RuntimeError):
        stage(store, CHANGED, SECOND, probe=kill)
    feed(store, CHANGED, 1)

    undisturbed = SqliteStore(str(tmp_path / "other.db"))
    first_posts(undisturbed)
    feed(undisturbed, CHANGED, 1)
    assert views_and_posts(store) == views_and_posts(undisturbed)
    assert held(store, "milk") == [("x:11", 4), ("x:3", 1), ("x:4", 1), ("x:6", 1), ("x:7", 1), ("x:8", 1)]
    undisturbed.close()


WRITES = ("mark", "bury", "remove", "write", "rewrite")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("name", WRITES)
def test_a_kill_before_or_after_any_write_is_made_good_by_the_replay(store, monkeypatch, name, before):
    """The order of the writes is what makes it so: marks, tombstones, rows."""
    first_posts(store)
    write = getattr(type(store.master), name)

    def kill(self, *arguments):
        if not before:
            write(self, *arguments)
        raise RuntimeError(name)

    with monkeypatch.context() as patch:
        patch.setattr(type(store.master), name, kill)
        with pytest.raises(RuntimeError):
            stage(store, CHANGED, SECOND)
    feed(store, CHANGED, 1)
    assert len(views_and_posts(store)) == 20


@pytest.mark.parametrize("name", WRITES)
def test_a_kill_is_made_good_by_another_run_that_reads_all_again(store, monkeypatch, name):
    first_posts(store)
    with monkeypatch.context() as patch:
        patch.setattr(type(store.master), name, lambda *_: 1 / 0)
        store.master.begin(SECOND)
        with pytest.raises(ZeroDivisionError):
            stage(store, CHANGED, SECOND)
    recover(store, "another", -1)
    first = [record(f"x:{number}", NOON + number * MINUTE, topics=["tea", "coffee"]) for number in range(6)]
    feed(store, [*first, *CHANGED], 0, run="another")
    assert len(views_and_posts(store)) == 20


def test_what_is_forgotten_while_it_is_written_does_not_stay(store):
    """The one who forgets buries, and finds no row yet; the stage writes it, and looks again."""

    def forget(name, stamp):
        if name == BEFORE_MASTER:
            store.master.bury([Tombstone("x:1", NOON, "forgotten")])

    result = stage(store, [record(), record("x:2", NOON + MINUTE)], probe=forget)
    assert counted(result) == {("tea", NOON + MINUTE): 1}
    assert held(store) == [("x:2", 0)]
    assert {(mark.topic, mark.minute) for mark in store.master.marks(9)} == {("tea", NOON)}


def test_what_is_forgotten_while_it_is_edited_does_not_stay(store):
    """Where an edit is a write like any other, as in Cassandra, it would bring back what was removed before it."""

    def forget(name, stamp):
        if name == BEFORE_MASTER:
            store.master.bury([Tombstone("x:1", NOON, "forgotten")])

    stage(store, [record(), record("x:2", NOON + MINUTE)])
    stage(store, [edit(), edit("x:2", at=NOON + MINUTE)], SECOND, probe=forget)
    assert held(store) == [("x:2", 1)]


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
        {"permalink": None, "refers_to": 12345678901234567890123, "version": 41},
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
    assert store.speed.apply(SECOND, [], STATUS)
