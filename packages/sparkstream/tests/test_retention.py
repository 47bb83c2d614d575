import pytest
from factories import NOON, annotated, feed, gap, keep
from sparkstream.auditing import audit
from sparkstream.batch import BatchLayer
from sparkstream.errors import HeldStoreError, SettingsError
from sparkstream.refolding import Refolding
from sparkstream.retention import Expired, Keeping, Retention
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, Span

MIDNIGHT = NOON - 12 * HOUR
NOW = NOON + 10 * DAY


@pytest.fixture
def store(tmp_path):
    """A post an hour over three days and a half, in the batch views up to the last of them."""
    opened = SqliteStore(str(tmp_path / "views.db"))
    keep(opened, [("tea", annotated(f"x:{hour}", MIDNIGHT + hour * HOUR, hashtags=["pot"])) for hour in range(84)])
    BatchLayer(opened, clock=lambda: NOW).run(end=MIDNIGHT + 3 * DAY)
    yield opened
    opened.close()


def expire(store, *, now=NOW, **keeping):
    return Retention(store, Keeping(**keeping), lambda: now).run()


def by_day(store, step):
    whole = [Span(step, MIDNIGHT, MIDNIGHT + 5 * DAY)]
    days = {}
    for period in store.periods("tea", whole):
        day = (period.start - MIDNIGHT) // DAY
        days[day] = days.get(day, 0) + period.posts
    return days


def posts(store):
    return len(list(store.master.scan("tea", 0, NOW)))


def test_by_default_nothing_goes(store):
    assert expire(store, now=NOW + 900 * DAY) == Expired((), (), 0)
    assert posts(store) == 84


def test_whole_days_of_posts_go_and_leave_their_sums(store):
    done = expire(store, posts=8 * DAY)
    assert done.posts == (("tea", MIDNIGHT), ("tea", MIDNIGHT + DAY))
    assert posts(store) == 84 - 48
    for step in (MINUTE, HOUR, DAY):
        assert by_day(store, step) == {0: 24, 1: 24, 2: 24, 3: 12}
    assert store.topic("tea").posts == 84
    assert store.topic("tea").first_post == MIDNIGHT + 2 * DAY
    assert not [hour for hour in audit(store, "tea", MIDNIGHT, NOW) if hour.differs]
    assert expire(store, posts=8 * DAY).posts == ()


def test_it_is_receipt_that_counts(store):
    """A replay of old posts is kept as long as any other."""
    late = annotated("x:late", MIDNIGHT + 5, received_at="2026-12-01T12:00:00Z")
    keep(
        store,
        [("tea", type(late)(**{**{name: getattr(late, name) for name in late.__slots__}, "received_at": NOW}))],
        1,
    )
    Refolding(store, lambda: True).run()
    assert expire(store, posts=8 * DAY).posts == (("tea", MIDNIGHT + DAY),)


def test_a_day_is_not_frozen_before_what_was_forgotten_has_gone_from_its_sums(store):
    """`forget` beside a job leaves it the folding, and may be followed by retention at once."""
    store.master.mark([("tea", MIDNIGHT)])
    store.master.remove([("tea", "x:0")])
    assert expire(store, posts=8 * DAY).posts == (("tea", MIDNIGHT + DAY),)
    Refolding(store, lambda: True).run()
    assert expire(store, posts=8 * DAY).posts == (("tea", MIDNIGHT),)
    assert by_day(store, DAY) == {0: 23, 1: 24, 2: 24, 3: 12}


def test_only_what_the_batch_views_have_goes(store):
    assert len(expire(store, now=NOW + 900 * DAY, posts=DAY).posts) == 3
    assert posts(store) == 12
    assert by_day(store, HOUR) == {0: 24, 1: 24, 2: 24, 3: 12}


@pytest.mark.parametrize("start", [None, 0, MIDNIGHT + DAY])
def test_frozen_sums_outlive_every_later_batch(store, start):
    expire(store, posts=8 * DAY)
    keep(store, [("tea", annotated("x:late", MIDNIGHT + 9))], 1)
    Refolding(store, lambda: True).run()
    BatchLayer(store, clock=lambda: NOW).run(start=start, end=MIDNIGHT + 3 * DAY + HOUR)
    assert by_day(store, DAY)[0] == by_day(store, MINUTE)[0] == 24
    assert by_day(store, HOUR)[1] == 24


def test_sums_go_after_their_posts(store):
    done = expire(store, posts=7 * DAY, views=9 * DAY)
    assert done.views == (("tea", MIDNIGHT),)
    for step in (MINUTE, HOUR, DAY):
        assert by_day(store, step) == {1: 24, 2: 24, 3: 12}
    assert expire(store, posts=7 * DAY, views=9 * DAY).views == ()


def test_gaps_live_as_long_as_the_sums_that_they_are_about(store):
    feed(store, [gap(MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR), gap(MIDNIGHT + DAY, MIDNIGHT + DAY + HOUR)], 2)
    expire(store, posts=7 * DAY)
    assert len(store.gaps("tea", 0, NOW)) == 2
    expire(store, posts=7 * DAY, views=9 * DAY)
    assert [at.start for at in store.gaps("tea", 0, NOW)] == [MIDNIGHT + DAY]


@pytest.mark.parametrize("keeping", [{"views": DAY}, {"posts": 2 * DAY, "views": DAY}])
def test_posts_are_not_kept_longer_than_their_sums(keeping):
    with pytest.raises(SettingsError, match="posts cannot be kept longer than their sums"):
        Keeping(**keeping)


def test_dead_letters_go_after_a_week(store):
    feed(store, [b"torn", b"{"], 2)
    assert expire(store, now=NOON + 7 * DAY).dead_letters == 0
    assert expire(store, now=NOON + 7 * DAY, dead_letters=None).dead_letters == 0
    assert expire(store, now=NOON + 7 * DAY + 1).dead_letters == 2
    assert store.dead_letter_count() == 0


def test_a_kill_between_the_freeze_and_the_posts_loses_no_sum(store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(store.master), "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            expire(store, posts=8 * DAY)
    assert by_day(store, MINUTE)[0] == 24
    assert len(expire(store, posts=8 * DAY).posts) == 2
    assert by_day(store, MINUTE)[0] == 24


def test_nobody_folds_meanwhile(store):
    assert store.master.hold("a batch", now=NOW, until=NOW + MINUTE)
    with pytest.raises(HeldStoreError):
        expire(store, posts=DAY)
    assert posts(store) == 84
