import asyncio
import gzip
import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.errors import SettingError, SourceError
from twitterhandler.posts import Dead, Post, TopicEvent
from twitterhandler.sources import ReplaySource
from twitterhandler.testing import FakeClock

FIRST = datetime(2020, 2, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def message(number, seconds=0.0, tags=("Storm",)):
    created_at = (FIRST + timedelta(seconds=seconds)).isoformat()
    data = {"id": str(number), "text": f"post {number}", "created_at": created_at, "author_id": "1"}
    return json.dumps({"data": data, "matching_rules": [{"tag": tag} for tag in tags]}).encode()


def records(path, clock=None, **options):
    async def collect():
        return [record async for record in ReplaySource(path, clock=clock or FakeClock(NOW), **options).records()]

    return asyncio.run(collect())


def posts(found):
    return [record for record in found if isinstance(record, Post)]


@pytest.fixture
def lines(tmp_path):
    def write(*lines, name="posts.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    return write


def test_tags_are_announced_before_their_first_post(lines):
    found = records(lines(message(1), message(2, tags=("Storm", "US Airways")), message(3)))
    told = [(record.id, record.query) if isinstance(record, TopicEvent) else record.id for record in found]
    assert told == [("storm", None), "x:1", ("us-airways", None), "x:2", "x:3"]
    assert [post.topics for post in posts(found)] == [("storm",), ("storm", "us-airways"), ("storm",)]


def test_a_bad_line_is_a_dead_record_and_the_good_ones_around_it_survive(lines):
    torn = message(2)[:40]
    found = records(lines(message(1), torn, b"\xff\xfe", b"", b"\r", b'{"errors": []}', message(3)))
    dead = [record for record in found if isinstance(record, Dead)]
    assert [post.id for post in posts(found)] == ["x:1", "x:3"]
    assert [record.raw for record in dead] == [torn.decode(), "\N{REPLACEMENT CHARACTER}" * 2, '{"errors": []}']
    assert all(record.reason for record in dead)


def test_a_line_of_megabytes_is_one_dead_record(lines):
    found = records(lines(message(1), b"x" * 5_000_000, message(2)))
    assert [type(record) for record in found] == [TopicEvent, Post, Dead, Post]
    assert "longer than" in found[2].reason


def test_a_packed_file_is_read_by_its_content_and_a_last_line_needs_no_newline(lines, tmp_path):
    plain = lines(message(1), message(2))
    packed = tmp_path / "posts.any"
    packed.write_bytes(gzip.compress(plain.read_bytes().rstrip()))
    assert [post.id for post in posts(records(packed))] == ["x:1", "x:2"]
    assert records(packed) == records(plain)


def test_times_stay_and_posts_are_due_by_the_speed(lines):
    path = lines(message(1), message(2, 60), message(3, 30), message(4, 120))
    found = posts(records(path, speed=60))
    assert [post.created_at - FIRST for post in found] == [timedelta(seconds=s) for s in (0, 60, 30, 120)]
    assert [post.received_at - NOW for post in found] == [timedelta(seconds=s) for s in (0, 1, 1, 2)]
    assert {post.received_at for post in posts(records(path, speed=math.inf))} == {NOW}


def test_retimed_posts_get_the_time_at_which_they_are_due(lines):
    found = posts(records(lines(message(1), message(2, 60), message(3, 30)), speed=2, retime=True))
    assert [post.created_at - NOW for post in found] == [timedelta(seconds=s) for s in (0, 30, 15)]


def test_what_cannot_be_replayed_says_so(lines, tmp_path):
    path = lines(message(1))
    with pytest.raises(SourceError, match="no file"):
        ReplaySource(tmp_path / "nope")
    with pytest.raises(SettingError, match="never ends"):
        ReplaySource(path, speed=0)
    with pytest.raises(SettingError, match="--retime"):
        ReplaySource(path, retime=True)


def test_a_torn_packed_file_gives_what_it_has_and_then_an_error(tmp_path):
    path = tmp_path / "torn.gz"
    packed = gzip.compress(b"\n".join(message(number) for number in range(20_000)))
    path.write_bytes(packed[: len(packed) // 2])
    heard = []

    async def collect():
        async for record in ReplaySource(path, clock=FakeClock(NOW)).records():
            heard.extend([record])

    with pytest.raises(SourceError, match=r"torn\.gz"):
        asyncio.run(collect())
    assert posts(heard)
