import asyncio
import json
import os
import resource
import signal
import subprocess
import sys

import pytest
from sinks.contract import SinkContract
from twitterhandler.errors import SettingError, SinkCorruptError, SinkError, SinkLockedError
from twitterhandler.posts import encode
from twitterhandler.sinks import SpoolSink
from twitterhandler.testing import FakeClock


def segments(folder):
    return sorted(folder.glob("*.jsonl"))


def log_of(folder):
    return b"".join(path.read_bytes() for path in segments(folder))


def ids(folder):
    return [json.loads(line)["id"] for line in log_of(folder).splitlines()]


def consumed(folder, position):
    (folder / "consumed.json").write_text(json.dumps({"position": position}))


async def write(folder, posts, **options):
    async with SpoolSink(folder, **options) as sink:
        for post in posts:
            await sink.put(post)


@pytest.fixture
def posts(post):
    return [post(id=f"x:{number:04d}") for number in range(300)]


SMALL = {"segment_bytes": 10_000, "max_bytes": 1_000_000}
NARROW = {"segment_bytes": 10_000, "max_bytes": 50_000}


class Place:
    def __init__(self, folder):
        self.folder = folder

    def open(self):
        return SpoolSink(self.folder)

    def lines(self):
        return log_of(self.folder).splitlines()


class TestSpool(SinkContract):
    @pytest.fixture
    def place(self, tmp_path):
        return Place(tmp_path / "spool")


def test_records_are_whole_lines_in_their_order(tmp_path, posts):
    asyncio.run(write(tmp_path / "spool", posts))
    assert log_of(tmp_path / "spool") == b"".join(encode(post) + b"\n" for post in posts)
    about = json.loads((tmp_path / "spool" / "spool.json").read_text())
    assert about["format"] == 1
    assert len(bytes.fromhex(about["spool"])) == 16


def test_it_goes_on_where_it_was_left_and_stays_the_same_spool(tmp_path, posts):
    asyncio.run(write(tmp_path, posts[:100]))
    about = (tmp_path / "spool.json").read_text()
    asyncio.run(write(tmp_path, posts[100:]))
    assert ids(tmp_path) == [post.id for post in posts]
    assert (tmp_path / "spool.json").read_text() == about


def test_segments_follow_each_other_without_a_hole(tmp_path, posts):
    async def flushing():
        async with SpoolSink(tmp_path, **SMALL) as sink:
            for post in posts:
                await sink.put(post)
                await sink.flush()
            return sink.position

    position = asyncio.run(flushing())
    bases = [int(path.stem) for path in segments(tmp_path)]
    sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert len(bases) > 5
    assert bases == [sum(sizes[:index]) for index in range(len(sizes))]
    assert position == sum(sizes)
    assert all(len(path.stem) == 20 for path in segments(tmp_path))
    assert all(10_000 <= size < 11_000 for size in sizes[:-1])
    assert ids(tmp_path) == [post.id for post in posts]


@pytest.mark.parametrize("torn", [b'{"half', b"x" * 200_000, b""])
def test_a_torn_last_line_is_cut_and_its_position_taken_again(tmp_path, posts, torn):
    asyncio.run(write(tmp_path, posts[:10]))
    with segments(tmp_path)[-1].open("ab") as segment:
        segment.write(torn)
    asyncio.run(write(tmp_path, posts[10:20]))
    assert ids(tmp_path) == [post.id for post in posts[:20]]


def test_a_torn_first_line_is_cut_whole(tmp_path, posts):
    asyncio.run(write(tmp_path, []))
    segments(tmp_path)[0].write_bytes(b'{"half')
    asyncio.run(write(tmp_path, posts[:1]))
    assert ids(tmp_path) == [posts[0].id]


def test_lines_reach_the_file_without_a_flush(tmp_path, post, eventually):
    async def wait_for_line():
        async with SpoolSink(tmp_path) as sink:
            await sink.put(post())
            assert log_of(tmp_path) == b""
            async with asyncio.timeout(10):
                while not log_of(tmp_path):
                    await asyncio.sleep(0.01)

    asyncio.run(wait_for_line())


def test_a_thousand_records_are_handed_over_at_once(tmp_path, post):
    async def count():
        async with SpoolSink(tmp_path) as sink:
            for number in range(999):
                await sink.put(post(id=f"x:{number}"))
            before = sink.position
            await sink.put(post(id="x:999"))
            return before, sink.position

    before, after = asyncio.run(count())
    assert before == 0
    assert after == (tmp_path / f"{0:020d}.jsonl").stat().st_size > 0


def test_what_was_consumed_is_deleted_but_never_the_last_segment(tmp_path, posts):
    async def flushing():
        async with SpoolSink(tmp_path, **SMALL) as sink:
            for post in posts:
                await sink.put(post)
                await sink.flush()
            return sink.position

    position = asyncio.run(flushing())
    bases = [int(path.stem) for path in segments(tmp_path)]
    consumed(tmp_path, bases[2] + 1)
    asyncio.run(write(tmp_path, [], **SMALL))
    assert [int(path.stem) for path in segments(tmp_path)] == bases[2:]
    consumed(tmp_path, position)
    asyncio.run(write(tmp_path, posts[:1], **SMALL))
    assert [int(path.stem) for path in segments(tmp_path)] == bases[-1:]


def test_at_the_bound_it_waits_for_its_reader(tmp_path, posts):
    class Reader(FakeClock):
        """Marks a segment as consumed whenever the writer waits."""

        waits = 0

        async def sleep(self, seconds):
            await super().sleep(seconds)
            self.waits += 1
            kept = sum(path.stat().st_size for path in segments(tmp_path))
            assert kept <= NARROW["max_bytes"]
            oldest, following = segments(tmp_path)[:2]
            assert oldest
            seen.update(json.loads(line)["id"] for line in oldest.read_bytes().splitlines())
            consumed(tmp_path, int(following.stem))

    seen: set[str] = set()
    reader = Reader()

    async def flushing():
        async with SpoolSink(tmp_path, clock=reader, **NARROW) as sink:
            for post in posts * 2:
                await sink.put(post)
                if post.id.endswith("0"):
                    await sink.flush()

    asyncio.run(flushing())
    assert reader.waits > 3
    assert seen | set(ids(tmp_path)) == {post.id for post in posts}


def test_a_second_writer_is_refused(tmp_path, post):
    async def two():
        async with SpoolSink(tmp_path):
            with pytest.raises(SinkLockedError, match="a writer already"):
                SpoolSink(tmp_path)
        async with SpoolSink(tmp_path) as sink:
            await sink.put(post())

    asyncio.run(two())


def test_a_damaged_folder_is_refused(tmp_path, posts):
    def opens():
        with pytest.raises(SinkCorruptError) as caught:
            asyncio.run(write(tmp_path, []))
        return str(caught.value)

    asyncio.run(write(tmp_path, posts[:3]))
    size = segments(tmp_path)[0].stat().st_size
    (tmp_path / f"{size + 1:020d}.jsonl").touch()
    assert "hole" in opens()
    (tmp_path / f"{size + 1:020d}.jsonl").unlink()
    (tmp_path / "consumed.json").write_text("[]")
    assert "consumed.json" in opens()
    (tmp_path / "consumed.json").unlink()
    (tmp_path / "spool.json").write_text('{"spool": "0", "format": 2}')
    assert "format 2" in opens()
    (tmp_path / "spool.json").write_text("{")
    assert "cannot be read" in opens()
    (tmp_path / "spool.json").unlink()
    assert "no spool.json" in opens()


def test_at_the_bound_with_all_of_it_read_it_goes_on_and_says_meanwhile_what_it_waits_for(tmp_path, posts):
    """All in one segment, which is the last one: nobody deletes that."""
    clock = FakeClock()

    async def fill():
        async with SpoolSink(tmp_path, **NARROW, clock=clock) as sink:
            for post in posts[:120]:
                await sink.put(post)
            assert len(segments(tmp_path)) <= 2
            filling = asyncio.create_task(sink.put(posts[120]))
            for post in posts[121:]:
                if filling.done():
                    filling = asyncio.create_task(sink.put(post))
                await asyncio.sleep(0)
            said = sink.waiting
            consumed(tmp_path, sink.position)
            async with asyncio.timeout(10):
                await filling
            return said, sink.waiting

    said, after = asyncio.run(fill())
    assert "is full" in said
    assert after is None


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="cannot write the spool"):
        SpoolSink(tmp_path / "file")
    with pytest.raises(SettingError, match="no two segments"):
        SpoolSink(tmp_path / "spool", max_bytes=1)


def test_a_full_disk_is_an_error_and_nothing_is_lost_once_there_is_room(tmp_path, posts):
    async def fill():
        async with SpoolSink(tmp_path) as sink:
            await sink.put(posts[0])
            await sink.flush()
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (sink.position + 100, limits[1]))
            try:
                await sink.put(posts[1])
                with pytest.raises(SinkError, match="cannot write the spool"):
                    await sink.flush()
                assert ids(tmp_path) == [posts[0].id]
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
                signal.signal(signal.SIGXFSZ, before)
            await sink.put(posts[2])

    asyncio.run(fill())
    assert ids(tmp_path) == [post.id for post in posts[:3]]


def test_closing_twice_does_nothing(tmp_path, post):
    async def twice():
        sink = SpoolSink(tmp_path)
        await sink.put(post())
        await sink.close()
        await sink.close()

    asyncio.run(twice())
    assert ids(tmp_path) == ["x:1"]


WRITER = """
import asyncio, itertools, pathlib, sys
from twitterhandler.posts import TopicEvent
from twitterhandler.sinks import SpoolSink
from twitterhandler.clock import SystemClock

async def main():
    sink = SpoolSink(pathlib.Path(sys.argv[1]), segment_bytes=200_000)
    for number in itertools.count(int(sys.argv[2])):
        await sink.put(TopicEvent(str(number), "q" * (number % 700), "started", SystemClock().now()))

asyncio.run(main())
"""


def test_kill_9_in_mid_stream_leaves_whole_lines_in_order(tmp_path, eventually):
    following = 0
    for _ in range(4):
        before = len(log_of(tmp_path))
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(following)])
        try:
            eventually(lambda size=before: len(log_of(tmp_path)) > size + 500_000)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        whole = log_of(tmp_path).rpartition(b"\n")[0]
        numbers = [int(json.loads(line)["id"]) for line in whole.splitlines()]
        assert numbers == list(range(len(numbers)))
        following = len(numbers)
    asyncio.run(write(tmp_path, []))
    assert len(ids(tmp_path)) == following
