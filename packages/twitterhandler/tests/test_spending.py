import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from twitterhandler.budget import Limits
from twitterhandler.spending import Spending, TopicSpending
from twitterhandler.testing import FakeClock
from twitterhandler.topics import Topic, TopicRegistry

TEA = Topic("tea", "tea", state="started", limit=3)


@pytest.fixture
def registry(tmp_path):
    registry = TopicRegistry(tmp_path / "topics.db")
    registry.add(TEA)
    return registry


@pytest.fixture
def clock():
    return FakeClock()


def make(registry, clock, **limits):
    spending = Spending(registry, Limits(**limits), clock=clock)
    spending.follow([topic for topic in registry.topics() if topic.state == "started"])
    return spending


def test_a_topic_that_had_enough_is_stopped_and_the_log_says_why(registry, clock, post, caplog):
    spending = make(registry, clock)
    with caplog.at_level(logging.WARNING):
        delivered = [spending.delivered(post(id=f"x:{number}", topics=("tea",))) for number in range(3)]
        assert delivered == [False, False, True]
        assert spending.enforce()
    stopped = registry.get("tea")
    assert replace(stopped, stopped_because=None) == replace(TEA, state="stopped", stopped_by="limit")
    assert (
        stopped.stopped_because
        == "its own limit of 3 posts is reached; raise --limit of the topic, then start it again"
    )
    assert f"topic tea is stopped: {stopped.stopped_because}" in caplog.text
    assert registry.change("tea", state="started", limit=9).stopped_because is None
    registry.change("tea", state="stopped")
    assert not spending.enforce()


def test_who_changes_a_topic_meanwhile_is_heeded(registry, clock, post):
    spending = make(registry, clock)
    for number in range(3):
        spending.delivered(post(id=f"x:{number}", topics=("tea",)))
    registry.change("tea", limit=4)
    assert not spending.enforce()
    registry.remove("tea")
    assert not spending.enforce()


def test_x_bills_a_post_once_a_day(registry, clock, post):
    registry.change("tea", limit=None)
    spending = make(registry, clock)
    repeated = post(id="x:1", topics=("tea",))
    for version in (0, 0, 1):
        spending.delivered(replace(repeated, version=version))
    assert spending.budget.month(clock.now()) == 2
    asyncio.run(clock.sleep(timedelta(hours=12).total_seconds()))
    spending.delivered(repeated)
    spending.delivered(repeated)
    assert spending.budget.month(clock.now()) == 3


def test_a_repeat_with_another_topic_counts_there_and_is_not_billed(registry, clock, post):
    spending = make(registry, clock)
    spending.delivered(post(topics=("tea",)))
    for _ in range(2):
        spending.delivered(post(topics=("tea", "cup")))
    assert [spending.budget.posts(slug) for slug in ("tea", "cup")] == [1, 1]
    assert spending.budget.month(clock.now()) == 1


def test_other_networks_cost_nothing(registry, clock, post):
    spending = make(registry, clock)
    for repeated in (False, True):
        spending.delivered(post(id="bluesky:1", network="bluesky", topics=("tea",)), repeated=repeated)
    assert (spending.budget.posts("tea"), spending.budget.month(clock.now())) == (1, 0)


def test_counts_survive_a_good_end_and_a_crash(registry, clock, post):
    registry.change("tea", limit=None)
    first = make(registry, clock)
    for number in range(7):
        first.delivered(post(id=f"x:{number}", topics=("tea",)))
    crashed = make(registry, clock)
    assert 7 <= crashed.budget.posts("tea") <= 1_007
    first.close()
    assert make(registry, clock).budget.posts("tea") == 7


def test_the_status_says_what_was_spent(registry, clock, post):
    spending = make(registry, clock, price=Decimal("0.005"), money=Decimal(1))
    spending.delivered(post(id="x:1", topics=("tea", "cup")))
    spending.billed(3)
    status = spending.status()
    assert (status.posts, status.money, status.most_posts, status.price) == (4, 0.02, 200, 0.005)
    assert status.topics == {"tea": TopicSpending(1, 0.005)}
