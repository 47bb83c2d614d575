import pytest
from twitterhandler.testing.xserver import ADA, BEN, Manners, Message

STREAM = "https://api.x.com/2/tweets/search/stream"


def line(x, first_line, make, **query):
    x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
    return first_line(x, lambda: x.push(make(x.posts)), **query)


def test_without_asking_a_post_has_an_id_a_text_and_its_history(virtually, first_line):
    async def main(x):
        return await line(x, first_line, lambda posts: posts.original("tea"))

    got = virtually(main)
    assert set(got) == {"data", "matching_rules"}
    assert got["data"] == {"id": got["data"]["id"], "text": "tea", "edit_history_tweet_ids": [got["data"]["id"]]}


def test_fields_come_as_they_were_asked_for(virtually, first_line):
    async def main(x):
        query = {"tweet.fields": "created_at,lang,entities", "user.fields": "location", "expansions": "author_id"}
        return await line(x, first_line, lambda posts: posts.original("tea #one"), **query)

    got = virtually(main)
    assert got["data"]["created_at"] == "2026-11-22T12:00:00.000Z"
    assert got["data"]["lang"] == "en"
    assert set(got["data"]) == {"id", "text", "edit_history_tweet_ids", "author_id", "created_at", "lang", "entities"}
    assert [set(user) for user in got["includes"]["users"]] == [{"id", "name", "username", "location"}]


def test_includes_have_only_what_expansions_asked_for(virtually, first_line):
    async def main(x):
        found = {}
        for expansions in (
            "",
            "author_id",
            "referenced_tweets.id",
            "referenced_tweets.id,referenced_tweets.id.author_id",
        ):
            x.rules.delete_all(now=x.now())

            def make(posts):
                return posts.quote(posts.original("tea"), "tea, quoted")

            got = await line(x, first_line, make, expansions=expansions)
            includes = got.get("includes", {})
            found[expansions] = {kind: len(values) for kind, values in includes.items()}
        return found

    assert virtually(main) == {
        "": {},
        "author_id": {"users": 1},
        "referenced_tweets.id": {"tweets": 1},
        "referenced_tweets.id,referenced_tweets.id.author_id": {"users": 1, "tweets": 1},
    }


@pytest.mark.parametrize(
    ("make", "expansion", "included"),
    [
        ("poll", "attachments.poll_ids", {"polls": {"id", "options"}}),
        ("with_media", "attachments.media_keys", {"media": {"media_key", "type"}}),
        ("at_place", "geo.place_id", {"places": {"id", "full_name"}}),
    ],
)
def test_what_is_attached_comes_by_its_expansion(make, expansion, included, virtually, first_line):
    async def main(x):
        return await line(x, first_line, lambda posts: getattr(posts, make)("tea"), expansions=expansion)

    includes = virtually(main)["includes"]
    assert {kind: set(values[0]) for kind, values in includes.items()} == included


def test_earlier_versions_and_whoever_is_mentioned_come_where_they_are_known(virtually, first_line):
    async def main(x):
        def make(posts):
            first = posts.original("tea @ben_made_up")
            later = posts.edit(first, "green tea @ben_made_up")
            later.data["entities"]["mentions"][0]["id"] = BEN.id
            return Message(later.data, {"users": [ADA.as_user(), BEN.as_user()], "tweets": [first.data]})

        return await line(x, first_line, make, expansions="edit_history_tweet_ids,entities.mentions.username")

    got = virtually(main)
    assert [tweet["text"] for tweet in got["includes"]["tweets"]] == ["tea @ben_made_up"]
    assert [user["username"] for user in got["includes"]["users"]] == ["ben_made_up"]


def test_what_is_gone_is_an_error_beside_the_data(virtually, first_line):
    async def main(x):
        def make(posts):
            return posts.quote(posts.original("gone"), "tea, quoting", there=False)

        return await line(x, first_line, make, expansions="referenced_tweets.id")

    got = virtually(main)
    assert got["errors"][0]["value"] == got["data"]["referenced_tweets"][0]["id"]
    assert "includes" not in got


@pytest.mark.parametrize(
    "query",
    [
        {"tweet.fields": "created_at,colour"},
        {"expansions": "author"},
        {"user.fields": "id,shoe_size"},
        {"partition": "1"},
    ],
)
def test_what_there_is_not_cannot_be_asked_for(query, virtually, session):
    async def main(x):
        async with session(x) as http:
            answer = await http.get(STREAM, params=query, headers={"authorization": f"Bearer {x.token}"})
            return answer.status, await answer.json()

    status, body = virtually(main)
    assert (status, body["title"]) == (400, "Invalid Request")
    assert next(iter(query)) in body["errors"][0]["parameters"]


def test_names_are_those_of_the_newer_specification_where_x_writes_them(virtually, first_line):
    async def main(x):
        def make(posts):
            return posts.quote(posts.long("tea " * 100), "tea, quoting")

        query = {"expansions": "referenced_tweets.id", "tweet.fields": "note_tweet,public_metrics"}
        return await line(x, first_line, make, **query)

    got = virtually(main, manners=Manners(spelling="post"))
    assert {"edit_history_post_ids", "referenced_posts"} <= set(got["data"])
    assert "repost_count" in got["data"]["public_metrics"]
    assert got["includes"]["posts"][0]["note_post"]["text"].startswith("tea tea")
    assert "tweet" not in " ".join([*got["data"], *got["includes"]])
