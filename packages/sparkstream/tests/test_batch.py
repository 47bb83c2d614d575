"""The batch layer beside a job: whatever happens meanwhile, both layers together are a fold of the master set."""

from dataclasses import replace

import pytest
import truth
from factories import NOON, STATUS, annotated, deltas, keep
from sparkstream.batch import BatchLayer, TopicBatch
from sparkstream.errors import HeldStoreError, UnknownTopicError
from sparkstream.folding import fold_day
from sparkstream.layers import apply_batch, recover
from sparkstream.refolding import Refolding
from sparkstream.rollups import Rollup, fold
from sparkstream.stores import open_store
from sparkstream.stores.base import Pointer, Stamp
from sparkstream.stores.summing import CLOSING_DELAY
from sparkstream.testing import KnownAnnotator
from sparkstream.testing.annotator import sentiment_of
from sparkstream.times import DAY, HOUR, MINUTE, Span

NOW = NOON + 3 * DAY
MIDNIGHT = NOON + 12 * HOUR


@pytest.fixture(params=["one file", "two files", "days read ahead"])
def store(tmp_path, request):
    speed = f"sqlite:{tmp_path / 'speed.db'}" if request.param == "two files" else None
    opened = open_store(f"sqlite:{tmp_path / 'views.db'}", speed)
    yield opened
    opened.close()


@pytest.fixture
def layer(store, request, monkeypatch):
    """One whose days are all read, as by Spark's workers, before the sums of the first are written."""
    monkeypatch.setattr("sparkstream.folding.FEW", 0)

    def read_ahead(days, waiting):
        yield from [fold_day(store.master, day, waiting) for day in days]

    ahead = request.node.callspec.params["store"] == "days read ahead"
    return BatchLayer(store, clock=lambda: NOW, parallel=read_ahead if ahead else None)


def rows(store):
    return [
        (topic.slug, found.post) for topic in store.topics() for found in store.master.scan(topic.slug, 0, NOW + DAY)
    ]


def assert_true(store):
    """Both layers together, minute by minute; and the batch views alone, every whole period before the border."""
    posts = rows(store)
    truth.assert_minutes_equal_posts(store, posts)
    for topic in store.topics():
        assert topic.posts == len([1 for about, _ in posts if about == topic.slug])
        assert_batch_true(store, topic.slug, posts)


def assert_batch_true(store, topic, posts):
    until = store.batch.pointer(topic).until
    for step in (MINUTE, HOUR, DAY):
        whole = until - until % step
        inside = [(topic, post) for post in truth.of(posts, topic, 0, whole)]
        assert {period.start for period in store.batch.periods(topic, [Span(step, 0, NOW)])} == {
            post.event_time - post.event_time % step for _, post in inside
        }
        if inside:
            truth.assert_views_equal_posts(store.batch, inside, steps=(step,))


def waiting(store):
    return {(mark.topic, mark.minute) for mark in store.master.marks(99)}


def test_a_first_batch_folds_all_that_is_old_enough(store, layer, some_posts):
    keep(store, some_posts)
    newest = max(post.event_time for topic, post in some_posts if topic == "tea")
    until = (newest - CLOSING_DELAY) // HOUR * HOUR
    done = {batch.topic: batch for batch in layer.run()}
    read = len(truth.of(some_posts, "tea", 0, until))
    assert done["tea"] == TopicBatch("tea", 1, until, read)
    assert store.batch.pointer("tea") == Pointer(1, until, until)
    assert_true(store)
    assert store.speed.count("tea", [Span(MINUTE, 0, until)]) == 0


def test_the_next_batch_reads_what_is_missing_of_its_hours_and_days_and_no_more(store, layer):
    posts = [("tea", annotated(f"x:{hour}", NOON + hour * HOUR)) for hour in range(40)]
    keep(store, posts[:10], 0)
    layer.run(end=NOON + 5 * HOUR + 30 * MINUTE)
    assert_true(store)
    keep(store, posts[10:], 1)
    (second,) = layer.run(end=NOON + 8 * HOUR)
    assert (second.generation, second.posts) == (2, 3)
    assert_true(store)
    (third,) = layer.run(end=MIDNIGHT + 3 * HOUR)  # the day is whole now
    assert (third.generation, third.posts) == (3, 12 + 3)
    assert_true(store)
    (fourth,) = layer.run(end=MIDNIGHT + 3 * HOUR)
    assert fourth.posts == 0
    assert_true(store)


def test_a_border_is_never_moved_back(store, layer):
    keep(store, [("tea", annotated("x:1")), ("tea", annotated("x:2", NOON + HOUR))])
    layer.run(end=NOON + 30 * MINUTE)
    layer.run(end=NOON + 5 * MINUTE)
    layer.run()
    assert store.batch.pointer("tea").until == NOON + 30 * MINUTE


def test_a_post_from_the_future_moves_no_border_beyond_now(store, layer):
    keep(store, [("tea", annotated("x:1")), ("tea", annotated("x:2", NOW + 400 * DAY))])
    layer.run()
    assert store.batch.pointer("tea").until == (NOW - CLOSING_DELAY) // HOUR * HOUR


def test_only_the_topics_that_are_asked_for(store, layer, some_posts):
    keep(store, some_posts)
    assert [done.topic for done in layer.run(["coffee"])] == ["coffee"]
    assert set(store.batch.pointers()) == {"coffee"}
    assert_true(store)
    with pytest.raises(UnknownTopicError, match="there is no topic 'cocoa'"):
        layer.run(["cocoa"])


def test_what_is_wrong_in_the_batch_views_is_put_right_by_folding_it_again(store, layer, some_posts):
    """As after a bug: sums that are wrong, of posts that never were, and some that are lost."""
    keep(store, some_posts)
    layer.run()
    wrong = [(Span(MINUTE, NOON + 3 * HOUR, NOON + 3 * HOUR + MINUTE), fold([annotated("x:wrong")] * 3))]
    early = Span(HOUR, NOON - 5 * HOUR, NOON - 4 * HOUR)
    store.batch.write("tea", 1, [*wrong, (early, wrong[0][1]), (Span(DAY, MIDNIGHT - DAY, MIDNIGHT), Rollup())])
    layer.run()
    with pytest.raises(AssertionError):
        assert_true(store)
    layer.run(start=0)
    assert_true(store)


def test_folding_a_part_again_leaves_the_rest(store, layer, some_posts):
    keep(store, some_posts)
    layer.run()
    before = store.batch.pointer("tea")
    (done,) = layer.run(["tea"], start=NOON + 2 * HOUR, end=NOON + 3 * HOUR)
    assert (done.generation, done.until) == (2, before.until)
    assert_true(store)


# A job beside it


def during(monkeypatch, part, name, happen):
    """`happen` once, just before that method of a part is called for the first time."""
    method, once = getattr(type(part), name), [happen]

    def wrapped(self, *arguments, **options):
        if once:
            once.pop()()
        return method(self, *arguments, **options)

    monkeypatch.setattr(type(part), name, wrapped)


STEPS = ["announce", "put", "flip", "frozen", "pointer", "prune"]


@pytest.mark.parametrize("when", STEPS)
def test_posts_edits_and_deletes_that_come_meanwhile_are_counted(store, layer, some_posts, monkeypatch, when):
    keep(store, some_posts, 0)
    late = [("tea", annotated(f"x:late{hour}", NOON + hour * HOUR + 7)) for hour in range(0, 26, 5)]

    def happen():
        keep(store, late, 1)
        change(store, some_posts)
        Refolding(store, lambda: store.master.holder(NOW) is None).run()

    during(monkeypatch, store.batch, when, happen)
    layer.run()
    Refolding(store, lambda: True).run()
    assert len(rows(store)) == len(some_posts) + len(late) - 1
    assert_true(store)


def change(store, posts):
    """An edit and a delete, as the stage writes them."""
    tea = sorted((post for topic, post in posts if topic == "tea"), key=lambda post: post.event_time)
    topic, edited, deleted = "tea", tea[10], tea[20]
    store.master.mark((topic, post.event_time - post.event_time % MINUTE) for post in (edited, deleted))
    store.master.rewrite([(topic, annotated(edited.id, edited.event_time, version=1, sentiment="negative"))])
    store.master.remove([(topic, deleted.id)])


@pytest.mark.parametrize("when", STEPS)
def test_a_micro_batch_that_spans_the_flip_is_counted(store, layer, some_posts, monkeypatch, when):
    """Its posts are in the master set before that step, its deltas come after the flip."""
    keep(store, some_posts, 0)
    late = [("tea", annotated(f"x:late{hour}", NOON + hour * HOUR + 7)) for hour in range(0, 26, 5)]
    stamp = Stamp("run", 1)

    def happen():
        store.master.begin(stamp)
        store.master.write(late, stamp)

    during(monkeypatch, store.batch, when, happen)
    layer.run()
    apply_batch(store, stamp, deltas(late), STATUS)
    Refolding(store, lambda: True).run()
    assert_true(store)


def test_marks_are_settled_when_no_job_is_at_work_and_stay_while_one_is(store, layer, some_posts):
    keep(store, some_posts, 0)
    change(store, some_posts)
    layer.run()
    assert waiting(store) == set()
    assert_true(store)
    change(store, some_posts)
    store.master.begin(Stamp("run", 1))
    layer.run()
    assert len(waiting(store)) == 2


def test_minutes_after_the_border_are_left_to_the_job(store, layer):
    keep(store, [("tea", annotated("x:1")), ("tea", annotated("x:2", NOON + HOUR))])
    store.speed.heartbeat(replace(STATUS, updated_at=NOW))
    store.master.mark([("tea", NOON + HOUR)])
    layer.run(end=NOON + 30 * MINUTE)
    assert waiting(store) == {("tea", NOON + HOUR)}
    store.speed.heartbeat(replace(STATUS, updated_at=NOW - HOUR))  # without a job the batch does it
    layer.run(end=NOON + 31 * MINUTE)
    assert waiting(store) == set()


@pytest.mark.parametrize("when", STEPS)
def test_a_batch_that_was_killed_is_made_good_by_the_next(store, layer, some_posts, monkeypatch, when):
    keep(store, some_posts, 0)
    layer.run(end=NOON + 5 * HOUR)

    class KillError(Exception):
        pass

    def kill():
        raise KillError

    with monkeypatch.context() as patch:
        during(patch, store.batch, when, kill)
        with pytest.raises(KillError):
            layer.run(start=0)
    assert_true(store)
    keep(store, [("tea", annotated("x:late", NOON + 9))], 1)
    change(store, some_posts)
    BatchLayer(store, clock=lambda: NOW).run()
    assert_true(store)


def test_one_batch_at_a_time(store, layer, some_posts, monkeypatch):
    keep(store, some_posts)

    def another():
        with pytest.raises(HeldStoreError, match=r"a batch \w+ is at work in this store; wait"):
            BatchLayer(store, clock=lambda: NOW).run()

    during(monkeypatch, store.batch, "put", another)
    layer.run()
    assert store.master.holder(NOW) is None
    assert_true(store)


def test_a_batch_that_was_held_up_for_too_long_does_not_flip(store, some_posts):
    """A laptop that slept: another has taken over, and what this one folded may be old."""
    keep(store, some_posts)
    clock = [NOW]

    class Sleepy(BatchLayer):
        def _catch_up(self, *arguments):
            clock[0] += HOUR
            assert store.master.hold("another", now=clock[0], until=clock[0] + MINUTE)
            return super()._catch_up(*arguments)

    with pytest.raises(HeldStoreError, match="another is at work"):
        Sleepy(store, clock=lambda: clock[0]).run()
    assert all(pointer.generation == 0 for pointer in store.batch.pointers().values())


def test_a_batch_keeps_its_hold_however_long_a_day_takes_to_read(store, monkeypatch):
    """Who finds the hold run out takes it, or settles marks that this batch has not folded."""
    posts = [("tea", annotated(f"x:{number}", NOON + number)) for number in range(3_000)]
    keep(store, [*posts, ("tea", annotated("x:last", NOON + 2 * HOUR))])
    clock, scan, holders = [NOW], store.master.scan, []

    def slow(topic, start, end):
        for stored in scan(topic, start, end):
            clock[0] += MINUTE // 1_000
            yield stored
        holders.append(store.master.holder(clock[0]))

    monkeypatch.setattr(store.master, "scan", slow)
    BatchLayer(store, clock=lambda: clock[0]).run()
    assert holders
    assert None not in holders


def test_speed_views_that_are_lost_after_a_batch_are_folded_from_the_border(store, layer, some_posts):
    keep(store, some_posts, 0)
    layer.run()
    store.speed.clear()
    recover(store, "run", 0)
    assert_true(store)


# Annotating again


def test_posts_are_annotated_again_and_folded_by_the_next_batch(store, layer, some_posts):
    keep(store, some_posts)
    layer.run()
    status = store.status()
    assert status is not None
    assert layer.annotate_again(KnownAnnotator(), ["tea"], start=NOON, end=NOON + 5 * HOUR) > 0
    for stored in store.master.scan("tea", NOON, NOON + 5 * HOUR):
        assert stored.post.sentiment == sentiment_of(stored.post.record["text"])
    layer.run()
    Refolding(store, lambda: True).run()
    assert_true(store)


def test_posts_are_not_annotated_again_while_the_job_runs(store, some_posts):
    keep(store, some_posts)
    with pytest.raises(HeldStoreError, match="stop it, annotate again, and start it"):
        BatchLayer(store, clock=lambda: STATUS.updated_at + 1_000).annotate_again(KnownAnnotator())
