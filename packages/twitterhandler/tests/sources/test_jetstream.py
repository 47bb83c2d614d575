import asyncio
from datetime import timedelta
from random import Random

import pytest
from sources.contract import Listener, LiveSource
from twitterhandler.clock import microseconds
from twitterhandler.cursors import CursorFile
from twitterhandler.errors import SettingError
from twitterhandler.posts import Dead, Gap, Post
from twitterhandler.sources import JetstreamSource
from twitterhandler.sources.jetstream import MAX_MESSAGE, OVERLAP
from twitterhandler.testing import FakeJetstream, LoopClock, run_virtually


class TestJetstream(LiveSource):
    network = "bluesky"
    fills = True
    silence = 30.0

    def server(self, clock):
        return FakeJetstream(clock)

    def source(self, server, clock, **options):
        return JetstreamSource(server.url, clock=clock, **options)

    def push_torn(self, server):
        server.push_raw(self.torn)

    def test_it_asks_for_posts_and_goes_on_a_little_before_where_it_was(self):
        async def story(server, listener):
            await self.talk(server, 3)
            await listener.until(lambda: len(listener.texts) == 3)
            last = microseconds(listener.records[-1].received_at)
            server.drop()
            await listener.until(lambda: len(server.connects) == 2)
            for connect in server.connects:
                assert connect.query["wantedCollections"] == "app.bsky.feed.post"
            assert int(server.connects[1].query["cursor"]) == last - OVERLAP

        self.play(story)

    def test_what_the_server_no_longer_keeps_is_a_gap_and_the_rest_was_filled(self):
        async def story(server, listener):
            server.lookback = timedelta(minutes=10)
            sent = await self.talk(server, 5)
            await listener.until(lambda: len(listener.texts) == 5)
            server.refuse(503, times=12)
            server.drop()
            sent += await self.talk(server, 3_600)
            await listener.until(lambda: listener.texts[-1] == sent[-1][1])
            lost, filled = listener.of(Gap)
            assert (lost.filled, filled.filled) == (False, True)
            assert lost.end - filled.start == timedelta(milliseconds=1)
            self.fills = False
            self.nothing_is_missing(sent, listener)
            assert len(listener.texts) < len(sent)

        self.play(story)

    def test_a_message_that_breaks_the_wire_is_skipped_and_its_time_is_a_gap(self):
        async def story(server, listener):
            sent = await self.talk(server, 5)
            server.push_raw(b"x" * (2 * MAX_MESSAGE + 1), honest=False)
            await asyncio.sleep(1)
            server.drop()
            sent += await self.talk(server, 60)
            await listener.until(lambda: listener.texts[-1] == sent[-1][1])
            assert "broke the protocol (1009)" in next(gap.reason for gap in listener.of(Gap) if not gap.filled)
            assert len(server.connects) <= 4
            self.fills = False
            self.nothing_is_missing(sent, listener)

        self.play(story)

    @pytest.mark.parametrize(
        ("data", "binary", "reason"),
        [
            (b"\x28\xb5\x2f\xfd", True, "binary"),
            (b'{"kind": "\xff"}', False, "not JSON"),
            (b'{"did": "did:plc:a", "time_us": 1, "kind": "sync"}', False, "kind 'sync'"),
            (b"x" * (MAX_MESSAGE + 1), False, "longer than"),
        ],
    )
    def test_what_is_no_message_is_dead(self, data, binary, reason):
        async def story(server, listener):
            server.push_raw(data, binary=binary, honest=False)
            server.post("whole")
            await listener.until(lambda: len(listener.records) == 2)
            assert isinstance(listener.records[0], Dead)
            assert reason in listener.records[0].reason
            assert listener.texts == ["whole"]
            assert len(server.connects) == 1

        self.play(story)

    def test_a_closed_account_is_no_post_and_no_delete(self):
        async def story(server, listener):
            server.account("did:plc:ada", active=False, status="takendown")
            server.post("still here", did="did:plc:grace")
            await listener.until(lambda: listener.records)
            assert listener.texts == ["still here"]

        self.play(story)


def test_after_a_restart_it_goes_on_where_what_was_acknowledged_ends(tmp_path):
    async def main():
        clock = LoopClock()
        cursor = CursorFile(tmp_path / "topics.db", "bluesky")
        async with FakeJetstream(clock) as server:
            source = JetstreamSource(server.url, cursor=cursor, clock=clock, random=Random(7))
            async with Listener(source) as first:
                await first.until(lambda: server.listeners)
                for number in range(30):
                    server.post(str(number))
                    await asyncio.sleep(1)
                await first.until(lambda: len(first.records) == 30)
                source.acknowledge(20)
            for number in range(30, 600):
                server.post(str(number))
                await asyncio.sleep(1)
            source = JetstreamSource(server.url, cursor=cursor, clock=clock, random=Random(7))
            async with Listener(source) as second:
                await second.until(lambda: "599" in second.texts)
                server.post("the end")
                await second.until(lambda: second.texts[-1] == "the end")
            return first, second

    first, second = run_virtually(main())
    heard_again = [int(text) for text in second.texts[:-1]]
    assert heard_again == list(range(heard_again[0], 600))
    assert 20 - OVERLAP / 1e6 - 2 <= heard_again[0] <= 20
    assert {post.id for post in first.of(Post)} & {post.id for post in second.of(Post)}
    [gap] = second.of(Gap)
    assert (gap.reason, gap.filled) == ("the collector was not running", True)


def test_nothing_acknowledged_is_nothing_kept(tmp_path):
    async def main():
        clock = LoopClock()
        cursor = CursorFile(tmp_path / "topics.db", "bluesky")
        async with FakeJetstream(clock) as server:
            source = JetstreamSource(server.url, cursor=cursor, clock=clock)
            async with Listener(source) as listener:
                await listener.until(lambda: server.listeners)
                server.post("tea")
                await listener.until(lambda: listener.records)
                source.acknowledge(0)
        return cursor.load()

    assert run_virtually(main()) is None


@pytest.mark.parametrize("url", ["jetstream2.us-east.bsky.network", "https://bsky.app", "wss://", ""])
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(SettingError, match="wss://HOST"):
        JetstreamSource(url)
