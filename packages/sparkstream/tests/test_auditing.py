import pytest
from factories import NOON, annotated, keep
from sparkstream.auditing import audit
from sparkstream.batch import BatchLayer
from sparkstream.refolding import Refolding
from sparkstream.rollups import Rollup, fold
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, Span

NOW = NOON + 3 * DAY
BORDER = NOON + 9 * HOUR


@pytest.fixture
def store(tmp_path, some_posts):
    opened = SqliteStore(str(tmp_path / "views.db"))
    keep(opened, some_posts)
    yield opened
    opened.close()


def hours(store, topic="tea"):
    return list(audit(store, topic, NOON - HOUR, NOON + 30 * HOUR))


def differing(store):
    return {(hour.start, name) for hour in hours(store) for name in hour.differs}


@pytest.mark.parametrize("until", [None, BORDER, BORDER + 20 * MINUTE])
def test_whole_layers_show_no_difference(store, some_posts, until):
    if until:
        BatchLayer(store, clock=lambda: NOW).run(end=until)
    found = hours(store)
    assert sum(hour.master for hour in found) == [topic for topic, _ in some_posts].count("tea")
    assert differing(store) == set()
    for hour in found:
        assert (hour.batch or 0) + (hour.speed or 0) == hour.master
        assert (hour.batch is None) == (until is None or hour.start >= until)
        assert (hour.speed is None) == (until is not None and hour.start + HOUR <= until)


def test_of_years_only_the_hours_are_read_that_have_posts_or_sums(store, monkeypatch):
    scan, read = store.master.scan, []
    monkeypatch.setattr(store.master, "scan", lambda *span: read.append(span) or scan(*span))
    keep(store, [("tea", annotated("x:later", NOON + 400 * DAY))], 1)
    gone = NOON + 200 * DAY
    store.speed.replace("tea", [(Span(MINUTE, gone, gone + MINUTE), fold([annotated("x:gone", gone)]))])
    found = list(audit(store, "tea", NOON - 400 * DAY, NOON + 800 * DAY))
    assert found[-1].start == NOON + 400 * DAY
    assert [hour.start for hour in found if hour.differs] == [gone]
    assert {start for _, start, _ in read} == {hour.start for hour in found}


def test_a_lost_post_an_extra_one_and_a_label_are_named(store):
    minute = Span(MINUTE, NOON, NOON + MINUTE)
    store.speed.replace("tea", [(minute, fold([annotated(f"x:wrong{number}") for number in range(5)]))])
    assert (NOON, "posts") in differing(store)
    Refolding(store, lambda: True).run()
    store.master.mark([("tea", NOON)])
    Refolding(store, lambda: True).run()
    assert differing(store) == set()

    (stored, *_) = store.master.scan("tea", NOON + HOUR, NOON + 2 * HOUR)
    other = "negative" if stored.post.sentiment != "negative" else "positive"
    changed = annotated(stored.post.id, stored.post.event_time, version=1, sentiment=other)
    store.master.rewrite([("tea", changed)])
    assert {(NOON + HOUR, "sentiment"), (NOON + HOUR, "word")} <= differing(store)


def test_the_batch_views_are_audited_where_they_are_read(store):
    BatchLayer(store, clock=lambda: NOW).run(end=BORDER)
    store.batch.write("tea", 1, [(Span(HOUR, NOON + HOUR, NOON + 2 * HOUR), Rollup())])
    names = {name for start, name in differing(store)}
    assert {start for start, _ in differing(store)} == {NOON + HOUR}
    assert {"posts", "sentiment", "authors", "messages", "word"} <= names


def test_hours_whose_tops_were_cut_are_no_difference(store):
    for number in range(3):
        tags = [f"t{tag:04d}" for tag in range(number, 1_100)]
        keep(store, [("tea", annotated(f"x:{number}", NOON + number * MINUTE, hashtags=tags))], number + 1)
    keep(store, [("tea", annotated("x:end", NOON + 29 * HOUR))], 9)
    assert {name for _, name in differing(store)} == {"hashtag"}  # posts came after the cut, and are folded first
    Refolding(store, lambda: True).run()
    assert differing(store) == set()
    BatchLayer(store, clock=lambda: NOW).run(end=NOON + MINUTE)
    assert differing(store) == set()


def test_a_frozen_hour_has_no_posts_to_be_held_against(store):
    BatchLayer(store, clock=lambda: NOW).run(end=NOON + 12 * HOUR)
    store.batch.freeze("tea", [NOON - 12 * HOUR])
    store.master.remove([("tea", stored.post.id) for stored in store.master.scan("tea", 0, NOON + 12 * HOUR)])
    frozen = [hour for hour in hours(store) if hour.frozen]
    assert {hour.start for hour in frozen} == set(range(NOON, NOON + 12 * HOUR, HOUR))
    assert all(hour.master == 0 and hour.batch for hour in frozen)
    assert differing(store) == set()


def test_what_a_micro_batch_is_writing_is_said_to_move(store):
    stamp = Stamp("run", 1)
    store.master.begin(stamp)
    store.master.write([("tea", annotated("x:new", NOON + 5))], stamp)
    (hour,) = [hour for hour in hours(store) if hour.differs]
    assert (hour.start, hour.moving) == (NOON, True)
