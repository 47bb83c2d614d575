"""Both layers as one: never added, whatever the border."""

import pytest
import truth
from factories import NOON, annotated, keep
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.rollups import Rollup, fold, fold_periods
from sparkstream.stores.base import LayerTimes
from sparkstream.stores.layered import split
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, STORED_STEPS, Span, cover

BORDERS = [NOON, NOON + 1 * MINUTE, NOON + 5 * HOUR + 17 * MINUTE, NOON + 12 * HOUR, NOON + 40 * HOUR]


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def fold_until(store, posts, until, *, generation=1):
    """The batch views up to a border, of true sums; the speed views have wrong ones before it."""
    for topic in {about for about, _ in posts}:
        sums = fold_periods(post for about, post in posts if about == topic and post.event_time < until)
        store.batch.write(topic, generation, [(span, rollup) for span, rollup in sums.items() if span.end <= until])
        store.batch.flip(topic, generation, until)
        wrong = fold([annotated("x:wrong", NOON, hashtags=["wrong"])])
        store.speed.replace(topic, [(Span(MINUTE, until - MINUTE, until), wrong), (_around(until, DAY), wrong)])


def _around(until, step):
    return Span(step, (until - 1) // step * step, (until - 1) // step * step + step)


def inside(posts, topic, start, end):
    return truth.of(posts, topic, start, end)


@pytest.mark.parametrize("until", BORDERS)
def test_answers_over_the_border_are_those_of_the_posts(store, some_posts, until):
    keep(store, some_posts)
    fold_until(store, some_posts, until)
    truth.assert_minutes_equal_posts(store, some_posts)
    start, end = NOON - 3 * HOUR, NOON + 30 * HOUR + 11 * MINUTE
    spans, within = cover(start, end), inside(some_posts, "tea", start, end)
    assert store.count("tea", spans) == sum(period.posts for period in store.periods("tea", spans)) == len(within)
    for facet in truth.FACETS:
        wanted = truth.top(within, facet)
        assert store.top("tea", spans, facet, by="posts", limit=1_000) == wanted
        assert store.top("tea", spans, facet, by="posts", limit=3, offset=2) == wanted[2:5]
        names = [count.term for count in wanted[:3]]
        assert store.terms("tea", spans, facet, names) == {count.term: count for count in wanted[:3]}


@pytest.mark.parametrize("until", BORDERS)
def test_hours_and_days_at_the_border_come_in_finer_periods(store, some_posts, until):
    keep(store, some_posts)
    fold_until(store, some_posts, until)
    for step in (HOUR, DAY):
        whole = Span(step, NOON // DAY * DAY, NOON // DAY * DAY + 3 * DAY)
        by_step = {}
        for period in store.periods("tea", [whole]):
            start = period.start - period.start % step
            by_step[start] = by_step.get(start, 0) + period.posts
        assert by_step == {
            start: len(found)
            for start in range(whole.start, whole.end, step)
            if (found := inside(some_posts, "tea", start, start + step))
        }
        terms = store.term_periods("tea", [whole], "hashtag", "tea")
        wanted = truth.term_counts(inside(some_posts, "tea", whole.start, whole.end), "hashtag")["tea"]
        assert sum(count.posts for count in terms.values()) == wanted.posts


def test_hidden_terms_stay_hidden_over_the_border(store, some_posts):
    keep(store, some_posts)
    fold_until(store, some_posts, NOON + 5 * HOUR)
    spans = [Span(HOUR, NOON, NOON + 26 * HOUR)]
    found = store.top("tea", spans, "entity", by="posts", limit=2, hidden=frozenset({"ceylon", "assam"}))
    shown = truth.top(inside(some_posts, "tea", NOON, NOON + 26 * HOUR), "entity")
    assert found == [count for count in shown if count.term not in ("OTHER:Ceylon", "OTHER:Assam")][:2]


def test_a_batch_that_moves_the_border_while_it_is_read_makes_no_hole(store, some_posts, monkeypatch):
    keep(store, some_posts)
    fold_until(store, some_posts, NOON + HOUR)
    spans = [Span(MINUTE, NOON, NOON + 26 * HOUR)]
    count, moved = type(store.speed).count, []

    def move_first(speed, topic, asked):
        if not moved:
            moved.append(1)
            fold_until(store, some_posts, NOON + 9 * HOUR, generation=2)
            store.speed.drop("tea", NOON + 9 * HOUR)
        return count(speed, topic, asked)

    monkeypatch.setattr(type(store.speed), "count", move_first)
    assert store.count("tea", spans) == len(inside(some_posts, "tea", NOON, NOON + 26 * HOUR))
    assert moved


@given(
    st.integers(0, 3 * 24 * 60).map(lambda at: at * MINUTE),
    st.sampled_from(STORED_STEPS),
    st.integers(0, 2),
    st.integers(1, 2),
)
def test_a_split_covers_each_minute_once_on_its_side(until, step, first, length):
    span = Span(step, first * DAY, first * DAY + length * DAY)
    early, late = split([span], until)

    def minutes(spans):
        return [at for part in spans for at in range(part.start, part.end, MINUTE)]

    assert minutes(early) == list(range(span.start, min(max(until, span.start), span.end), MINUTE))
    assert minutes(late) == list(range(max(min(until, span.end), span.start), span.end, MINUTE))
    for part in (*early, *late):
        assert part.start % part.step == part.end % part.step == 0
        assert part.step <= step


def test_topics_are_counted_over_both_layers(store, some_posts):
    keep(store, some_posts)
    fold_until(store, some_posts, NOON + 5 * HOUR + 17 * MINUTE)
    tea = [post for topic, post in some_posts if topic == "tea"]
    last = max(tea, key=lambda post: (post.event_time, post.id))
    minute = last.event_time - last.event_time % MINUTE + MINUTE
    found = store.topic("tea")
    assert (found.posts, found.first_post, found.last_post) == (
        len(tea),
        min(post.event_time for post in tea),
        last.event_time,
    )
    assert found.last_received == last.received_at
    assert found.last_hour == len([post for post in tea if post.event_time >= minute - HOUR])
    assert [topic.slug for topic in store.topics()] == ["coffee", "tea"]


def test_the_layers_say_where_they_meet(store):
    assert store.layers() == store.layers("tea") == LayerTimes(None, None)
    keep(store, [("tea", annotated("x:1", NOON + HOUR)), ("milk", annotated("x:2", NOON))])
    assert store.layers() == LayerTimes(None, NOON + HOUR)
    store.batch.flip("tea", 1, NOON)
    assert store.layers("tea") == LayerTimes(NOON, NOON + HOUR)
    assert store.layers() == LayerTimes(None, NOON + HOUR)
    store.batch.flip("milk", 1, NOON - HOUR)
    assert store.layers() == LayerTimes(NOON - HOUR, NOON + HOUR)


def test_a_change_of_any_part_changes_the_version(store):
    versions = [store.version()]
    for change in (
        lambda: store.master.mark([("tea", NOON)]),
        lambda: store.batch.flip("tea", 1, NOON),
        lambda: store.speed.replace("tea", [(Span(MINUTE, NOON, NOON + MINUTE), Rollup())]),
    ):
        change()
        versions.append(store.version())
    assert len(set(versions)) == 4
