from datetime import timedelta

import pytest
import tweepy
from tweepy.asynchronous import AsyncClient
from twitterhandler.testing.xserver import Fault


@pytest.fixture
def ask(virtually, session):
    """Asks tweepy's client for something; an hour ago five posts were made, one each minute."""

    def run(question, **options):
        async def main(x):
            for number in range(5):
                text = f"tea {number}" if number % 2 == 0 else f"coffee {number}"
                x.remember(x.posts.original(text, at=x.now() - timedelta(minutes=60 - number)))
            client = AsyncClient(x.token)
            client.session = session(x)
            try:
                return await question(client, x)
            finally:
                await client.session.close()

        return virtually(main, **options)

    return run


def test_a_search_finds_the_last_seven_days_newest_first(ask):
    async def question(client, x):
        x.remember(x.posts.original("tea too old", at=x.now() - timedelta(days=7, seconds=1)))
        x.push("tea too new")
        return await client.search_recent_tweets("tea", tweet_fields=["created_at"], expansions=["author_id"])

    found = ask(question)
    assert [post.text for post in found.data] == ["tea 4", "tea 2", "tea 0"]
    assert found.meta["result_count"] == 3
    assert found.meta["newest_id"] == str(found.data[0].id)
    assert [user.username for user in found.includes["users"]] == ["ada_made_up"]


def test_a_search_has_a_period_that_ends_before_its_end(ask):
    async def question(client, x):
        start = x.now() - timedelta(minutes=60)
        period = {"start_time": start, "end_time": start + timedelta(minutes=2)}
        return await client.search_recent_tweets("tea OR coffee", **period)

    assert [post.text for post in ask(question).data] == ["coffee 1", "tea 0"]


def test_a_search_has_pages(ask):
    async def question(client, x):
        for number in range(25):
            x.remember(x.posts.original(f"juice {number}", at=x.now() - timedelta(minutes=40 - number)))
        pages, token = [], None
        while not pages or token:
            page = await client.search_recent_tweets("juice", next_token=token, max_results=10)
            pages.append([post.text for post in page.data])
            token = page.meta.get("next_token")
        return pages

    pages = ask(question)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [text for page in pages for text in page] == [f"juice {n}" for n in range(24, -1, -1)]


def test_a_search_goes_on_after_an_id(ask):
    async def question(client, x):
        first, last = x.published[0].id, x.published[4].id
        return await client.search_recent_tweets("tea OR coffee", since_id=first, until_id=last)

    assert [post.text for post in ask(question).data] == ["coffee 3", "tea 2", "coffee 1"]


def test_a_search_without_result_has_no_data(ask):
    async def question(client, x):
        return await client.search_recent_tweets("water")

    found = ask(question)
    assert (found.data, found.meta) == (None, {"result_count": 0})


@pytest.mark.parametrize(
    "options",
    [
        {"query": "from:"},
        {"query": "tea", "max_results": 9},
        {"query": "tea", "start_time": "2026-11-01T00:00:00Z"},
        {"query": "tea", "end_time": "2026-11-22T12:00:00Z"},
        {"query": "tea", "start_time": "2026-11-22T11:00:00Z", "end_time": "2026-11-22T10:00:00Z"},
        {"query": "tea", "start_time": "yesterday"},
    ],
)
def test_what_cannot_be_searched_is_refused(ask, options):
    async def question(client, x):
        with pytest.raises(tweepy.BadRequest):
            await client.search_recent_tweets(**options)

    ask(question)


def test_counts_have_one_item_a_step_also_where_nothing_was_said(ask):
    async def question(client, x):
        start = x.now() - timedelta(minutes=60, seconds=30)
        period = {"start_time": start, "end_time": start + timedelta(minutes=4)}
        return await client.get_recent_tweets_count("tea", granularity="minute", **period)

    counts = ask(question)
    assert [step["tweet_count"] for step in counts.data] == [0, 1, 0, 1, 0]
    assert counts.data[0]["start"] == "2026-11-22T10:59:30.000Z"
    assert counts.data[0]["end"] == counts.data[1]["start"] == "2026-11-22T11:00:00.000Z"
    assert counts.data[-1]["end"] == "2026-11-22T11:03:30.000Z"
    assert counts.meta == {"total_tweet_count": 2}


@pytest.mark.parametrize("query", [{"granularity": "second"}, {"tweet.fields": "lang"}])
def test_counts_have_parameters_of_their_own(query, virtually, session):
    async def main(x):
        async with session(x) as http:
            address, headers = "https://api.x.com/2/tweets/counts/recent", {"authorization": f"Bearer {x.token}"}
            return (await http.get(address, params={"query": "tea", **query}, headers=headers)).status

    assert virtually(main) == 400


def test_a_week_of_counts_by_hour_and_by_day(ask):
    async def question(client, x):
        hours = await client.get_recent_tweets_count("tea OR coffee")
        days = await client.get_recent_tweets_count("tea OR coffee", granularity="day")
        return len(hours.data), len(days.data), sum(step["tweet_count"] for step in days.data)

    assert ask(question) == (7 * 24, 8, 5)


def test_faults_can_be_lined_up_for_a_search(ask):
    async def question(client, x):
        x.fail(Fault.unavailable(html=False), route="search")
        with pytest.raises(tweepy.TwitterServerError):
            await client.search_recent_tweets("tea")
        return await client.search_recent_tweets("tea")

    assert len(ask(question).data) == 3
