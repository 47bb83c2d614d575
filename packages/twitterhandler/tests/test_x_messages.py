import copy
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Author, Dead, Post
from twitterhandler.x_messages import UNTAGGED, created_at, parse_message, parse_page

NOW = datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)
MESSAGE: dict[str, Any] = {
    "data": {
        "id": "1790000000000000000",
        "text": "Tea &amp; toast with @bea &lt;3 #Brunch https://t.co/x",
        "author_id": "42",
        "created_at": "2026-11-22T12:00:00.123Z",
        "edit_history_tweet_ids": ["1790000000000000000"],
        "lang": "en",
        "entities": {
            "hashtags": [{"start": 31, "end": 38, "tag": "Brunch"}],
            "mentions": [{"start": 17, "end": 21, "username": "bea", "id": "43"}],
            "urls": [
                {"url": "https://t.co/x", "expanded_url": "https://example.org/a"},
                {"url": "https://t.co/y", "expanded_url": "https://x.com/ada/photo/1", "media_key": "3_1"},
            ],
        },
    },
    "includes": {
        "users": [{"id": "43", "name": "Bea", "username": "bea"}, {"id": "42", "name": "Ada L", "username": "ada"}]
    },
    "matching_rules": [{"id": "1", "tag": "topic:brunch"}, {"id": "2", "tag": "Tea Time"}],
}


def parse(message: Any) -> Post:
    return parse_message(json.dumps(message).encode(), NOW)


def changed(**data: Any) -> dict[str, Any]:
    message = copy.deepcopy(MESSAGE)
    message["data"].update(data)
    return message


def test_a_message_becomes_a_post():
    assert parse(MESSAGE) == Post(
        id="x:1790000000000000000",
        network="x",
        topics=("brunch", "tea-time"),
        created_at=datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC),
        received_at=NOW,
        author=Author(id="x:42", handle="ada", name="Ada L"),
        text="Tea & toast with @bea <3 #Brunch https://t.co/x",
        lang="en",
        hashtags=("Brunch",),
        mentions=("bea",),
        urls=("https://example.org/a",),
        permalink="https://x.com/ada/status/1790000000000000000",
    )


ORIGINAL = {
    "id": "700",
    "text": "The whole of it, with a #Late tag & more",
    "author_id": "43",
    "lang": "fr",
    "entities": {"hashtags": [{"tag": "Late"}]},
    "edit_history_tweet_ids": ["690", "700"],
}


@pytest.mark.parametrize(("references", "posts"), [("referenced_tweets", "tweets"), ("referenced_posts", "posts")])
def test_a_plain_repost_takes_text_and_entities_of_its_original(references, posts):
    message = changed(text="RT @bea: The whole of it, with a …", **{references: [{"type": "retweeted", "id": "700"}]})
    message["includes"][posts] = [{"id": "1", "text": "another"}, ORIGINAL]
    post = parse(message)
    assert (post.kind, post.refers_to, post.text) == ("repost", "x:690", ORIGINAL["text"])
    assert (post.hashtags, post.lang, post.author.handle) == (("Late",), "fr", "ada")


def test_a_repost_whose_original_is_missing_keeps_its_own_text():
    post = parse(changed(text="RT @bea: cut …", referenced_tweets=[{"type": "reposted", "id": 700}]))
    assert (post.kind, post.refers_to, post.text) == ("repost", "x:700", "RT @bea: cut …")


@pytest.mark.parametrize(
    ("text", "kept", "hashtags", "mentions"),
    [
        ("RT @bea: 🎉🎉 #Tea &amp; @cy", "🎉🎉 #Tea & @cy", ("Tea",), ("cy",)),
        ("RT @bea: 🎉🎉 #Tea &amp; #Coff…", "RT @bea: 🎉🎉 #Tea & #Coff…", ("Tea",), ("bea",)),
        ("RT @bea: 🎉🎉 #Tea …", "RT @bea: 🎉🎉 #Tea …", ("Tea",), ("bea",)),
        ("a repost as nobody writes it", "a repost as nobody writes it", (), ()),
    ],
)
def test_without_its_original_a_repost_is_read_as_far_as_it_goes(text, kept, hashtags, mentions):
    entities = {
        kind: [
            {"start": found.start(), "end": found.end(), field: found[0][1:]} for found in re.finditer(pattern, text)
        ]
        for kind, field, pattern in (("hashtags", "tag", r"#\w+"), ("mentions", "username", r"@\w+"))
    }
    post = parse(changed(text=text, referenced_tweets=[{"type": "retweeted", "id": "700"}], entities=entities))
    assert (post.text, post.hashtags, post.mentions) == (kept, hashtags, mentions)


def test_what_a_link_leads_to_is_told_but_for_the_posts_themselves():
    def urls(*targets: str, **data: Any) -> tuple[str, ...]:
        entities = {"urls": [{"url": "https://t.co/a", "expanded_url": target} for target in targets]}
        return parse(changed(entities=entities, **data)).urls

    quoted = [{"type": "quoted", "id": "700"}]
    links = ["https://example.org/status/700", "https://x.com/cy/status/701"]
    assert urls("https://twitter.com/bea/status/700", *links, referenced_tweets=quoted) == tuple(links)
    assert urls("https://x.com/i/web/status/1790000000000000000?s=20", *links) == tuple(links)
    assert urls(*links, links[0]) == tuple(links)


@pytest.mark.parametrize(
    ("types", "kind", "target"),
    [
        (["quoted"], "quote", "x:0"),
        (["replied_to"], "reply", "x:0"),
        (["replied_to", "quoted"], "quote", "x:1"),
        (["quoted", "replied_to", "retweeted"], "repost", "x:2"),
        (["something_new"], "original", None),
        ([None], "original", None),
    ],
)
def test_the_first_kind_that_fits_counts(types, kind, target):
    post = parse(changed(referenced_tweets=[{"type": name, "id": str(i)} for i, name in enumerate(types)]))
    assert (post.kind, post.refers_to) == (kind, target)


@pytest.mark.parametrize("field", ["note_tweet", "note_post"])
def test_a_long_post_takes_its_long_form(field):
    note = {"text": "much &gt; 280", "entities": {"hashtags": [{"tag": "Far"}]}}
    post = parse(changed(**{field: note}))
    assert (post.text, post.hashtags, post.urls) == ("much > 280", ("Far",), ())
    assert parse(changed(**{field: {"text": "much more"}})).hashtags == ("Brunch",)


def test_of_a_long_form_without_entities_names_are_found_in_its_text():
    short = "🎉 #Tea with #Coff… https://t.co/x"
    entities = {
        "hashtags": [{"start": 2, "end": 6, "tag": "Tea"}, {"start": 12, "end": 17, "tag": "Coff"}],
        "urls": [{"url": "https://t.co/x", "expanded_url": "https://x.com/i/web/status/1790000000000000000"}],
    }
    long = "🎉 #Tea with #Coffee, ＃ケーキ &amp; @cy, a@b.example, AT&amp;#5T #1 and x#y #Coffee"
    post = parse(changed(text=short, entities=entities, note_tweet={"text": long}))
    assert (post.hashtags, post.mentions, post.urls) == (("Tea", "Coffee", "ケーキ"), ("cy",), ())


@pytest.mark.parametrize("field", ["edit_history_tweet_ids", "edit_history_post_ids"])
def test_an_edit_has_the_id_of_its_first_version(field):
    message = changed(id="102")
    del message["data"]["edit_history_tweet_ids"]
    message["data"][field] = ["100", "101", "102"]
    post = parse(message)
    assert (post.id, post.version) == ("x:100", 2)


FIRST = 1_790_000_000_000_000_000


@pytest.mark.parametrize(
    ("number", "history", "version"),
    [
        (FIRST, [FIRST], 0),
        (FIRST, [FIRST, FIRST + 9], 0),
        (FIRST + 9, [FIRST, FIRST + 9], 1),
        (FIRST + 9, [FIRST + 9, FIRST + 5, FIRST], 2),
        (FIRST + 9, [FIRST, FIRST + 5], 2),
    ],
)
def test_an_edit_has_the_time_of_its_first_version(number, history, version):
    edited = changed(id=str(number), edit_history_tweet_ids=[str(one) for one in history])
    post = parse(edited)
    assert (post.id, post.version) == (f"x:{FIRST}", version)
    written = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
    assert post.created_at == (datetime(2024, 5, 13, 12, 43, 51, 248_000, tzinfo=UTC) if version else written)


def test_an_id_tells_when_it_was_given_out():
    at = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert created_at((milliseconds - 1_288_834_974_657) << 22 | 4_194_303) == at


def test_a_page_of_a_search_gives_its_posts_to_the_topics_that_asked():
    broken = {"id": "2", "text": "no time"}
    page = {"data": [MESSAGE["data"], broken], "includes": MESSAGE["includes"], "meta": {"next_token": "b26v"}}
    (post, lost), following = parse_page(page, NOW, ["brunch", "tea-time"])
    assert (post, following) == (parse(MESSAGE), "b26v")
    assert isinstance(lost, Dead)
    assert (json.loads(lost.raw), lost.reason) == (broken, "a post without created_at")
    assert parse_page({"meta": {"result_count": 0}}, NOW, ["a"]) == ([], None)
    for other in ({"data": {"id": "1"}}, {"data": [], "meta": [1]}):
        with pytest.raises(UnreadableMessageError, match="not a page"):
            parse_page(other, NOW, ["a"])


def test_ids_may_be_numbers_and_texts_of_every_script():
    text = "👩‍👩‍👧‍👦 𝒜stral 🏴󠁧󠁢󠁥󠁮󠁧󠁿 مرحبا ワールドカップ"
    post = parse(changed(id=2**60, author_id=42, text=text))
    assert (post.id, post.author.handle, post.text) == (f"x:{2**60}", "ada", text)


def test_what_may_be_missing_is_made_up_for():
    bare = {"data": {"id": "5", "text": "hi", "created_at": "2026-11-22T12:00:00Z"}}
    post = parse(bare)
    assert post.topics == (UNTAGGED,)
    assert post.author == Author(id="x:unknown", handle="", name="")
    assert (post.lang, post.permalink) == ("und", "https://x.com/i/status/5")
    users: list[dict[str, Any]] = [
        {"id": "42", "username": "ada"},
        {"id": "42", "username": "ada", "name": None},
        {"id": "42"},
    ]
    names = [parse({**MESSAGE, "includes": {"users": [user]}}).author for user in users]
    assert [(author.handle, author.name) for author in names] == [("ada", "ada"), ("ada", "ada"), ("", "")]


@pytest.mark.parametrize(
    ("rules", "topics"),
    [
        ([{"id": 7, "tag": None}], ("rule-7",)),
        ([{"id": "7", "tag": ""}], ("rule-7",)),
        ([{"id": "7"}, {"tag": "a b"}, {"tag": "A  B"}, {"tag": "topic:a-b"}], ("rule-7", "a-b")),
        ([], (UNTAGGED,)),
    ],
)
def test_topics_are_the_slugs_of_the_tags_without_repeats(rules, topics):
    assert parse({**MESSAGE, "matching_rules": rules}).topics == topics


@pytest.mark.parametrize(
    ("code", "lang"), [("qme", "und"), ("in", "id"), ("iw", "he"), (None, "und"), ("zh-TW", "zh-TW")]
)
def test_languages_are_bcp_47(code, lang):
    assert parse(changed(lang=code)).lang == lang


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"data": {"id": "1", "te', "not JSON"),
        (b'{"data": {"id": "1", "text": "\xff"}}', "not JSON"),
        (b'{"errors": [{"title": "operational-disconnect"}]}', "no object `data`"),
        (b'{"data": []}', "no object `data`"),
        (b"[1]", "no object `data`"),
        (b'{"data": {"text": "a", "created_at": "2026-11-22T12:00:00Z"}}', "without id"),
        (b'{"data": {"id": "1", "created_at": "2026-11-22T12:00:00Z"}}', "without text"),
        (b'{"data": {"id": "1", "text": "a"}}', "without created_at"),
        (b'{"data": {"id": "1", "text": "a", "created_at": "Wed Oct 10 20:19:24 +0000 2018"}}', "is no time"),
        (
            b'{"data": {"id": "1", "text": "a", "created_at": "2026-11-22T12:00:00Z", "entities": []}, "includes": 5}',
            "shape",
        ),
    ],
)
def test_what_is_no_post_says_why(line, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        parse_message(line, NOW)
