import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sources.x.searching import searching
from twitterhandler.errors import BudgetError, SourceRefusedError, TwitterhandlerError
from twitterhandler.posts import Gap, dead
from twitterhandler.sources.x.filler import SearchFiller
from twitterhandler.testing import FakeClock
from twitterhandler.testing.xserver import Fault
from twitterhandler.topics import Topic

TEA = Topic("tea", "tea")
HOT = Topic("hot", "hot OR tea", reposts=False, languages=("en",))


@dataclass
class Purse:
    most: int = 1_000
    bought: list[dict[str, int]] = field(default_factory=list)

    def buy(self, posts):
        if sum(posts.values()) > self.most:
            raise BudgetError("too dear; raise it")
        self.bought.append(dict(posts))


def filling(*texts, purse, topics=(TEA, HOT), age=timedelta(minutes=60), prepare=lambda x: None):
    """What is got for the gap of the last hour, and the routes that were asked."""

    async def story(x, search):
        prepare(x)
        gap = Gap("gap:x:1", "x", ("tea", "hot"), x.now() - age, x.now() - timedelta(minutes=10), "away")
        filler = SearchFiller(search, purse, clock=x.platform.clock)
        records = [record async for record in filler.posts(gap, topics)]
        return records, [request.path.rpartition("/2/tweets/")[2] for request in x.requests]

    return searching(story, texts=texts)


def test_a_gap_is_filled_with_each_post_once_oldest_first():
    purse = Purse()
    records, asked = filling("tea", "hot soup", "coffee", "hot tea", purse=purse)
    assert [(record.text, record.topics) for record in records] == [
        ("tea", ("tea", "hot")),
        ("hot soup", ("hot",)),
        ("hot tea", ("tea", "hot")),
    ]
    assert purse.bought == [{"tea": 2, "hot": 3}]
    assert asked == ["counts/recent"] * 2 + ["search/recent"] * 2


def test_what_costs_too_much_is_not_even_searched_for():
    asked = []

    def remember(x):
        asked.append(x)

    with pytest.raises(BudgetError, match="too dear"):
        filling("tea", "hot tea", purse=Purse(most=3), prepare=remember)
    assert [request.path for request in asked[0].requests] == ["/2/tweets/counts/recent"] * 2


def test_x_finds_nothing_older_than_a_week():
    with pytest.raises(SourceRefusedError, match="seven days"):
        filling("tea", purse=Purse(), age=timedelta(days=7))


def test_a_search_that_breaks_fills_nothing():
    def broken(x):
        x.fail(Fault.server_error(), route="search")

    with pytest.raises(TwitterhandlerError):
        filling("tea", purse=Purse(), prepare=broken)


def test_more_than_was_paid_for_is_not_taken(monkeypatch):
    async def few(*_):
        return 0

    monkeypatch.setattr("twitterhandler.sources.x.search.RecentSearch.count", few)
    monkeypatch.setattr("twitterhandler.sources.x.filler._MORE", 1)
    with pytest.raises(BudgetError, match="more posts of topic tea than the 1"):
        filling("tea", "tea", purse=Purse(), topics=[TEA])


def test_what_cannot_be_read_is_a_dead_line():
    now = FakeClock().now()
    broken = dead(b'{"id": "7"}', "a post without text", now)

    class Lame:
        async def count(self, *_):
            return 1

        async def posts(self, *_):
            yield [broken]

    async def fill():
        gap = Gap("gap:x:1", "x", ("tea",), now - timedelta(hours=1), now, "away")
        return [record async for record in SearchFiller(Lame(), Purse(), clock=FakeClock()).posts(gap, [TEA])]

    assert asyncio.run(fill()) == [broken]
