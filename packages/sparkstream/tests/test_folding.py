"""Days folded one after the other, and from the FEWth post on side by side: always the same sums."""

import gc

import pytest
from factories import NOON, annotated, keep
from sparkstream import folding
from sparkstream.folding import Day, fold_day, fold_days
from sparkstream.rollups import fold_periods
from sparkstream.stores import open_store
from sparkstream.stores.packing import pack
from sparkstream.times import DAY, HOUR, MINUTE

MIDNIGHT = NOON - 12 * HOUR


@pytest.fixture
def master(tmp_path, some_posts):
    opened = open_store(f"sqlite:{tmp_path / 'views.db'}")
    keep(opened, some_posts)
    yield opened.master
    opened.close()


def days(start=MIDNIGHT, number=3, after=0):
    return [Day("tea", day, day + DAY, after) for day in range(start, start + number * DAY, DAY)]


def test_a_day_comes_to_the_sums_of_its_minutes_hours_and_itself(master, some_posts):
    [day] = days(number=1)
    folded = fold_day(master, day)
    inside = [stored.post for stored in master.scan("tea", day.start, day.end)]
    assert folded.sums == [pack(*sums) for sums in fold_periods(inside).items()]
    assert folded.posts == len(inside) > 0


def test_what_has_been_folded_before_is_read_for_its_hour_and_day_and_not_written_again(master):
    after = NOON + 3 * HOUR + 30 * MINUTE
    folded = fold_day(master, Day("tea", MIDNIGHT, MIDNIGHT + DAY, after))
    assert {sums.period.end > after for sums in folded.sums} == {True}
    [day] = [sums for sums in folded.sums if sums.period.step == DAY]
    assert day.posts == folded.posts


def test_who_waits_is_told_now_and_then(tmp_path):
    store = open_store(f"sqlite:{tmp_path / 'many.db'}")
    keep(store, [("tea", annotated(f"x:{number}", NOON + number)) for number in range(2_500)])
    told = []
    fold_day(store.master, *days(number=1), lambda: told.append(1))
    store.close()
    assert len(told) == 2


def test_the_collector_is_afterwards_as_it_was(master):
    [day] = days(number=1)
    fold_day(master, day)
    assert gc.isenabled()
    gc.disable()
    try:
        fold_day(master, day)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_few_posts_are_folded_here_and_the_rest_side_by_side(master, monkeypatch):
    alone = list(fold_days(master, days(), lambda: None))
    assert [folded.posts > 0 for folded in alone] == [True, True, False]
    given = []

    def side_by_side(some, waiting):
        for day in some:
            given.append(day)
            yield fold_day(master, day)

    assert list(fold_days(master, days(), lambda: None, side_by_side)) == alone
    assert given == []
    monkeypatch.setattr(folding, "FEW", alone[0].posts)
    assert list(fold_days(master, days(), lambda: None, side_by_side)) == alone
    assert given == days()[1:]
