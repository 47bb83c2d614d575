from datetime import timedelta

import pytest
from twitterhandler.clock import microseconds
from twitterhandler.errors import SourceRefusedError, SourceUnavailableError
from twitterhandler.sources import JetstreamSource, MastodonSource
from twitterhandler.sources.checkup import check_network
from twitterhandler.testing import FakeClock, FakeJetstream, FakeMastodon, LoopClock, run_virtually


class Network:
    """Can be heard, unless it raises."""

    name = "bluesky"

    def __init__(self, error=None):
        self.error = error

    async def probe(self):
        if self.error:
            raise self.error
        return "a.server"


def checked(source, age=None, **options):
    clock = FakeClock()
    position = None if age is None else microseconds(clock.now() - age)

    async def main():
        return [finding async for finding in check_network(source, position, clock=clock, **options)]

    server, gap = run_virtually(main())
    assert (server.what, gap.what) == ("bluesky", "bluesky gap")
    return (server.level, server.message), (gap.level, gap.message)


@pytest.mark.parametrize(
    ("age", "kept", "level", "message"),
    [
        (None, 36, "ok", "nothing was heard yet"),
        (timedelta(seconds=1), 36, "ok", "heard until 2026-11-22T11:59:59.000Z"),
        (timedelta(hours=35), 36, "ok", "is sent what came since"),
        (timedelta(hours=37), 36, "warn", "lost but for the last 36 hours; start the collector soon"),
        (timedelta(minutes=1), 0, "ok", "heard until"),
        (timedelta(minutes=3), 0, "warn", "what comes until the next run is lost; start the collector"),
        (timedelta(hours=-1), 36, "warn", "still to come; let this clock be set by NTP"),
    ],
)
def test_how_far_it_was_heard_is_held_against_what_the_server_keeps(age, kept, level, message):
    server, gap = checked(Network(), age, kept=timedelta(hours=kept))
    assert server == ("ok", "a.server is heard")
    assert (gap[0], message in gap[1]) == (level, True), gap


def test_a_refusal_fails_and_what_may_pass_warns():
    assert checked(Network(SourceRefusedError("it says no; set a token")))[0] == ("fail", "it says no; set a token")
    assert checked(Network(SourceUnavailableError("it is away", "network")))[0] == ("warn", "it is away")


def probe(fake, source, prepare=lambda server: None):
    async def main():
        async with fake(LoopClock()) as server:
            prepare(server)
            try:
                return await source(server).probe() == server.address
            finally:
                assert len(server.connects) == 1

    return run_virtually(main())


def test_bluesky_is_heard_when_it_says_something():
    def bluesky(server):
        return JetstreamSource(server.url, clock=server.clock)

    assert probe(FakeJetstream, bluesky, lambda server: server.post("tea"))
    with pytest.raises(SourceUnavailableError, match="silent for 30 s; set another server"):
        probe(FakeJetstream, bluesky, lambda server: server.mute())
    with pytest.raises(SourceRefusedError, match="answers 404; it speaks another wire"):
        probe(FakeJetstream, bluesky, lambda server: server.refuse(404))


def test_mastodon_is_heard_with_a_token():
    def mastodon(token):
        return lambda server: MastodonSource(server.url, token or server.token, clock=server.clock)

    assert probe(FakeMastodon, mastodon(None))
    with pytest.raises(SourceRefusedError, match=r"answers 401; .*TWITTERHANDLER_MASTODON_TOKEN"):
        probe(FakeMastodon, mastodon("wrong"))
