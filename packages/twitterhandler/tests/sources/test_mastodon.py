import asyncio
from datetime import timedelta

import pytest
from sources.contract import Listener, LiveSource
from twitterhandler.cursors import CursorFile
from twitterhandler.errors import SettingError
from twitterhandler.posts import Dead, Gap
from twitterhandler.sources import MastodonSource
from twitterhandler.testing import FakeMastodon, LoopClock, run_virtually


class TestMastodon(LiveSource):
    network = "mastodon"
    silence = 45.0

    def server(self, clock):
        return FakeMastodon(clock)

    def source(self, server, clock, **options):
        return MastodonSource(server.url, server.token, clock=clock, **options)

    def push_torn(self, server):
        server.push("update", self.torn)

    def test_a_heartbeat_is_life_enough(self):
        async def story(server, listener):
            await asyncio.sleep(86_400)
            server.post("tea")
            await listener.until(lambda: listener.texts)
            assert len(server.connects) == 1
            assert listener.of(Gap) == []

        self.play(story)

    def test_what_finds_no_room_is_a_gap_in_its_place(self):
        async def story(server, listener):
            listener.pace = 3_600.0
            server.post("first")
            await listener.until(lambda: listener.texts)
            began = server.clock.now()
            for number in range(10_500):
                server.post(str(number))
            await asyncio.sleep(60)
            listener.pace = 0.0
            await listener.until(lambda: listener.of(Gap))
            [gap] = listener.of(Gap)
            assert "too slow: 500 records" in gap.reason or "too slow: 501 records" in gap.reason
            assert gap.start == began
            server.post("last")
            await listener.until(lambda: listener.texts[-1] == "last")

        self.play(story)

    def test_an_event_that_the_end_of_its_connection_cuts_is_dead(self):
        async def story(server, listener):
            server.push_raw(b'event: update\ndata: {"id": "1", "cont')
            await asyncio.sleep(1)
            server.drop()
            await listener.until(lambda: listener.of(Dead))
            [lost] = listener.of(Dead)
            assert (lost.raw, lost.reason) == ('data: {"id": "1", "cont', "cut by the end of the connection")

        self.play(story)

    def test_an_event_that_is_too_long_is_dead(self):
        async def story(server, listener):
            server.push("update", b"x" * 1_100_000)
            server.post("whole")
            await listener.until(lambda: listener.texts)
            assert [dead.reason for dead in listener.of(Dead)] == ["an event longer than 1 MiB"]

        self.play(story)

    def test_streams_may_live_on_a_host_of_their_own(self):
        async def story(server, listener):
            async with FakeMastodon(server.clock) as other:
                server.streaming_url = f"ws://{other.address}"
                server.drop()
                await listener.until(lambda: other.listeners)
                id_ = other.post("tea")
                await listener.until(lambda: listener.texts)
                assert listener.records[-1].id == id_.replace(other.address, server.address)

        self.play(story)

    def test_a_wrong_token_ends_it_and_says_what_to_do(self):
        async def story(server, listener):
            server.token = "another"
            server.drop()
            message = await listener.failed()
            assert "TWITTERHANDLER_MASTODON_TOKEN" in message
            assert "a-token-of-the-fake" not in message

        self.play(story)

    @pytest.mark.parametrize(
        ("stream", "path", "query"),
        [
            ("public/local", "public/local", {}),
            ("hashtag:#Tee & Kaffee", "hashtag", {"tag": "Tee & Kaffee"}),
            ("hashtag/local:tea", "hashtag/local", {"tag": "tea"}),
        ],
    )
    def test_a_stream_is_chosen(self, stream, path, query):
        async def story(server, listener):
            assert (server.connects[0].path, server.connects[0].query) == (f"/api/v1/streaming/{path}", query)

        self.play(story, stream=stream)


def test_the_time_between_two_runs_is_a_gap(tmp_path):
    async def main():
        clock = LoopClock()
        cursor = CursorFile(tmp_path / "topics.db", "mastodon")
        async with FakeMastodon(clock) as server:
            source = MastodonSource(server.url, server.token, cursor=cursor, clock=clock)
            async with Listener(source) as listener:
                await listener.until(lambda: server.listeners)
                await asyncio.sleep(20)
                server.post("tea")
                await listener.until(lambda: listener.texts)
                await asyncio.sleep(20)
                source.acknowledge(1)
                ended = clock.now()
            await asyncio.sleep(600)
            source = MastodonSource(server.url, server.token, cursor=cursor, clock=clock)
            async with Listener(source) as listener:
                await listener.until(lambda: listener.records)
                return ended, listener.records, clock.now()

    ended, [gap], now = run_virtually(main())
    assert (gap.reason, gap.filled) == ("the collector was not running", False)
    assert ended - timedelta(seconds=16) <= gap.start <= ended
    assert gap.end <= now


@pytest.mark.parametrize(
    ("arguments", "options", "reason"),
    [
        (("mastodon.example", "t"), {}, "https://HOST"),
        (("wss://mastodon.example", "t"), {}, "https://HOST"),
        (("https://mastodon.example", "t\nX: y"), {}, "no token"),
        (("https://mastodon.example", "t"), {"stream": "user"}, "public/local"),
        (("https://mastodon.example", "t"), {"stream": "hashtag:"}, "hashtag:TAG"),
    ],
)
def test_what_cannot_be_is_refused_at_once(arguments, options, reason):
    with pytest.raises(SettingError, match=reason):
        MastodonSource(*arguments, **options)
