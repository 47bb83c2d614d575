"""What every live source does, whatever its network: each network's tests are a subclass that says how to set it up."""

import asyncio
import contextlib
from datetime import timedelta
from random import Random

import pytest
from twitterhandler.errors import SourceError
from twitterhandler.hearing import ABSENT
from twitterhandler.posts import Dead, Delete, Gap, Post, Record
from twitterhandler.testing import LoopClock, run_virtually

DEADLINE = 3_600.0
"""Virtual seconds."""
SPACING = timedelta(seconds=30)
"""How long the next try may wait after a server has come back."""
MARGIN = timedelta(seconds=1)


class KeptCursor:
    """Outlives the collector, as a file does."""

    def __init__(self):
        self.position = None

    def load(self):
        return self.position

    def save(self, position):
        self.position = position


class Listener:
    """Reads a source as fast as `pace` (seconds a record) allows."""

    def __init__(self, source, pace=0.0):
        self.source = source
        self.records: list[Record] = []
        self.pace = pace
        self._task = None

    async def __aenter__(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SourceError):
            await self._task

    async def _run(self):
        async with contextlib.aclosing(self.source.records()) as records:
            async for record in records:
                self.records.append(record)
                await asyncio.sleep(self.pace)

    async def until(self, condition):
        """Until `condition()` holds; a source that failed raises here."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                if self._task.done():
                    await self._task
                await asyncio.sleep(0.05)

    async def failed(self):
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(SourceError) as caught:
                await self._task
        return str(caught.value)

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def texts(self):
        return [post.text for post in self.of(Post)]


class LiveSource:
    """The behaviour; `fills` says whether the network sends again what was missed."""

    network = ""
    fills = False
    silence = 0.0
    torn = b"{"

    def server(self, clock):
        raise NotImplementedError

    def source(self, server, clock, **options):
        raise NotImplementedError

    def push_torn(self, server):
        raise NotImplementedError

    def play(self, story, pace=0.0, **options):
        """Runs `story(server, listener)` in virtual time, from when the source is connected."""

        async def main():
            clock = LoopClock()
            async with self.server(clock) as server:
                source = self.source(server, clock, random=Random(7), **options)
                async with Listener(source, pace) as listener:
                    await listener.until(lambda: server.listeners or server.connects)
                    await story(server, listener)
                await eventually(lambda: server.listeners == 0)

        run_virtually(main())

    def test_posts_come_in_their_order(self):
        async def story(server, listener):
            ids = [server.post(f"post {number}") for number in range(50)]
            await listener.until(lambda: len(listener.records) == 50)
            assert [record.id for record in listener.records] == ids
            assert listener.texts == [f"post {number}" for number in range(50)]
            assert {post.network for post in listener.records} == {self.network}
            assert {post.topics for post in listener.records} == {()}

        self.play(story)

    def test_an_edit_and_a_delete_have_the_id_of_their_post(self):
        async def story(server, listener):
            id_ = server.post("tea, pleas")
            await asyncio.sleep(1)
            server.edit(id_, "tea, please")
            await asyncio.sleep(1)
            server.edit(id_, "coffee, please")
            server.delete(id_)
            await listener.until(lambda: len(listener.records) == 4)
            post, *edits, delete = listener.records
            assert [record.id for record in listener.records] == [id_] * 4
            assert [edit.text for edit in edits] == ["tea, please", "coffee, please"]
            assert 0 == post.version < edits[0].version < edits[1].version
            assert {edit.created_at for edit in edits} == {post.created_at}
            assert isinstance(delete, Delete)

        self.play(story)

    @pytest.mark.parametrize("outage", [0.0, 5.0, 600.0])
    def test_what_a_cut_wire_swallows_comes_later_or_lies_in_a_gap(self, outage):
        async def story(server, listener):
            sent = await self.talk(server, 20)
            await listener.until(lambda: len(listener.texts) == 20)
            began = server.clock.now()
            await server.stop()
            await asyncio.sleep(outage)
            await server.start()
            ended = server.clock.now()
            sent += await self.talk(server, 200)
            await listener.until(lambda: listener.texts and listener.texts[-1] == sent[-1][1])
            [gap] = listener.of(Gap)
            assert (gap.network, gap.filled) == (self.network, self.fills)
            assert gap.start <= began
            assert gap.end - gap.start <= ended - began + SPACING + MARGIN
            self.nothing_is_missing(sent, listener)

        self.play(story)

    def test_a_silent_connection_is_left(self):
        async def story(server, listener):
            sent = await self.talk(server, 5)
            await listener.until(lambda: len(listener.texts) == 5)
            server.mute()
            began = server.clock.now()
            await listener.until(lambda: len(server.connects) > 1)
            assert (server.clock.now() - began).total_seconds() <= self.silence + 5
            server.mute(False)
            sent += await self.talk(server, 5)
            await listener.until(lambda: listener.texts and listener.texts[-1] == sent[-1][1])
            assert "silent" in listener.of(Gap)[0].reason
            self.nothing_is_missing(sent, listener)

        self.play(story)

    def test_a_server_that_is_away_is_not_hammered(self):
        async def story(server, listener):
            server.refuse(503, times=10_000)
            server.drop()
            await asyncio.sleep(4 * 3_600)
            times = [connect.at for connect in server.connects]
            assert len(times) > 40
            for first, last in zip(times, times[50:], strict=False):
                assert last - first >= timedelta(minutes=15)

        self.play(story)

    def test_a_server_that_hangs_up_at_once_is_not_hammered(self):
        async def story(server, listener):
            for _ in range(3_600):
                server.drop()
                await asyncio.sleep(1)
            times = [connect.at for connect in server.connects]
            for first, last in zip(times, times[50:], strict=False):
                assert last - first >= timedelta(minutes=15)

        self.play(story)

    def test_a_server_may_ask_to_wait(self):
        async def story(server, listener):
            server.refuse(429, headers={"Retry-After": "300"})
            server.drop()
            await listener.until(lambda: len(server.connects) == 3)
            _, refused, again = (connect.at for connect in server.connects)
            assert timedelta(seconds=300) <= again - refused <= timedelta(seconds=400)

        self.play(story)

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_a_refusal_that_is_final_ends_the_source(self, status):
        async def story(server, listener):
            server.refuse(status, times=9)
            server.drop()
            message = await listener.failed()
            assert f"answers {status}; " in message
            assert "\n" not in message
            assert len(server.connects) == 2

        self.play(story)

    def test_what_cannot_be_read_is_a_dead_record_and_the_next_is_read(self):
        async def story(server, listener):
            self.push_torn(server)
            server.post("whole")
            await listener.until(lambda: len(listener.records) == 2)
            lost, post = listener.records
            assert isinstance(lost, Dead)
            assert lost.reason
            assert self.torn.decode() in lost.raw
            assert post.text == "whole"

        self.play(story)

    def test_a_slow_reader_hangs_nothing_and_loses_nothing_in_silence(self):
        async def story(server, listener):
            listener.pace = 10.0
            sent = await self.talk(server, 30)
            await asyncio.sleep(600)
            listener.pace = 0.0
            sent += await self.talk(server, 5)
            await listener.until(lambda: listener.texts and listener.texts[-1] == sent[-1][1])
            self.nothing_is_missing(sent, listener)

        self.play(story)

    def test_a_fault_of_its_own_ends_it_and_nobody_waits_for_ever(self, monkeypatch):
        async def story(server, listener):
            monkeypatch.setattr(f"{type(listener.source).__module__}.parse_event", lambda *_: 1 / 0)
            server.post("tea")
            await listener.until(lambda: False)

        with pytest.raises(ZeroDivisionError):
            self.play(story)

    def test_the_gap_of_one_that_ended_is_told_again_by_the_next_run(self):
        cursor = KeptCursor()

        async def story(server, listener):
            await self.talk(server, 5)
            await listener.until(lambda: len(listener.texts) == 5)
            listener.source.acknowledge(len(listener.records))
            told = listener.source.unheard(server.clock.now(), "it failed")
            assert (told.network, told.topics, told.reason, told.filled) == (self.network, (), "it failed", False)
            assert told.end - told.start <= timedelta(seconds=16)
            async with Listener(self.source(server, server.clock, random=Random(7), cursor=cursor)) as second:
                await second.until(lambda: server.listeners == 2)
                await self.talk(server, 1)
                await second.until(lambda: second.of(Gap))
                [gap] = second.of(Gap)
                assert (gap.id, gap.start, gap.reason) == (told.id, told.start, ABSENT)

        self.play(story, cursor=cursor)

    def test_who_goes_leaves_no_connection(self):
        async def story(server, listener):
            server.post("tea")
            await listener.until(lambda: listener.texts)
            assert server.listeners == 1

        self.play(story)  # which waits until the server has nobody left

    async def talk(self, server, posts):
        """So many posts, one a second: when and what."""
        said = []
        for number in range(posts):
            said.append((server.clock.now(), f"{number} at {server.clock.now():%H:%M:%S}"))
            server.post(said[-1][1])
            await asyncio.sleep(1)
        return said

    def nothing_is_missing(self, sent, listener):
        heard = set(listener.texts)
        gaps = [gap for gap in listener.of(Gap) if not gap.filled]
        missing = [(at, text) for at, text in sent if text not in heard]
        assert [text for at, text in missing if not any(gap.start <= at < gap.end for gap in gaps)] == []
        assert not missing or not self.fills


async def eventually(condition):
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.05)
