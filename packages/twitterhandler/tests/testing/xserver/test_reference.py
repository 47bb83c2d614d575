import asyncio

import pytest
from twitterhandler.testing.xserver import Limits

API = "https://api.x.com"


@pytest.fixture
def get(virtually, session):
    """Status and JSON of one GET after another."""

    def run(*asked, **options):
        async def main(x):
            async with session(x) as http:
                http.headers["authorization"] = f"Bearer {x.token}"
                answers = [await http.get(f"{API}{path}", params=query) for path, query in asked]
                return [(answer.status, await answer.json()) for answer in answers]

        return virtually(main, **options)

    return run


def test_trends_come_twenty_at_a_time_some_without_a_count(get):
    [(status, body), (_, fifty)] = get(
        ("/2/trends/by/woeid/23424829", {}), ("/2/trends/by/woeid/23424829", {"max_trends": 50})
    )
    assert (status, len(body["data"]), len(fifty["data"])) == (200, 20, 50)
    assert {frozenset(trend) for trend in body["data"]} == {
        frozenset({"trend_name", "tweet_count"}),
        frozenset({"trend_name"}),
    }
    assert any(trend["trend_name"].startswith("#") for trend in body["data"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("23424829", {"max_trends": 0}),
        ("23424829", {"max_trends": 51}),
        ("23424829", {"trend.fields": "rank"}),
        ("Germany", {}),
        ("2147483648", {}),
    ],
)
def test_trends_are_asked_for_in_bounds(path, query, get):
    assert get((f"/2/trends/by/woeid/{path}", query))[0][0] == 400


def test_of_an_unknown_place_nothing_is_known(get):
    [(status, body)] = get(("/2/trends/by/woeid/4", {}))
    assert status == 200
    assert "data" not in body
    assert body["errors"][0]["value"] == "4"


def test_trends_have_a_limit_of_their_own(get):
    answers = get(*[("/2/trends/by/woeid/1", {})] * 76)
    assert [status for status, _ in answers] == [200] * 75 + [429]


def test_trends_of_v1_are_closed_to_most(get):
    paths = ("/1.1/trends/place.json", {"id": "1"}), ("/1.1/trends/available.json", {})
    assert [(status, body["errors"][0]["code"]) for status, body in get(*paths)] == [(403, 453), (403, 453)]


def test_trends_of_v1_are_a_list_of_one(get):
    place, plain, there, unknown = get(
        ("/1.1/trends/place.json", {"id": "23424856"}),
        ("/1.1/trends/place.json", {"id": "23424856", "exclude": "hashtags"}),
        ("/1.1/trends/available.json", {}),
        ("/1.1/trends/place.json", {"id": "4"}),
        limits=Limits(v1_trends=True),
    )
    [page] = place[1]
    assert len(page["trends"]) == 50
    assert page["locations"] == [{"name": "Japan", "woeid": 23424856}]
    assert {type(trend["tweet_volume"]) for trend in page["trends"]} == {int, type(None)}
    assert not any(trend["name"].startswith("#") for trend in plain[1][0]["trends"])
    assert {"name": "Japan", "woeid": 23424856}.items() <= there[1][3].items()
    assert unknown[0] == 404


def test_usage_counts_what_was_sent_and_found(virtually, listening, session):
    async def main(x):
        async with listening(x), session(x) as http:
            x.push("tea 1", "tea 2", "water")
            await asyncio.sleep(60)
            http.headers["authorization"] = f"Bearer {x.token}"
            await http.get(f"{API}/2/tweets/search/recent", params={"query": "water"})
            return (await (await http.get(f"{API}/2/usage/tweets")).json())["data"]

    usage = virtually(main)
    assert (usage["project_usage"], usage["project_cap"]) == ("3", "3000000")


@pytest.mark.parametrize(("method", "query"), [("GET", {"status": "asleep"}), ("DELETE", {})])
def test_connections_are_named_as_they_should_be(method, query, virtually, session):
    async def main(x):
        async with session(x) as http:
            headers = {"authorization": f"Bearer {x.token}"}
            answer = await http.request(method, f"{API}/2/connections", params=query, json={}, headers=headers)
            return answer.status

    assert virtually(main) == 400
