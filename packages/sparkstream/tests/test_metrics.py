from dataclasses import replace

import pytest
from factories import NOON, STATUS, feed, keep, record
from prometheus_client.parser import text_string_to_metric_families
from sparkstream.metrics import exposition
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.views import Views


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def measured(store, now=NOON):
    text = exposition(Views(store, clock=lambda: now), listeners=3).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_store_without_a_job_has_metrics_too(store):
    found = measured(store)
    assert found["sparkstream_job_up",] == 0
    assert found["sparkstream_batch",] == -1
    assert found["sparkstream_live_listeners",] == 3


def test_what_the_job_says_is_measured(store):
    feed(store, [record("x:1", topics=["tea", 'a"b']), record("x:2"), b"torn"], 4)
    store.speed.heartbeat(replace(STATUS, batch=4))
    found = measured(store)
    assert found["sparkstream_job_up",] == 1
    assert found["sparkstream_batch",] == 4
    assert found["sparkstream_posts_per_second",] == 1.5
    assert found["sparkstream_lag_seconds",] == 1.2
    assert found["sparkstream_dead_letters",] == 1
    assert found["sparkstream_topic_posts", "tea"] == 2
    assert found["sparkstream_topic_posts", 'a"b'] == 1


def test_a_silent_job_is_down(store):
    keep(store, [])
    assert measured(store, NOON + 15_001)["sparkstream_job_up",] == 0
