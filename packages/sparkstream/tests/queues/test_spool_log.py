import json

import pytest
from sparkstream.errors import QueueError
from sparkstream.queues.spool_log import MAX_BATCH_BYTES, SpoolLog
from sparkstream.testing import write_spool

LINES = [f'{{"id": "x:{number}"}}'.encode() for number in range(100)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def spool(folder, lines=LINES, **options):
    write_spool(folder, lines, **options)
    return SpoolLog(folder)


def last_segment(folder):
    return max(folder.glob("*.jsonl"))


def append(folder, data):
    with last_segment(folder).open("ab") as file:
        file.write(data)


def read(log, start=None, end=None):
    return [line for _, line in log.lines(log.first() if start is None else start, log.end() if end is None else end)]


def test_a_spool_that_nobody_has_made_yet_is_empty(folder):
    log = SpoolLog(folder)
    assert log.identity() is None
    assert (log.first(), log.end(), log.consumed()) == (0, 0, 0)
    assert read(log) == []


def test_a_spool_has_the_identity_that_its_writer_gave_it(folder):
    log = spool(folder)
    assert log.identity() == json.loads((folder / "spool.json").read_text())["spool"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"spool": 7, "format": 1}', '{"spool": "a", "format": 2}'])
def test_a_spool_of_another_format_is_refused(folder, content):
    log = spool(folder)
    (folder / "spool.json").write_text(content)
    with pytest.raises(QueueError, match=r"format 1|cannot be read"):
        log.identity()


@pytest.mark.parametrize("segment_bytes", [1, 100, 500, 1 << 20])
@pytest.mark.parametrize("base", [0, 123_456])
def test_lines_come_in_order_whatever_the_segments(folder, segment_bytes, base):
    log = spool(folder, segment_bytes=segment_bytes, base=base)
    assert log.first() == base
    assert log.end() == base + sum(len(line) + 1 for line in LINES)
    assert read(log) == LINES


def test_a_line_is_where_its_first_byte_is(folder):
    log = spool(folder, segment_bytes=64)
    positions = dict(log.lines(0, log.end()))
    for position, line in positions.items():
        assert read(log, position, position + len(line) + 1) == [line]


def test_a_batch_has_at_most_so_many_lines(folder):
    log = spool(folder, segment_bytes=300)
    start, seen = log.first(), []
    while (end := log.end_of_batch(start, 30)) > start:
        seen.append(read(log, start, end))
        start = end
    assert [len(batch) for batch in seen] == [30, 30, 30, 10]
    assert [line for batch in seen for line in batch] == LINES


@pytest.mark.parametrize("cut", [1, 5, 10])
def test_a_torn_tail_is_not_read_until_it_is_whole(folder, cut):
    log, torn = spool(folder), b'{"id": "x:torn"}\n'
    end = log.end()
    append(folder, torn[:-cut])
    assert log.end() == log.end_of_batch(end, 5) == end
    assert read(log, 0) == LINES
    append(folder, torn[-cut:])
    assert read(log, end) == [torn[:-1]]


def test_a_line_over_many_reads_is_one_line(folder):
    long = b"x" * (3 << 20)
    log = spool(folder, [b"a", long, b"b"], segment_bytes=1 << 20)
    assert read(log) == [b"a", long, b"b"]
    assert read(log, 2, log.end_of_batch(2, 1)) == [long]


def test_a_batch_has_at_most_so_many_bytes_and_a_line_longer_than_that_is_alone(folder):
    half, whole = b"h" * (MAX_BATCH_BYTES // 2), b"w" * (MAX_BATCH_BYTES + 5)
    log = spool(folder, [half, half, half, whole, b"end"])
    start, sizes = 0, []
    while (end := log.end_of_batch(start, 1_000)) > start:
        sizes.append(len(read(log, start, end)))
        start = end
    assert sum(sizes) == 5
    assert max(sizes) <= 3
    assert all(size == 1 for size in sizes[1:3])


def test_empty_lines_and_carriage_returns_are_lines_too(folder):
    log = spool(folder, [b"", b"a\r", b"", b"\r"])
    assert read(log) == [b"", b"a\r", b"", b"\r"]


def test_segments_below_the_mark_may_go_while_we_read(folder):
    log = spool(folder, segment_bytes=200)
    middle = log.end_of_batch(0, 50)
    log.mark_consumed(middle)
    gone = 0
    for segment in sorted(folder.glob("*.jsonl")):
        if int(segment.stem) + segment.stat().st_size <= middle:
            segment.unlink()
            gone += 1
    assert gone
    assert log.first() <= middle
    assert read(log, middle) == LINES[50:]


def test_lines_that_are_gone_before_they_were_read_are_no_silent_gap(folder):
    log = spool(folder, segment_bytes=200)
    min(folder.glob("*.jsonl")).unlink()
    with pytest.raises(QueueError, match="are gone, the job is at 0; start it with a new checkpoint"):
        log.end_of_batch(0, 10)


def test_a_mark_is_the_last_one_and_whole(folder):
    log = spool(folder)
    for position in (10, 1 << 40):
        log.mark_consumed(position)
        assert log.consumed() == position
    assert json.loads((folder / "consumed.json").read_text()) == {"position": 1 << 40}
    assert [path.name for path in folder.glob("consumed*")] == ["consumed.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"position": "far"}'])
def test_a_broken_mark_says_what_to_do(folder, content):
    log = spool(folder)
    (folder / "consumed.json").write_text(content)
    with pytest.raises(QueueError, match="delete it to read from the oldest line"):
        log.consumed()


def test_an_empty_spool_goes_on_where_its_mark_is(folder):
    log = spool(folder)
    log.mark_consumed(777)
    for segment in folder.glob("*.jsonl"):
        segment.unlink()
    assert log.first() == log.end() == 777


def test_other_files_in_the_folder_are_none_of_ours(folder):
    log = spool(folder)
    for name in ("notes.jsonl", "00000000000000000000.jsonl.tmp", "1.jsonl"):
        (folder / name).write_text("no post\n")
    assert read(log) == LINES
