import itertools

import pytest
from factories import NOON, delete, edit, encode, record
from sparkstream.changes import changes, ids
from sparkstream.schema import parse
from sparkstream.stores.base import Held, Row, Stamp
from sparkstream.times import MINUTE

OLD, OWN = Stamp("run", 0), Stamp("run", 1)


def found(values, held=None):
    records = [parse(encode(value), place="", now=NOON) for value in values]
    return changes(records, {"x:1": held} if held else {}, OWN)


def held(version=0, *, topics=("tea",), stamp=OLD, at=NOON, buried=None):
    return Held({topic: Row(stamp, version, at) for topic in topics}, buried)


def pairs(some):
    """(topic, version) of (topic, post) pairs."""
    return sorted((topic, post.version) for topic, post in some)


def test_an_absent_post_is_new_in_each_of_its_topics():
    assert pairs(found([record(topics=["tea", "milk"])]).new) == [("milk", 0), ("tea", 0)]


def test_a_held_post_is_nothing():
    assert found([record()], held()) == found([])


def test_what_this_batch_wrote_before_is_new_again():
    assert pairs(found([record()], held(stamp=OWN)).new) == [("tea", 0)]


def test_a_later_copy_adds_its_topic():
    assert pairs(found([record(topics=["tea", "milk"])], held()).new) == [("milk", 0)]


def test_a_newer_version_reaches_every_topic_that_the_post_ever_had():
    change = found([edit(topics=["tea", "milk"])], held(topics=["tea", "coffee"]))
    assert pairs(change.edited) == [("coffee", 1), ("tea", 1)]
    assert pairs(change.new) == [("milk", 1)]
    assert change.dirty == {("tea", NOON), ("coffee", NOON)}
    assert change.changed == 1


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_or_equal_version_is_ignored(version):
    assert found([edit(version=1)], held(version)) == found([])


def test_an_edit_without_a_known_original_is_a_post():
    assert pairs(found([edit(version=3)]).new) == [("tea", 3)]


def test_an_edit_keeps_the_time_under_which_the_post_is_held():
    """A network whose authors set the time: received a day later, it would fall on its receipt."""
    late = {"network": "bluesky", "received_at": "2026-11-25T12:00:00Z"}
    ((_, post),) = found([edit(**late)], held()).edited
    assert post.event_time == NOON
    ((_, post),) = found([record(), edit(**late)]).new
    assert post.event_time == NOON


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_of_several_versions_in_a_batch_the_newest_stands_whatever_their_order(order):
    values = [record(topics=["milk"]), edit(version=1), edit(version=2)]
    change = found([values[index] for index in order])
    assert pairs(change.new) == [("milk", 2), ("tea", 2)]
    assert {post.text for _, post in change.new} == {"version 2"}


def test_of_equal_versions_the_first_stands():
    change = found([edit(text="first"), edit(text="second", topics=["milk"])])
    assert {(topic, post.text) for topic, post in change.new} == {("tea", "first"), ("milk", "first")}


def test_an_old_copy_adds_its_topic_with_the_version_that_is_held():
    change = found([record(topics=["tea", "milk"])], held(2))
    assert pairs(change.new) == [("milk", 0)]
    assert change.copied == {("milk", "x:1"): ("tea", "x:1")}
    assert change.edited == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_delete_takes_the_post_from_all_its_topics_whatever_comes_around_it(order):
    values = [record(topics=["milk"]), edit(), delete()]
    change = found([values[index] for index in order], held(topics=["tea", "coffee"], at=NOON + MINUTE + 5))
    assert change.new == change.edited == []
    assert sorted(change.removed) == [("coffee", "x:1"), ("tea", "x:1")]
    assert change.dirty == {("coffee", NOON + MINUTE), ("tea", NOON + MINUTE)}
    assert set(change.buried) == {"x:1"}


def test_a_tombstone_keeps_copies_and_edits_out():
    change = found([record(), edit()], Held({}, buried=NOON))
    assert change == found([])


def test_what_was_received_before_a_topic_was_forgotten_stays_out_of_it():
    values = [record(topics=["tea", "milk"]), record("x:2"), record("x:3", NOON + 1)]
    records = [parse(encode(value), place="", now=NOON) for value in values]
    change = changes(records, {"topic:tea": Held({}, buried=NOON + 900)}, OWN)
    assert sorted((topic, post.id) for topic, post in change.new) == [("milk", "x:1"), ("tea", "x:3")]
    assert sorted(ids(records)) == ["topic:milk", "topic:tea", "x:1", "x:2", "x:3"]


def test_rows_that_a_delete_has_left_go_with_the_next_record():
    change = found([record()], held(buried=NOON, stamp=OWN))
    assert (change.removed, change.new, change.dirty) == ([("tea", "x:1")], [], {("tea", NOON)})


def test_an_edit_that_was_cut_short_goes_on_where_it_is_missing():
    rows = {"tea": Row(OLD, 1, NOON), "coffee": Row(OLD, 0, NOON), "milk": Row(OWN, 1, NOON)}
    change = found([edit(topics=["tea", "milk"])], Held(rows))
    assert pairs(change.edited) == [("coffee", 1)]
    assert pairs(change.new) == [("milk", 1)]
