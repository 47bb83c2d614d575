"""The content cases, as an ordinary tweepy client hears them."""

import asyncio

import orjson
import pytest
from twitterhandler import parse_message
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import ADA, Posts
from twitterhandler.testing.xserver.content import annotate

EVERYTHING = {
    "tweet_fields": [
        "attachments",
        "author_id",
        "created_at",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "in_reply_to_user_id",
        "lang",
        "note_tweet",
        "referenced_tweets",
        "withheld",
    ],
    "expansions": ["author_id", "referenced_tweets.id", "referenced_tweets.id.author_id", "attachments.poll_ids"],
}


@pytest.fixture
def hear(virtually, listening):
    """The responses of a client that asked for everything, to posts that `make` gives."""

    def run(make):
        async def main(x):
            async with listening(x, rules=("from:ada_made_up OR from:ben_made_up",), **EVERYTHING) as client:
                x.push(*make(x.posts))
                await asyncio.sleep(1)
                return client.responses

        return virtually(main)

    return run


def test_a_repost_is_cut_and_its_original_has_all_the_text(hear):
    text = "word " * 50 + "end #last"
    [response] = hear(lambda posts: [posts.repost(posts.original(text))])
    assert len(response.data.text) == 140
    assert response.data.text.startswith("RT @ada_made_up: word")
    assert response.data.text.endswith("…")
    assert "hashtags" not in (response.data.entities or {})
    assert response.includes["tweets"][0].text == text
    assert {user.username for user in response.includes["users"]} == {"ada_made_up", "ben_made_up"}


def test_an_original_that_is_gone_is_missing_from_the_includes(hear):
    [response] = hear(lambda posts: [posts.repost(posts.original("gone"), there=False)])
    assert "tweets" not in response.includes
    assert response.errors[0]["title"] == "Not Found Error"


def test_quotes_and_replies_name_what_they_are_about(hear):
    def make(posts):
        first, second = posts.original("first"), posts.original("second")
        return [posts.quote(first, "q"), posts.reply(first, "r"), posts.reply_with_quote(first, second, "both")]

    quote, reply, both = hear(make)
    assert [reference.type for reference in quote.data.referenced_tweets] == ["quoted"]
    assert [reference.type for reference in reply.data.referenced_tweets] == ["replied_to"]
    assert reply.data.text == "@ada_made_up r"
    assert str(reply.data.in_reply_to_user_id) == ADA.id
    assert {reference.type for reference in both.data.referenced_tweets} == {"quoted", "replied_to"}
    assert [tweet.text for tweet in both.includes["tweets"]] == ["second", "first"]


def test_a_long_post_has_its_whole_text_beside_the_cut_one(hear):
    text = "long " * 80 + "#last"
    [response] = hear(lambda posts: [posts.long(text)])
    assert len(response.data.text) == 280
    assert response.data.note_tweet["text"] == text
    assert [tag["tag"] for tag in response.data.note_tweet["entities"]["hashtags"]] == ["last"]


def test_an_edit_has_an_id_of_its_own_after_those_of_the_versions_before(hear):
    def make(posts):
        first = posts.original("tea")
        second = posts.edit(first, "green tea")
        return [first, second, posts.edit(second, "green tea!")]

    responses = hear(make)
    ids = [str(response.data.id) for response in responses]
    assert [[str(n) for n in response.data.edit_history_tweet_ids] for response in responses] == [ids[:1], ids[:2], ids]
    assert ids == sorted(ids, key=int)


def test_text_is_escaped_and_links_are_shortened(hear):
    [response] = hear(lambda posts: [posts.original("1 < 2 && fun https://example.org/a/long/path?x=1 #tag")])
    link = response.data.entities["urls"][0]
    assert response.data.text == f"1 &lt; 2 &amp;&amp; fun {link['url']} #tag"
    assert link["url"].startswith("https://t.co/")
    assert link["expanded_url"] == "https://example.org/a/long/path?x=1"


def test_polls_places_and_notices_are_there(hear):
    poll, place, withheld = hear(lambda posts: [posts.poll("?"), posts.at_place("here"), posts.withheld("no")])
    assert [option["label"] for option in poll.includes["polls"][0].options] == ["yes", "no"]
    assert place.data.geo["place_id"]
    assert withheld.data.withheld["country_codes"] == ["DE", "FR"]


@pytest.mark.parametrize(
    "text", ["🐱🐱 #مرحبا x @ada_made_up", "a 👩‍👩‍👧 $ABC & #茶 ok https://example.org/🐱", "#a#b ＃c"]
)
def test_offsets_are_code_points_in_the_text_as_it_is_written(text):
    written, entities = annotate(text)
    for kind, sign in (("hashtags", "#＃"), ("mentions", "@"), ("cashtags", "$")):
        for entity in entities.get(kind, ()):
            name = entity.get("tag") or entity["username"]
            assert written[entity["start"]] in sign
            assert written[entity["start"] + 1 : entity["end"]] == name
    for link in entities.get("urls", ()):
        assert written[link["start"] : link["end"]] == link["url"]


def test_whatever_is_made_can_be_read_by_the_package_itself():
    async def main():
        clock = LoopClock()
        posts = Posts(clock)
        first = posts.original("tea & milk #tea")
        made = [first, posts.repost(first), posts.quote(first, "q"), posts.reply(first, "r"), posts.long("x " * 300)]
        made += [posts.edit(first, "new"), posts.with_media("m"), posts.poll("p"), posts.at_place("g")]
        return [parse_message(orjson.dumps(message.as_json()), clock.now()) for message in made]

    read = run_virtually(main())
    assert [post.kind for post in read[:4]] == ["original", "repost", "quote", "reply"]
    assert read[0].text == read[1].text == "tea & milk #tea"
    assert read[1].refers_to == read[0].id
    assert read[4].text == "x " * 300
    assert (read[5].id, read[5].version) == (read[0].id, 1)
    assert read[6].urls == ()


def test_ids_grow_with_time_and_are_never_given_twice():
    async def main():
        posts = Posts(LoopClock())
        ids = []
        for _ in range(50):
            ids += [int(posts.original("tea").id) for _ in range(20)]
            await asyncio.sleep(0.001)
        return ids

    ids = run_virtually(main())
    assert ids == sorted(set(ids))
    assert all(number > 2**53 for number in ids)
