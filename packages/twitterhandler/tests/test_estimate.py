import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from twitterhandler.budget import Limits
from twitterhandler.estimate import Estimate, Estimator, Span, of_x
from twitterhandler.testing import FakeClock
from twitterhandler.topics import Topic

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = [Span(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day + 1), 100 + day) for day in range(7)]


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def counts(self, query):
        self.asked.append(query)
        return WEEK


def test_the_mean_of_a_week_is_a_day_and_thirty_days_are_a_month():
    found = of_x(WEEK, Limits(price=Decimal("0.005")))
    assert (found.posts_a_day, found.posts_a_month) == (103.0, 3_090.0)
    assert (found.money_a_day, found.money_a_month) == (0.515, 15.45)
    assert (found.days, found.reason) == (tuple(WEEK), None)


def test_a_day_that_has_begun_counts_for_as_long_as_it_lasts():
    half = [Span(MONDAY, MONDAY + timedelta(hours=12), 50), *WEEK[1:2]]
    assert of_x(half, Limits()).posts_a_day == pytest.approx((50 + 101) / 1.5, abs=0.05)


def test_without_a_price_posts_are_known_and_money_is_not():
    found = of_x(WEEK, Limits())
    assert (found.posts_a_day, found.money_a_day, found.money_a_month) == (103.0, None, None)
    assert "TWITTERHANDLER_X_PRICE" in (found.reason or "")
    assert of_x([], Limits()) == Estimate("x", reason="X counted nothing; ask again")


def test_each_network_of_a_topic_says_what_it_knows():
    x = Counting()
    topic = Topic("tea", "tea OR cup", languages=("en",), reposts=False)
    found = asyncio.run(Estimator(["x", "sim"], Limits(), x).of(topic))
    assert [(one.network, one.posts_a_day) for one in found] == [("x", 103.0), ("sim", None)]
    assert (found[1].money_a_month, found[1].reason) == (0, "the network gives no counts")
    assert x.asked == ["(tea OR cup) lang:en -is:retweet"]


def test_who_has_no_key_is_told_so_and_who_does_not_listen_on_x_asks_for_nothing():
    (on_x,) = asyncio.run(Estimator(["x", "sim"], Limits()).of(Topic("tea", "tea", sources=("x",))))
    assert (on_x.posts_a_day, "TWITTERHANDLER_X_TOKEN" in (on_x.reason or "")) == (None, True)
    x = Counting()
    (elsewhere,) = asyncio.run(Estimator(["x", "sim"], Limits(), x).of(Topic("tea", "tea", sources=("sim",))))
    assert (elsewhere.network, x.asked) == ("sim", [])


def test_x_is_asked_once_in_a_while():
    async def story():
        x, clock = Counting(), FakeClock()
        estimator = Estimator(["x"], Limits(), x, clock=clock)
        for _ in range(3):
            await estimator.of(Topic("tea", "tea"))
            await estimator.of(Topic("same", "tea"))
            await clock.sleep(301)
        return x.asked

    assert asyncio.run(story()) == ["tea", "tea"]
