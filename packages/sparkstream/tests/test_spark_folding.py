"""Days folded by Spark's workers: the same sums to the byte, in the order of the days, whatever the size of a round."""

import pytest
from factories import NOON, keep
from sparkstream import spark_folding
from sparkstream.errors import JobError
from sparkstream.folding import Day, fold_day
from sparkstream.session import start_session
from sparkstream.spark_folding import SparkFolding
from sparkstream.stores import open_store
from sparkstream.times import DAY, HOUR

pytestmark = pytest.mark.spark

MIDNIGHT = NOON - 12 * HOUR
DAYS = [Day(topic, MIDNIGHT + n * DAY, MIDNIGHT + (n + 1) * DAY, 0) for topic in ("tea", "coffee") for n in range(12)]


def session():
    return start_session("local[2]")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:{tmp_path / 'views.db'}"


def test_workers_fold_as_it_is_done_here(url, some_posts, monkeypatch):
    store, waited = open_store(url), []
    keep(store, some_posts)
    monkeypatch.setattr(spark_folding, "_FIRST", 2)
    monkeypatch.setattr(spark_folding, "_WAITED", 0.001)
    folded = list(SparkFolding(session, url)(DAYS, lambda: waited.append(1)))
    assert folded == [fold_day(store.master, day) for day in DAYS]
    assert sum(day.posts for day in folded) == len(some_posts)
    assert waited
    store.close()


def test_days_are_asked_for_some_rounds_ahead_and_no_further(url, monkeypatch):
    open_store(url).close()
    monkeypatch.setattr(spark_folding, "_next", lambda *_: 2)
    monkeypatch.setattr(spark_folding, "_FIRST", 2)
    asked = []
    found = SparkFolding(session, url)((day for day in DAYS if not asked.append(day)), lambda: None)
    next(found)
    assert len(asked) == 4
    found.close()


def test_an_error_in_a_worker_is_one_line_of_ours(tmp_path):
    (tmp_path / "views.db").write_text("no database at all " * 100)
    with pytest.raises(JobError, match=r"views\.db is no database that can be read"):
        list(SparkFolding(session, f"sqlite:{tmp_path / 'views.db'}")(DAYS, lambda: None))


def test_rounds_grow_with_small_days_and_shrink_with_large_ones():
    assert spark_folding._next(8, 8, 80) == 32
    assert spark_folding._next(8, 8, 0) == 32
    assert spark_folding._next(8, 8, 8 * 5_000) == 4
    assert spark_folding._next(8, 8, 8 * 50_000) == 1
