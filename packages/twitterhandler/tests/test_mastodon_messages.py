import json
from datetime import UTC, datetime
from random import Random

import pytest
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.mastodon_messages import parse_event
from twitterhandler.posts import Author, Delete, Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SERVER = "tea.example"


def status(**fields):
    whole = {
        "id": "113",
        "uri": "https://tea.example/users/ada/statuses/113",
        "url": "https://tea.example/@ada/113",
        "created_at": "2026-11-22T11:59:58.500Z",
        "edited_at": None,
        "in_reply_to_id": None,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "content": "<p>tea</p>",
        "reblog": None,
        "account": {"acct": "ada", "display_name": "Ada"},
        "mentions": [],
        "tags": [],
    }
    return {**whole, **fields}


def heard(event="update", **fields):
    return parse_event(event, json.dumps(status(**fields)).encode(), SERVER, NOW)


def post(**fields) -> Post:
    found = heard(**fields)
    assert isinstance(found, Post)
    return found


def test_a_status_is_a_post():
    assert heard() == Post(
        id="mastodon:tea.example/113",
        network="mastodon",
        topics=(),
        created_at=datetime(2026, 11, 22, 11, 59, 58, 500000, tzinfo=UTC),
        received_at=NOW,
        author=Author(id="mastodon:ada@tea.example", handle="ada@tea.example", name="Ada"),
        text="tea",
        lang="en",
        permalink="https://tea.example/@ada/113",
    )


def test_people_of_other_servers_keep_their_server():
    found = post(account={"acct": "grace@coffee.example", "display_name": ""}, mentions=[{"acct": "ada"}])
    assert found.author == Author("mastodon:grace@coffee.example", "grace@coffee.example", "grace@coffee.example")
    assert found.mentions == ("ada@tea.example",)


def test_an_edit_has_the_id_and_the_time_of_its_first_version():
    first, second = (heard("status.update", edited_at=f"2026-11-22T12:0{minute}:00.000Z") for minute in (1, 2))
    assert first.id == second.id == post().id
    assert first.created_at == post().created_at
    assert 0 < first.version < second.version
    assert heard(edited_at="2026-11-22T12:01:00.000Z") == first  # edited before it came here


def test_a_delete_is_one_of_the_same_id():
    assert parse_event("delete", b"113", SERVER, NOW) == Delete("mastodon:tea.example/113", "mastodon", NOW)


@pytest.mark.parametrize("event", ["notification", "filters_changed", "conversation", "announcement", "message"])
def test_events_about_no_post_are_passed_over(event):
    assert parse_event(event, b"undefined", SERVER, NOW) is None


@pytest.mark.parametrize(("visibility", "taken"), [("public", 1), ("unlisted", 1), ("private", 0), ("direct", 0)])
def test_only_what_everybody_may_read_is_taken(visibility, taken):
    assert (heard(visibility=visibility) is not None) == taken


def test_a_boost_is_a_repost_with_the_text_of_its_original():
    original = status(id="7", content="<p>tea</p>", language="de", tags=[{"name": "tea"}])
    found = post(id="9", content="", language=None, reblog=original, account={"acct": "grace", "display_name": "Grace"})
    assert (found.id, found.kind, found.refers_to) == ("mastodon:tea.example/9", "repost", "mastodon:tea.example/7")
    assert (found.text, found.lang, found.hashtags, found.author.name) == ("tea", "de", ("tea",), "Grace")


@pytest.mark.parametrize(
    ("fields", "kind", "target"),
    [
        ({}, "original", None),
        ({"in_reply_to_id": "5"}, "reply", "mastodon:tea.example/5"),
        ({"quote": {"state": "accepted", "quoted_status": {"id": "6"}}}, "quote", "mastodon:tea.example/6"),
        ({"quote": {"state": "accepted", "quoted_status_id": "6"}}, "quote", "mastodon:tea.example/6"),
        ({"quote": {"state": "revoked", "quoted_status": None}}, "quote", None),
        ({"quote": None, "in_reply_to_id": "5"}, "reply", "mastodon:tea.example/5"),
    ],
)
def test_replies_and_quotes_refer_to_posts(fields, kind, target):
    found = post(**fields)
    assert (found.kind, found.refers_to) == (kind, target)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", ""),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one</p>\n<p>two</p>\n", "one\n\ntwo"),
        ("<p>one<br>two<br />three<br/><br/>four</p>", "one\ntwo\nthree\n\nfour"),
        ("<p>a &amp; b &lt;3 &#39;x&#39; &copy;</p>", "a & b <3 'x' ©"),
        ("<p>wrapped\n  in its source</p>", "wrapped in its source"),
        ("<p>x</p><pre><code>a\n  b</code></pre><p>y</p>", "x\n\na\n  b\n\ny"),
        ("<p>of</p><ul><li>one</li><li>two</li></ul>", "of\n\none\ntwo"),
        ("<blockquote><p>said</p></blockquote><p>so</p>", "said\n\nso"),
        ("plain, as other programs send it", "plain, as other programs send it"),
        ("<p>  two  spaces  </p>", "two  spaces"),
        ("<p>a<!-- b -->c<![d[e]]>f<!g>h<?i?>j<!", "acfhj"),
        ("<p>a < b <3 &unknown; &#xD800; </nothing> c</p>", "a < b <3 &unknown; \ufffd  c"),
        ("<p>never closed <b>bold <i>both", "never closed bold both"),
        ("<p>👩‍👩‍👧 日本 #tea</p>", "👩‍👩‍👧 日本 #tea"),
    ],
)
def test_content_is_the_text_that_it_shows(content, text):
    assert post(content=content).text == text


def test_a_link_that_is_shown_short_is_whole_and_mentions_and_tags_are_no_links():
    content = (
        '<p><span class="h-card"><a href="https://tea.example/@ada" class="u-url mention">@<span>ada</span></a></span> '
        '<a href="https://tea.example/tags/tea" class="mention hashtag" rel="tag">#<span>tea</span></a> '
        '<a href="https://example.org/a/long/way" rel="nofollow"><span class="invisible">https://</span>'
        '<span class="ellipsis">example.org/a/long</span><span class="invisible">/way</span></a></p>'
    )
    found = post(content=content, tags=[{"name": "tea"}], mentions=[{"acct": "ada"}])
    assert found.text == "@ada #tea https://example.org/a/long/way"
    assert found.urls == ("https://example.org/a/long/way",)
    assert (found.hashtags, found.mentions) == (("tea",), ("ada@tea.example",))


def test_the_link_that_stands_in_for_a_quote_is_left_out():
    content = '<p class="quote-inline">RE: <a href="https://tea.example/@g/6">tea.example/@g/6</a></p><p>so true</p>'
    quoting = post(content=content, quote={"state": "accepted", "quoted_status_id": "6"})
    assert (quoting.text, quoting.urls) == ("so true", ())
    assert post(content=content).text == "RE: tea.example/@g/6\n\nso true"


def test_a_warning_stands_before_the_text():
    assert post(spoiler_text="hot drinks").text == "hot drinks\n\ntea"


@pytest.mark.parametrize(
    ("fields", "permalink"),
    [({"url": None}, "https://tea.example/users/ada/statuses/113"), ({"url": {}, "uri": 7}, None)],
)
def test_the_permalink_is_for_people_where_there_is_one(fields, permalink):
    assert post(**fields).permalink == permalink


def junk(random):
    parts = [
        "<!",
        "<![a[",
        "]]>",
        "<!--",
        "-->",
        "<",
        ">",
        "&#",
        "&amp",
        "<a href=",
        "'",
        '"',
        "/",
        "<p",
        "</",
        "x",
        "\n",
    ]
    return "".join(random.choice(parts) for _ in range(random.randint(1, 30)))


def test_no_html_stops_the_reading():
    random = Random(7)
    for _ in range(3_000):
        assert isinstance(post(content=junk(random)).text, str)


@pytest.mark.parametrize("language", [None, "", 7, "no such language", "x" * 99])
def test_a_language_that_is_none_is_undetermined(language):
    assert post(language=language).lang == "und"


@pytest.mark.parametrize("data", [b"", b"{", b'{"id": "\\ud800"}'])
def test_what_is_no_json_says_so(data):
    with pytest.raises(UnreadableMessageError, match="not JSON"):
        parse_event("update", data, SERVER, NOW)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "without the id"),
        ({"id": "../1"}, "without the id"),
        ({"created_at": "soon"}, "time"),
        ({"created_at": None}, "time"),
        ({"content": None}, "`content`"),
        ({"content": "<" * 100_001}, "longer than 100,000"),
        ({"account": None}, "not a status"),
        ({"tags": [None]}, "not a status"),
        ({"edited_at": "soon"}, "time"),
    ],
)
def test_a_status_that_cannot_be_read_says_why(fields, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        heard(**fields)


@pytest.mark.parametrize(("event", "data"), [("update", b"[]"), ("update", b"7"), ("delete", b""), ("delete", b"{}")])
def test_an_event_of_another_shape_says_so(event, data):
    with pytest.raises(UnreadableMessageError):
        parse_event(event, data, SERVER, NOW)
