"""What twitterhandler writes is what sparkstream reads: docs/contracts/queue.md, both sides of it."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from sparkstream import schema
from sparkstream.queues.spool_log import SpoolLog
from twitterhandler import posts
from twitterhandler.sinks import SpoolSink
from twitterhandler.testing import SimulatedDay, simulated_day

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "queue.md"
SAME = {
    "post": schema.Post,
    "edit": schema.Post,
    "delete": schema.Delete,
    "topic": schema.TopicEvent,
    "gap": schema.Gap,
    "dead": schema.DeadLetter,
}


def examples() -> list[dict[str, object]]:
    [block] = re.findall(r"```json\n(.*?)```", CONTRACT.read_text(encoding="utf-8"), flags=re.DOTALL)
    decoder, found, rest = json.JSONDecoder(), [], block.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def read(line: bytes) -> schema.Record:
    return schema.parse(line, place="spool:0", now=0)


@pytest.fixture(scope="module")
def day() -> SimulatedDay:
    return simulated_day(posts=2_000)


def test_the_contract_shows_every_record() -> None:
    assert [example["event"] for example in examples()] == list(SAME)


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example["event"]))
class TestExample:
    def test_the_writer_writes_it_as_it_stands(self, example: dict[str, object]) -> None:
        assert json.loads(posts.encode(posts.decode(json.dumps(example).encode()))) == example

    def test_the_reader_reads_it(self, example: dict[str, object]) -> None:
        found = read(json.dumps(example).encode())
        assert type(found) is SAME[str(example["event"])]
        if isinstance(found, schema.DeadLetter):
            assert (found.id, found.reason) == (example["id"], example["reason"])  # itself, not one of our own making

    def test_another_schema_is_a_dead_letter(self, example: dict[str, object]) -> None:
        found = read(json.dumps(example | {"schema": 99}).encode())
        assert isinstance(found, schema.DeadLetter)
        assert "99" in found.reason


def test_both_sides_agree_on_the_closed_sets() -> None:
    assert posts.SCHEMA == schema.SCHEMA
    assert posts.RAW_LIMIT == schema.MAX_RAW


@pytest.mark.parametrize("tag", ["airline:US Airways", "topic:world-cup", "Straße_№ 5", "東京 マラソン", "ﬁnal"])
def test_the_reader_takes_every_slug_of_the_writer(tag: str) -> None:
    [started] = [example for example in examples() if example["event"] == "topic"]
    example = started | {"id": posts.slug(tag)}
    found = read(json.dumps(example).encode())
    assert isinstance(found, schema.TopicEvent)
    assert found.slug == posts.slug(tag)


def test_every_line_of_a_simulated_day_is_read_and_says_the_same(day: SimulatedDay) -> None:
    heard = {post.id: post for post in day.posts}
    records = [read(line) for line in day.lines]
    assert not [record for record in records if isinstance(record, schema.DeadLetter)]
    for record in (record for record in records if isinstance(record, schema.Post)):
        post = heard[record.id]
        assert (record.text, record.topics, record.lang) == (post.text, post.topics, post.lang)
        assert record.event_time == round(post.created_at.timestamp() * 1_000)


def test_the_spool_is_read_where_it_was_written_over_segments_deletion_and_a_torn_line(
    day: SimulatedDay, tmp_path: Path
) -> None:
    half = len(day.lines) // 2
    log = SpoolLog(tmp_path)

    async def write(lines: list[bytes]) -> int:
        async with SpoolSink(tmp_path, segment_bytes=100_000, max_bytes=100_000_000) as sink:
            for line in lines:
                await sink.put(posts.decode(line))
        return sink.position

    middle = asyncio.run(write(list(day.lines[:half])))
    assert [line for _, line in log.lines(0, log.end())] == list(day.lines[:half])
    spool = log.identity()

    log.mark_consumed(middle)
    newest = max(tmp_path.glob("0*.jsonl"))
    with newest.open("ab") as file:
        file.write(b'{"schema": 1, "event": "po')
    assert log.end() == middle  # no reader passes the last newline

    end = asyncio.run(write(list(day.lines[half:])))
    assert log.first() > 0  # what was consumed is gone
    assert log.end() == end
    assert [line for _, line in log.lines(middle, end)] == list(day.lines[half:])
    assert log.identity() == spool
