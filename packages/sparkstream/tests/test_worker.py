import gc
import pickle

import pyarrow as pa
import pytest
from factories import feed, lines, some_day
from pyspark import cloudpickle
from sparkstream.annotators import NotRated
from sparkstream.stage import PartitionResult
from sparkstream.stores import open_store
from sparkstream.stores.base import Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from sparkstream.worker import PartitionTask, decode, encode


def batches(values, size=50):
    read = lines(values)
    for start in range(0, len(read), size):
        some = read[start : start + size]
        yield pa.RecordBatch.from_pydict(
            {"key": [""] * len(some), "place": [line.place for line in some], "value": [line.value for line in some]}
        )


@pytest.fixture
def result(tmp_path):
    store = SqliteStore(str(tmp_path / "other.db"))
    yield feed(store, [*some_day(posts=60), b"torn"])
    store.close()


def test_what_a_partition_found_survives_the_way_to_the_driver(result):
    assert decode(encode(result)) == result
    assert decode(encode(PartitionResult())) == PartitionResult()


def test_a_partition_is_staged_whole_whatever_its_arrow_batches(tmp_path, result):
    url = f"sqlite:{tmp_path / 'views.db'}"
    task = PartitionTask(url, KnownAnnotator, Stamp("run", 0))
    (answer,) = list(task(batches([*some_day(posts=60), b"torn"], size=7)))
    (data,) = answer.column("result").to_pylist()
    assert decode(data) == result
    store = open_store(url)
    assert (store.master.distinct_posts(), store.dead_letter_count()) == (60, 1)
    store.close()


def test_a_partition_without_lines_has_no_answer(tmp_path):
    task = PartitionTask(f"sqlite:{tmp_path / 'views.db'}", NotRated, Stamp("run", 0))
    assert list(task(iter(()))) == []


def test_a_task_travels_to_a_worker(tmp_path):
    task = PartitionTask(f"sqlite:{tmp_path / 'views.db'}", KnownAnnotator, Stamp("run", 0))
    assert pickle.loads(cloudpickle.dumps(task)) == task


def test_what_a_worker_has_loaded_is_not_looked_through_for_garbage_after_every_task(tmp_path):
    task = PartitionTask(f"sqlite:{tmp_path / 'views.db'}", KnownAnnotator, Stamp("run", 0))
    list(task(batches(some_day(posts=1))))
    assert gc.get_freeze_count() > 0
