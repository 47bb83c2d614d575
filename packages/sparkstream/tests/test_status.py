from dataclasses import replace

import pytest
from factories import NOON, STATUS, feed, record
from sparkstream import __version__
from sparkstream.status import whole_status
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import format_time
from sparkstream.views import Views


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def status(store, now=NOON):
    return whole_status(Views(store, clock=lambda: now))


def test_before_the_first_batch_there_is_no_job(store):
    assert status(store) == {
        "job": {
            "state": "none",
            "run": None,
            "batch": None,
            "updated_at": None,
            "rate": 0.0,
            "lag_seconds": None,
            "dead_letters": 0,
        },
        "layers": {"batch_until": None, "speed_until": None, "down": []},
        "versions": {"sparkstream": __version__, "models": {}},
    }


def test_a_job_runs_while_it_reports(store):
    feed(store, [record(), b"torn"])
    assert status(store, NOON + 15_000) == {
        "job": {
            "state": "running",
            "run": "run",
            "batch": 0,
            "updated_at": format_time(NOON),
            "rate": 1.5,
            "lag_seconds": 1.2,
            "dead_letters": 1,
        },
        "layers": {"batch_until": None, "speed_until": format_time(NOON), "down": []},
        "versions": {"sparkstream": __version__, "models": {"sentiment": "known"}},
    }


def test_a_job_that_is_silent_has_stopped_and_its_rate_is_none(store):
    feed(store, [record()])
    job = status(store, NOON + 15_001)["job"]
    assert (job["state"], job["rate"], job["batch"]) == ("stopped", 0.0, 0)


def test_the_lag_is_unknown_before_the_first_post(store):
    store.speed.heartbeat(replace(STATUS, lag=None))
    assert status(store)["job"]["lag_seconds"] is None
