"""What a budget does to a collector that listens to X: the fake one, in virtual time."""

import asyncio
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sources.x.collecting import ACTIVE, RULE_DELAY, Collector
from twitterhandler.budget import Limits
from twitterhandler.ingest import Ingest
from twitterhandler.posts import Post, TopicEvent
from twitterhandler.sources.x.filler import SearchFiller
from twitterhandler.sources.x.search import RecentSearch
from twitterhandler.sources.x.transport import BearerToken, XTransport
from twitterhandler.spending import Spending
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX, Manners
from twitterhandler.topics import Topic, TopicRegistry

TEA = Topic("tea", "tea", state="started")
RAIN = Topic("rain", "rain", state="started")


def spending(story, *topics, held_lines=20_000, **limits):
    """What `story(x, collector, spending)` returns, once the rules of `topics` are heeded."""

    async def main():
        with tempfile.TemporaryDirectory() as folder:
            async with FakeX(clock=LoopClock(), manners=Manners(rule_delay=RULE_DELAY)) as x:
                clock, path = x.platform.clock, Path(folder) / "topics.db"
                purse = Spending(TopicRegistry(path), Limits(**limits), clock=clock)
                async with XTransport(BearerToken(x.token), base_url=x.url, clock=clock) as transport:
                    filler = SearchFiller(RecentSearch(transport, clock=clock), purse, clock=clock)
                    collector = Collector(x, path, filler=filler, held_lines=held_lines)
                    for topic in topics:
                        collector.registry.add(topic)
                    subscriptions = Subscriptions(collector.registry)
                    collector.ingest = Ingest(
                        collector.source, collector.queue, subscriptions=subscriptions, spending=purse, clock=clock
                    )
                    async with collector:
                        await asyncio.sleep(ACTIVE)
                        return await story(x, collector, purse)

    return run_virtually(main())


def test_a_topic_stops_at_its_limit_its_rule_goes_and_what_still_comes_is_paid_for():
    async def story(x, collector, purse):
        x.push(*[f"tea {number}" for number in range(5)], "rain")
        await asyncio.sleep(5)
        x.push("tea too late", "more rain")
        await asyncio.sleep(5)
        assert [rule.tag for rule in x.rules.all()] == ["topic:rain"]
        return collector.texts, collector.registry.get("tea"), purse.budget.month(x.now())

    texts, tea, month = spending(story, Topic("tea", "tea", state="started", limit=3), RAIN)
    assert texts == ["tea 0", "tea 1", "tea 2", "rain", "more rain"]
    assert (tea.state, tea.stopped_by) == ("stopped", "limit")
    assert month == 7


def test_when_the_month_is_spent_all_topics_on_x_stop_and_no_connection_is_left():
    async def story(x, collector, _):
        x.push("tea", "rain", "tea")
        await asyncio.sleep(5)
        states = {event.id: event.state for event in collector.of(TopicEvent)}
        return states, len(x.rules), len(x.platform.open)

    limits = {"price": Decimal("0.005"), "money": Decimal("0.01")}
    assert spending(story, TEA, RAIN, **limits) == ({"tea": "stopped", "rain": "stopped"}, 0, 0)


async def outage(x, *texts):
    """X is away for a minute in which these were posted; then there is time to search for them."""
    await x.stop()
    for number, text in enumerate(texts):
        x.remember(x.posts.original(text, at=x.now() + timedelta(seconds=10 + number)))
    await asyncio.sleep(60)
    await x.start()
    await asyncio.sleep(120)


def test_what_was_missed_is_bought_and_its_gap_is_filled():
    async def story(x, collector, purse):
        x.push("tea 0")
        await asyncio.sleep(30)
        await outage(x, "tea 1", "tea in the rain", "coffee")
        x.push("tea 3")
        await asyncio.sleep(1)
        posts = {post.text: set(post.topics) for post in collector.of(Post)}
        away = [gap for gap in collector.gaps if set(gap.topics) == {"rain", "tea"}]
        return posts, [gap.filled for gap in away], purse.budget.month(x.now())

    posts, filled, month = spending(story, TEA, RAIN, fill=100)
    assert posts == {"tea 0": {"tea"}, "tea 1": {"tea"}, "tea in the rain": {"tea", "rain"}, "tea 3": {"tea"}}
    assert filled[-1] is True
    assert month == 4


def test_what_was_left_out_because_the_queue_was_slow_is_paid_for_too():
    async def story(x, collector, purse):
        collector.queue.pause = 1.0
        x.push(*[f"tea {number}" for number in range(40)])
        await asyncio.sleep(120)
        return len(collector.texts), purse.budget.month(x.now())

    kept, paid = spending(story, TEA, held_lines=10)
    assert (kept < 40, paid) == (True, 40)


def test_nothing_is_bought_unasked():
    async def story(x, collector, _):
        await outage(x, "tea 1")
        asked = [request.path for request in x.requests if request.path.endswith("/search/recent")]
        return collector.texts, [gap.filled for gap in collector.gaps], asked

    texts, filled, asked = spending(story, TEA)
    assert (texts, asked) == ([], [])
    assert not any(filled)
