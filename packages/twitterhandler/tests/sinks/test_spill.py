import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from sinks.contract import SinkContract
from twitterhandler.errors import InternalError, SinkError, SinkRefusedError
from twitterhandler.posts import encode
from twitterhandler.sinks import SpillSink
from twitterhandler.testing import FakeClock, FakeQueue

SMALL = {"segment_bytes": 10_000, "max_bytes": 40_000}


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.queue = FakeQueue()

    def open(self, **options):
        return SpillSink(self.queue, self.folder, clock=FakeClock(), **options)

    def lines(self):
        return [encode(record) for record in self.queue.arrived]

    def ids(self):
        return [record.id for record in self.queue.arrived]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "spill")


@pytest.fixture
def posts(post):
    return [post(id=f"x:{number:03d}") for number in range(60)]


def ids(posts):
    return [post.id for post in posts]


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


class TestSpill(SinkContract):
    pass


class TestAnOutage:
    def test_what_comes_meanwhile_goes_out_in_order_before_what_comes_later(self, place, posts):
        async def run():
            async with place.open() as sink:
                for post in posts[:20]:
                    await sink.put(post)
                place.queue.away = True
                for post in posts[20:40]:
                    await sink.put(post)
                seen = sink.waiting, sink.spilled > 0, len(place.queue.arrived)
                place.queue.away = False
                for post in posts[40:]:
                    await sink.put(post)
                    await asyncio.sleep(0)
                await until(lambda: not sink.spilled)
                return seen, sink.waiting

        assert asyncio.run(run()) == (("the queue is away; wait", True, 20), None)
        assert place.ids() == ids(posts)

    def test_the_queue_may_be_away_from_the_start(self, place, posts):
        async def run():
            place.queue.away = True
            async with place.open() as sink:
                for post in posts:
                    await sink.put(post)
                place.queue.away = False
                await until(lambda: not sink.spilled)

        asyncio.run(run())
        assert place.ids() == ids(posts)

    def test_it_may_go_again_while_the_disk_is_emptied(self, place, posts):
        async def run():
            place.queue.away = True
            async with place.open() as sink:
                for number, post in enumerate(posts):
                    await sink.put(post)
                    place.queue.away = number % 7 < 4
                    await asyncio.sleep(0)
                place.queue.away = False
                await until(lambda: not sink.spilled)

        asyncio.run(run())
        assert place.ids() == ids(posts)

    def test_a_flush_means_the_disk(self, place, posts):
        async def run():
            sink = place.open()
            place.queue.away = True
            for post in posts:
                await sink.put(post)
            await sink.flush()
            written = b"".join(path.read_bytes() for path in sorted(place.folder.glob("*.jsonl")))
            await sink.close()
            return written

        written = asyncio.run(run())
        assert [json.loads(line)["id"] for line in written.splitlines()] == ids(posts)

    def test_one_line_says_that_it_begins_and_one_that_it_is_over(self, place, posts, caplog):
        async def run():
            async with place.open() as sink:
                place.queue.away = True
                for post in posts:
                    await sink.put(post)
                place.queue.away = False
                await until(lambda: not sink.spilled)

        with caplog.at_level(logging.WARNING):
            asyncio.run(run())
        assert caplog.messages == [
            f"the queue is away; wait; records wait in {place.folder} until it is back",
            f"all that waited in {place.folder} has gone out",
        ]


class TestTheEndOfTheProcess:
    def test_what_waits_is_sent_first_by_the_next_one(self, place, posts):
        async def first():
            place.queue.away = True
            async with place.open() as sink:
                for post in posts[:40]:
                    await sink.put(post)

        async def second():
            place.queue.away = False
            async with place.open() as sink:
                for post in posts[40:]:
                    await sink.put(post)

        asyncio.run(first())
        assert place.ids() == []
        place.queue = FakeQueue(place.queue.arrived)
        asyncio.run(second())
        assert place.ids() == ids(posts)

    def test_what_the_queue_had_been_given_and_has_not_acknowledged_is_kept_at_closing(self, place, posts):
        async def first():
            async with place.open() as sink:
                await sink.put(posts[0])
                place.queue.away = True
                await sink.put(posts[1])

        async def second():
            async with place.open():
                pass

        asyncio.run(first())
        place.queue = FakeQueue(place.queue.arrived)
        asyncio.run(second())
        assert place.ids() == ids(posts[:2])

    def test_after_kill_minus_nine_what_was_flushed_goes_on(self, place, tmp_path):
        script = textwrap.dedent("""
            import asyncio, os, signal, sys, pathlib
            from twitterhandler.sinks import SpillSink
            from twitterhandler.testing import FakeQueue, simulated_day
            from twitterhandler import decode

            async def run():
                queue = FakeQueue()
                queue.away = True
                sink = SpillSink(queue, pathlib.Path(sys.argv[1]))
                for line in simulated_day(posts=200).lines:
                    await sink.put(decode(line))
                await sink.flush()
                os.kill(os.getpid(), signal.SIGKILL)

            asyncio.run(run())
        """)
        done = subprocess.run([sys.executable, "-c", script, place.folder], env=os.environ, timeout=60, check=False)
        assert done.returncode == -signal.SIGKILL

        async def go_on():
            async with place.open() as sink:
                await until(lambda: not sink.spilled)

        asyncio.run(go_on())
        written = b"".join(path.read_bytes() for path in sorted(place.folder.glob("*.jsonl")))
        assert len(place.queue.arrived) > 150
        assert place.lines() == written.splitlines()


class TestTheBound:
    def test_a_full_disk_makes_the_source_wait_and_loses_nothing(self, place, posts):
        long = [posts[number % 60] for number in range(400)]

        async def run():
            place.queue.away = True
            async with place.open(**SMALL) as sink:

                async def put():
                    for post in long:
                        await sink.put(post)

                putting = asyncio.create_task(put())
                await until(lambda: sink.spilled > 39_000)
                for _ in range(100):
                    await asyncio.sleep(0)
                waited = not putting.done()
                size = sum(path.stat().st_size for path in place.folder.glob("*.jsonl"))
                place.queue.away = False
                await putting
                await until(lambda: not sink.spilled)
                return waited, size

        waited, size = asyncio.run(run())
        assert waited
        assert size <= 40_000
        assert place.ids() == ids(long)

    def test_what_has_gone_out_is_deleted(self, place, posts):
        async def run():
            async with place.open(**SMALL) as sink:
                for _ in range(10):
                    place.queue.away = True
                    for post in posts:
                        await sink.put(post)
                    place.queue.away = False
                    await until(lambda: not sink.spilled)
                return sum(path.stat().st_size for path in place.folder.glob("*.jsonl"))

        assert asyncio.run(run()) <= 40_000
        assert place.ids() == ids(posts * 10)


class TestARefusal:
    def test_it_is_told_at_once_and_nothing_is_waited_for(self, place, posts):
        async def run():
            async with place.open() as sink:
                place.queue.refuses = True
                with pytest.raises(SinkRefusedError, match="no such user"):
                    await sink.put(posts[0])
                with pytest.raises(SinkRefusedError):
                    await sink.flush()

        asyncio.run(run())

    def test_one_that_comes_while_the_disk_is_emptied_leaves_it_there(self, place, posts):
        async def first():
            place.queue.away = True
            async with place.open() as sink:
                for post in posts:
                    await sink.put(post)
                place.queue.refuses = True
                with pytest.raises(SinkRefusedError):
                    await until_raises(sink, posts[0])

        async def until_raises(sink, post):
            async with asyncio.timeout(20):
                while True:
                    await sink.flush()
                    await asyncio.sleep(0)

        async def second():
            async with place.open() as sink:
                await until(lambda: not sink.spilled)

        asyncio.run(first())
        place.queue = FakeQueue()
        asyncio.run(second())
        assert place.ids() == ids(posts)


def test_a_fault_while_the_disk_is_emptied_is_raised_by_the_next_call_and_leaves_it_there(place, posts):
    async def first():
        place.queue.away = True
        sink = place.open()
        for post in posts:
            await sink.put(post)
        place.queue.flush = lambda: 1 / 0
        with pytest.raises(InternalError, match="ZeroDivisionError"):
            await flushing(sink)
        await sink.close()

    async def flushing(sink):
        async with asyncio.timeout(20):
            while True:
                await sink.flush()
                await asyncio.sleep(0)

    async def second():
        async with place.open() as sink:
            await until(lambda: not sink.spilled)

    asyncio.run(first())
    place.queue = FakeQueue()
    asyncio.run(second())
    assert place.ids() == ids(posts)


def test_a_full_disk_below_the_spill_is_an_error(place, posts, monkeypatch):
    async def run():
        place.queue.away = True
        async with place.open() as sink:
            for post in posts:
                await sink.put(post)
            real = os.write
            monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(SinkError, match="No space left"):
                await sink.flush()
            monkeypatch.setattr(os, "write", real)
            place.queue.away = False
            await until(lambda: not sink.spilled)

    asyncio.run(run())
    assert place.ids() == ids(posts)
