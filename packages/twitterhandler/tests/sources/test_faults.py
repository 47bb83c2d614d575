"""Any faults in any order, crashes of the collector among them: what was said is on the queue or in a recorded gap."""

import asyncio
import contextlib
from random import Random

import pytest
from twitterhandler.ingest import Ingest
from twitterhandler.posts import Gap, Post
from twitterhandler.sources import JetstreamSource, MastodonSource
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.testing import FakeJetstream, FakeMastodon, LoopClock, run_virtually
from twitterhandler.topics import Topic, TopicRegistry

FAULTS = 10


class KeptCursor:
    """Outlives the collector, as a file does."""

    def __init__(self):
        self.position = None

    def load(self):
        return self.position

    def save(self, position):
        self.position = position


class CrashingSink:
    """Keeps what was flushed; `crash` forgets the rest, as the end of the process does."""

    waiting = None
    spilled = 0

    def __init__(self):
        self.kept, self._put = [], []
        self.slow = 0.0

    @property
    def position(self):
        return len(self.kept)

    async def put(self, record):
        await asyncio.sleep(self.slow)
        self._put.append(record)

    async def flush(self):
        self.kept += self._put
        self._put = []

    def crash(self):
        self._put = []

    async def close(self):
        await self.flush()


class Play:
    """Somebody says something each other second; meanwhile things break."""

    def __init__(self, server, source, registry, seed):
        self.server, self.source, self.registry = server, source, registry
        self.random = Random(seed)
        self.sink = CrashingSink()
        self.sent = []

    async def run(self):
        self._start()
        async with asyncio.timeout(40_000):
            while not self.server.listeners:
                await asyncio.sleep(0.1)
            for _ in range(FAULTS):
                await self._talk(self.random.uniform(1, 120))
                await self.random.choice([self._drop, self._away, self._mute, self._refuse, self._torn, self._crash])()
            await self._talk(600)
            while not any(isinstance(kept, Post) and kept.text == self.sent[-1][1] for kept in self.sink.kept):
                await self._talk(1)
                await asyncio.sleep(5)  # longer than it takes to reach the queue
        await self._stop()

    def _start(self):
        subscriptions = Subscriptions(self.registry)
        ingest = Ingest(self.source(self.random), self.sink, subscriptions=subscriptions, clock=self.server.clock)
        self._task = asyncio.create_task(ingest.run())

    async def _stop(self):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.sink.crash()

    async def _talk(self, seconds):
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            self.sent.append((self.server.clock.now(), f"tea number {len(self.sent)}"))
            self.server.post(self.sent[-1][1])
            await asyncio.sleep(2)

    async def _drop(self):
        self.server.drop()

    async def _away(self):
        await self.server.stop()
        await asyncio.sleep(self.random.uniform(0, 900))
        await self.server.start()

    async def _mute(self):
        self.server.mute()
        await self._talk(self.random.uniform(1, 200))
        self.server.mute(False)

    async def _refuse(self):
        self.server.refuse(self.random.choice([429, 500, 503]), times=self.random.randint(1, 4))
        self.server.drop()

    async def _torn(self):
        self.server.push_raw(b"data: {\n\n" if isinstance(self.server, FakeMastodon) else b"{")

    async def _crash(self):
        await self._stop()
        await self._talk(self.random.uniform(0, 300))
        self._start()


def bluesky(server, cursor):
    return lambda random: JetstreamSource(server.url, cursor=cursor, clock=server.clock, random=random)


def mastodon(server, cursor):
    return lambda random: MastodonSource(server.url, server.token, cursor=cursor, clock=server.clock, random=random)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("fake", "source", "fills"), [(FakeJetstream, bluesky, True), (FakeMastodon, mastodon, False)])
def test_what_was_said_is_there_or_in_a_gap(tmp_path, fake, source, fills, seed):
    async def main():
        registry = TopicRegistry(tmp_path / "topics.db")
        registry.add(Topic("tea", "tea", state="started"))
        async with fake(LoopClock()) as server:
            play = Play(server, source(server, KeptCursor()), registry, seed)
            await play.run()
            return play.sent, play.sink.kept

    sent, kept = run_virtually(main())
    posts = {}
    for record in kept:
        if isinstance(record, Post):
            assert posts.setdefault(record.text, record.id) == record.id
    gaps = [record for record in kept if isinstance(record, Gap) and not record.filled]
    missing = [(at, text) for at, text in sent if text not in posts]
    assert [text for at, text in missing if not any(gap.start <= at < gap.end for gap in gaps)] == []
    if fills:
        assert missing == []
    unknown = sum((gap.end - gap.start).total_seconds() for gap in gaps)
    assert unknown < (sent[-1][0] - sent[0][0]).total_seconds()
