import json
from datetime import UTC, datetime

import pytest
from twitterhandler.bluesky_messages import parse_event
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Author, Delete, Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = "did:plc:ada"
TIME_US = 1_795_348_800_123_456
FACET = "app.bsky.richtext.facet"


def record(**fields):
    return {
        "$type": "app.bsky.feed.post",
        "createdAt": "2026-11-22T11:59:58.5Z",
        "text": "tea",
        "langs": ["en"],
        **fields,
    }


def event(operation="create", time_us=TIME_US, **commit):
    content = {"record": record(), "cid": "bafy"} if operation != "delete" else {}
    whole = {"rev": "3mpt2n2x2222a", "operation": operation, "collection": "app.bsky.feed.post", "rkey": "3mpt"}
    return {"did": ADA, "time_us": time_us, "kind": "commit", "commit": {**whole, **content, **commit}}


def heard(message):
    return parse_event(json.dumps(message).encode(), NOW)


def post(**fields) -> Post:
    found = heard(event(record=record(**fields))).record
    assert isinstance(found, Post)
    return found


def facet(text, part, kind, **value):
    start = text.encode().index(part.encode())
    index = {"byteStart": start, "byteEnd": start + len(part.encode())}
    return {"index": index, "features": [{"$type": f"{FACET}#{kind}", **value}]}


def embedded(uri, kind="record"):
    return {"$type": f"app.bsky.embed.{kind}", "record": {"uri": uri, "cid": "bafy"}}


def test_a_created_record_is_a_post():
    found = heard(event())
    assert found.cursor == TIME_US
    assert found.at == datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
    assert found.record == Post(
        id="bluesky:did:plc:ada/3mpt",
        network="bluesky",
        topics=(),
        created_at=datetime(2026, 11, 22, 11, 59, 58, 500000, tzinfo=UTC),
        received_at=NOW,
        author=Author(id="bluesky:did:plc:ada", handle=ADA, name=ADA),
        text="tea",
        lang="en",
        permalink="https://bsky.app/profile/did:plc:ada/post/3mpt",
    )


def test_an_updated_record_is_an_edit_whose_version_is_the_time_of_its_revision():
    first = heard(event("update", rev="3mpt2n2x2222a")).record
    later = heard(event("update", rev="3mpt2n3x2222a", time_us=TIME_US - 5_000_000)).record
    assert isinstance(first, Post)
    assert isinstance(later, Post)
    assert first.id == later.id == "bluesky:did:plc:ada/3mpt"
    assert 0 < first.version < later.version < 2**53
    assert heard(event("update", rev="?")).record.version == TIME_US // 1000


def test_a_revision_is_a_time_in_base_32():
    assert heard(event("update", rev="3jzfcijpj2z2a")).record.version == 1_688_137_381_887


def test_a_deleted_record_is_a_delete_of_the_same_id():
    assert heard(event("delete")).record == Delete("bluesky:did:plc:ada/3mpt", "bluesky", NOW)


@pytest.mark.parametrize(
    "message",
    [
        {"did": ADA, "time_us": TIME_US, "kind": "identity", "identity": {"did": ADA, "handle": "ada.test", "seq": 1}},
        *(
            {"did": ADA, "time_us": TIME_US, "kind": "account", "account": {"active": False, "status": status}}
            for status in ("takendown", "deleted", "suspended", "deactivated")
        ),
        event(collection="app.bsky.feed.repost", record={"subject": {"uri": f"at://{ADA}/app.bsky.feed.post/3"}}),
        event("delete", collection="app.bsky.feed.like"),
    ],
)
def test_what_is_about_no_post_is_passed_over_and_moves_the_cursor(message):
    found = heard(message)
    assert (found.cursor, found.record) == (TIME_US, None)


def test_offsets_of_facets_are_bytes():
    text = "👩‍👩‍👧 Übung mit @grace.test über #Tee 日本"
    facets = [facet(text, "@grace.test", "mention", did="did:plc:grace"), facet(text, "#Tee", "tag", tag="Tee")]
    found = post(text=text, facets=facets)
    assert (found.text, found.mentions, found.hashtags) == (text, ("grace.test",), ("Tee",))


@pytest.mark.parametrize(
    "index", [{}, {"byteStart": 2, "byteEnd": 900}, {"byteStart": 1, "byteEnd": 3}, {"byteStart": "0"}]
)
def test_a_mention_whose_place_is_wrong_is_known_by_its_did(index):
    facets = [{"index": index, "features": [{"$type": f"{FACET}#mention", "did": "did:plc:grace"}]}]
    assert post(text="é @grace", facets=facets).mentions == ("did:plc:grace",)


def test_tags_and_links_stand_in_facets_lists_and_cards():
    text = "see example.org #tea"
    found = post(
        text=text,
        facets=[
            facet(text, "example.org", "link", uri="https://example.org/a"),
            facet(text, "#tea", "tag", tag="tea"),
            facet(text, "see", "future", colour="red"),
        ],
        tags=["tea", "Matcha"],
        embed={"$type": "app.bsky.embed.external", "external": {"uri": "https://example.org/b", "title": "B"}},
    )
    assert found.hashtags == ("tea", "Matcha")
    assert found.urls == ("https://example.org/a", "https://example.org/b")


@pytest.mark.parametrize(
    ("fields", "kind", "target"),
    [
        ({}, "original", None),
        ({"embed": {"$type": "app.bsky.embed.images", "images": []}}, "original", None),
        ({"embed": embedded("at://did:plc:g/app.bsky.feed.post/3k")}, "quote", "bluesky:did:plc:g/3k"),
        ({"embed": embedded("at://did:plc:g/app.bsky.graph.list/3k")}, "original", None),
        ({"embed": embedded("https://example.org")}, "original", None),
        ({"reply": {"parent": {"uri": "at://did:plc:g/app.bsky.feed.post/3k"}}}, "reply", "bluesky:did:plc:g/3k"),
        (
            {
                "embed": embedded("at://did:plc:q/app.bsky.feed.post/3q"),
                "reply": {"parent": {"uri": "at://did:plc:g/app.bsky.feed.post/3k"}},
            },
            "quote",
            "bluesky:did:plc:q/3q",
        ),
    ],
)
def test_quotes_and_replies_refer_to_posts(fields, kind, target):
    found = post(**fields)
    assert (found.kind, found.refers_to) == (kind, target)


def test_a_quote_with_a_picture_or_a_card_keeps_both():
    quoted = {"record": {"uri": "at://did:plc:g/app.bsky.feed.post/3k", "cid": "bafy"}}
    media = {"$type": "app.bsky.embed.external", "external": {"uri": "https://example.org/b"}}
    found = post(embed={"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": media})
    assert (found.kind, found.refers_to, found.urls) == ("quote", "bluesky:did:plc:g/3k", ("https://example.org/b",))


@pytest.mark.parametrize(
    ("langs", "lang"),
    [(["pt-BR", "en"], "pt-BR"), ([], "und"), (None, "und"), ([7], "und"), (["x" * 90], "und"), (["no such"], "und")],
)
def test_the_language_is_the_first_that_is_one(langs, lang):
    assert post(langs=langs).lang == lang


@pytest.mark.parametrize(
    "written", ["yesterday", "2026-11-22T12:00:00", "0001-01-01T00:00:00+14:00", "9999-01-01T00:00:00Z", None, 7]
)
def test_a_time_that_is_none_is_that_of_the_message(written):
    assert post(createdAt=written).created_at == datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_time_may_be_the_author_s_invention():
    assert post(createdAt="1999-01-01T00:00:00.123456789Z").created_at.year == 1999


def test_a_text_is_never_altered():
    text = "  a &amp; b\u0000\n\n#tea  "
    assert post(text=text).text == text


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "not JSON"),
        (b'{"did": "did:plc:ada", "time_', "not JSON"),
        (b'{"did": "\\ud800"}', "not JSON"),
        (b"\x28\xb5\x2f\xfd", "not JSON"),
        (b"[]", "not an event"),
        (b"7", "not an event"),
        (b'{"$type": "error", "error": "ConsumerTooSlow"}', "not an event"),
    ],
)
def test_what_is_no_event_says_so(message, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        parse_event(message, NOW)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({**event(), "kind": "sync"}, "kind 'sync'"),
        ({**event(), "time_us": "soon"}, "time_us"),
        ({**event(), "time_us": 2**60}, "time_us"),
        ({**event(), "did": "ada"}, "without a DID"),
        ({**event(), "commit": None}, "not an event"),
        (event("create", rkey=""), "record's key"),
        (event("create", record=None), "not an event"),
        (event("create", record={"createdAt": "2026-11-22T12:00:00Z"}), "not an event"),
        (event("create", record=record(text=None)), "without text"),
        (event("create", record=record(facets=[7])), "not an event"),
        (event("create", record=record(embed="no")), "not an event"),
        (event("merge"), "operation 'merge'"),
    ],
)
def test_an_event_that_cannot_be_read_says_why(message, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        heard(message)
