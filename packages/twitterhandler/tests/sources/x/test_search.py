from datetime import timedelta

import pytest
from sources.x.searching import searching
from twitterhandler.errors import SourceUnavailableError
from twitterhandler.posts import Post
from twitterhandler.testing.xserver import Fault, Limits, Manners


def test_the_posts_of_a_week_are_counted_by_day():
    async def story(x, search):
        x.remember(x.posts.original("tea", at=x.now() - timedelta(days=2)))
        return await search.counts("tea")

    spans = searching(story, texts=["tea", "coffee", "tea"])
    assert [span.posts for span in spans] == [0, 0, 0, 0, 0, 1, 0, 2]
    assert sum((span.end - span.start for span in spans), timedelta()) == timedelta(days=7, seconds=-10)


def test_the_posts_of_a_period_are_counted():
    async def story(x, search):
        start = x.now() - timedelta(minutes=60)
        return await search.count("tea", start, start + timedelta(minutes=1, milliseconds=1))

    assert searching(story, texts=["tea", "tea", "tea"]) == 2


@pytest.mark.parametrize("spelling", ["tweet", "post"])
def test_a_search_gives_posts_page_by_page_with_the_topics_that_asked(spelling):
    async def story(x, search):
        for number in range(150):
            x.remember(x.posts.original(f"tea {number}", at=x.now() - timedelta(minutes=30, seconds=number)))
        start = x.now() - timedelta(minutes=60)
        return [page async for page in search.posts("tea", start, x.now() - timedelta(seconds=30), ["tea", "cup"])]

    first, second = searching(story, texts=["water"], manners=Manners(spelling=spelling))
    assert (len(first), len(second)) == (100, 50)
    assert all(isinstance(post, Post) and post.topics == ("tea", "cup") for post in [*first, *second])
    assert [post.text for post in [*first, *second]] == [f"tea {number}" for number in range(150)]


def test_who_has_patience_asks_again_when_x_allows():
    async def story(x, search):
        for _ in range(3):
            await search.counts("tea")
        return len(x.requests), x.now()

    limits = Limits(counts=2)
    with pytest.raises(SourceUnavailableError, match="429"):
        searching(story, limits=limits)
    requests, now = searching(story, limits=limits, patience=1)
    assert (requests, now.hour, now.minute) == (4, 12, 15)


def test_patience_ends():
    async def story(x, search):
        x.fail(*[Fault.unavailable()] * 3, route="counts")
        with pytest.raises(SourceUnavailableError, match="503"):
            await search.counts("tea")
        return len(x.requests)

    assert searching(story, patience=2) == 3
