"""The whole way from a fake X to a queue, in virtual time: what the tests of the source share."""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from twitterhandler.errors import TwitterhandlerError
from twitterhandler.ingest import Ingest
from twitterhandler.posts import Dead, Gap, Post, Record
from twitterhandler.sources.x import BearerToken, XSource, XTransport
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX, Manners
from twitterhandler.topics import Topic, TopicRegistry

RULE_DELAY = 20.0
ACTIVE = 25.0
"""Seconds after which the rules of topics that were started are heeded."""
TOPICS = (
    Topic("rain", "rain", state="started"),
    Topic("tea", "tea", state="started"),
    Topic("weather", "rain OR snow", state="started"),
)


@dataclass
class Queue:
    """A sink that is a list; `pause` makes it a slow one."""

    records: list[Record] = field(default_factory=list)
    pause: float = 0.0

    @property
    def position(self) -> int:
        return len(self.records)

    @property
    def waiting(self) -> str | None:
        return None

    @property
    def spilled(self) -> int:
        return 0

    async def put(self, record: Record) -> None:
        self.records.append(record)
        if self.pause:
            await asyncio.sleep(self.pause)

    async def flush(self) -> None:
        pass

    async def close(self) -> None:
        pass


@dataclass
class Remembered:
    """A cursor without a file, which takes its time to be written."""

    position: int | None = None

    def load(self) -> int | None:
        return self.position

    def save(self, position: int) -> None:
        self.position = position


class Collector:
    """One run of the collector; several may follow each other on one topics' file."""

    def __init__(self, x, topics_file: Path, queue: Queue | None = None, *, seed: int = 7, token=None, **options):
        options = {"cursor": Remembered(), "connects": Remembered(), **options}
        clock = x.platform.clock
        self.x = x
        self.registry = TopicRegistry(topics_file)
        self.queue = queue or Queue()
        self.source = XSource(
            XTransport(BearerToken(token or x.token), base_url=x.url, clock=clock),
            clock=clock,
            random=Random(seed),
            **options,
        )
        self.ingest = Ingest(self.source, self.queue, subscriptions=Subscriptions(self.registry), clock=clock)
        self.task: asyncio.Task | None = None

    async def __aenter__(self):
        self.task = asyncio.create_task(self.ingest.run())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, TwitterhandlerError):
            await self.task

    async def change(self, *topics, **states):
        """Adds topics, changes the states of others, and has it seen."""
        for topic in topics:
            self.registry.add(topic)
        for slug, state in states.items():
            self.registry.change(slug, state=state)
        await self.ingest.announce_changes()

    def of(self, kind):
        return [record for record in self.queue.records if isinstance(record, kind)]

    @property
    def texts(self):
        return [post.text for post in self.of(Post)]

    @property
    def gaps(self):
        """As they are in the end: one that was told again replaces what was told before."""
        return list({gap.id: gap for gap in self.of(Gap)}.values())


def collecting(story, *, topics=TOPICS, manners=None, limits=None, settle=ACTIVE, **options):
    """Runs `story(x, collector)` in virtual time, once the rules of `topics` are heeded; what it returns."""

    async def main():
        with tempfile.TemporaryDirectory() as folder:
            async with FakeX(clock=LoopClock(), manners=manners or Manners(rule_delay=RULE_DELAY), limits=limits) as x:
                collector = Collector(x, Path(folder) / "topics.db", **options)
                for topic in topics:
                    collector.registry.add(topic)
                async with collector:
                    await asyncio.sleep(settle)
                    return await story(x, collector)

    return run_virtually(main())


def seconds(moment: datetime) -> float:
    """Since the beginning of the story's time."""
    return (moment - datetime(2026, 11, 22, 12, tzinfo=moment.tzinfo)).total_seconds()


def covered(gaps, slug: str, moment: datetime) -> bool:
    """Whether a gap of the topic holds this moment."""
    return any(gap.start <= moment < gap.end and slug in gap.topics for gap in gaps)


def lost(x, collector):
    """(text, slug) of what was posted about a topic that is neither on the queue nor in a gap nor a dead line."""
    heard = {post.id: set(post.topics) for post in collector.of(Post)}
    raws = "".join(line.raw for line in collector.of(Dead))
    return [
        (published.message.data["text"], rule.tag)
        for published in x.published
        for rule in published.rules
        if rule.tag.removeprefix("topic:") not in heard.get(f"x:{published.id}", ())
        and not covered(collector.gaps, rule.tag.removeprefix("topic:"), published.at)
        and published.id not in raws
    ]


def longest_window(connects, window=timedelta(minutes=15)) -> int:
    """The most connections that any 15 minutes saw."""
    return max(sum(first <= other < first + window for other in connects) for first in connects)
