"""The reader as Spark calls it, without Spark; with it in test_job."""

import pytest
from pyspark.sql.streaming.datasource import ReadMaxRows
from queues.contract import QueueContract
from sparkstream.errors import ForeignQueueError, SettingsError
from sparkstream.queues import open_queue
from sparkstream.queues.spool import SpoolQueue, SpoolReader
from sparkstream.testing import write_spool

LINES = [b'{"id": "x:1"}', b"", b"{torn", b'{"id": 7}', b"[]", b'{"id": "x:2"}', b'{"id": "\xff"}']


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


class Place:
    prefix = "spool:"

    def __init__(self, folder):
        self.folder = folder / "spool"
        self.url = f"spool:{self.folder}"
        write_spool(folder / "other", LINES)
        self.other_url = f"spool:{folder / 'other'}"
        self.options = {}

    def write(self, lines):
        if not self.folder.exists():
            write_spool(self.folder, [])
        with max(self.folder.glob("*.jsonl")).open("ab") as file:
            file.writelines(line + b"\n" for line in lines)

    def is_told_missing(self, messages):
        return any(f"there is no spool in {self.folder} yet; start the collector" in message for message in messages)


@pytest.mark.spark
class TestSpoolQueue(QueueContract):
    @pytest.fixture
    def place(self, tmp_path):
        return Place(tmp_path)


def read(reader, start, end):
    rows = []
    for partition in reader.partitions(start, end):
        for batch in reader.read(partition):
            rows += batch.to_pylist()
    return rows


def test_a_batch_is_lines_with_their_ids_and_places(folder):
    write_spool(folder, LINES)
    reader = SpoolReader(str(folder), 100)
    start = reader.initialOffset()
    end = reader.latestOffset(start, ReadMaxRows(100))
    rows = read(reader, start, end)
    assert [(row["key"], row["value"]) for row in rows] == [
        ("x:1", LINES[0]),
        ("", LINES[2]),
        ("", LINES[3]),
        ("", LINES[4]),
        ("x:2", LINES[5]),
        ("", LINES[6]),
    ]
    assert [row["place"] for row in rows[:2]] == [f"spool:{start['spool'][:8]}:0", f"spool:{start['spool'][:8]}:15"]
    assert read(reader, start, end) == rows
    assert reader.latestOffset(end, ReadMaxRows(100)) == end
    assert reader.partitions(end, end) == []


def test_places_in_two_spools_differ(folder, tmp_path):
    places = set()
    for name in ("one", "two"):
        write_spool(tmp_path / name, [b"{torn"])
        reader = SpoolReader(str(tmp_path / name), 100)
        start = reader.initialOffset()
        places |= {row["place"] for row in read(reader, start, reader.latestOffset(start, ReadMaxRows(9)))}
    assert len(places) == 2


def test_a_spool_may_be_made_after_the_job_has_started(folder):
    reader = SpoolReader(str(folder), 100)
    start = reader.initialOffset()
    assert start == {"spool": "", "position": 0}
    assert reader.latestOffset(start, ReadMaxRows(100)) == start
    write_spool(folder, LINES, base=500)
    end = reader.latestOffset(start, ReadMaxRows(100))
    assert len(read(reader, start, end)) == 6


def test_another_spool_than_that_of_the_checkpoint_is_refused(folder):
    write_spool(folder, LINES)
    reader = SpoolReader(str(folder), 100)
    with pytest.raises(ForeignQueueError, match="not the spool that the checkpoint was made on"):
        reader.latestOffset({"spool": "0" * 32, "position": 0}, ReadMaxRows(100))


def test_reading_once_ends_where_the_spool_ended_when_it_began(folder):
    write_spool(folder, LINES)
    reader = SpoolReader(str(folder), 2)
    reader.prepareForTriggerAvailableNow()
    start = offset = reader.initialOffset()
    with max(folder.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"id": "x:late"}\n' * 10)
    offsets = []
    while (following := reader.latestOffset(offset, ReadMaxRows(2))) != offset:
        offsets.append(following)
        offset = following
    assert len(offsets) == 4
    assert len(read(reader, start, offset)) == 6


def test_what_is_done_may_be_deleted_by_the_writer(folder):
    write_spool(folder, LINES)
    reader = SpoolReader(str(folder), 100)
    reader.commit(reader.latestOffset(reader.initialOffset(), ReadMaxRows(3)))
    assert (folder / "consumed.json").read_text() == '{"position":21}'


def test_a_queue_is_chosen_by_its_url():
    queue = open_queue("spool:./data/spool")
    assert isinstance(queue, SpoolQueue)
    assert queue.folder == "./data/spool"


@pytest.mark.parametrize("url", ["", "spool:", "./data/spool", "queue://host/posts"])
def test_another_url_is_one_line_that_says_how_to_write_it(url):
    with pytest.raises(SettingsError, match="is no queue; write spool:FOLDER or kafka://HOST:PORT/TOPIC"):
        open_queue(url)
