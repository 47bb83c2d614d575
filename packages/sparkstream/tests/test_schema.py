import json

import pytest
from factories import NOON, encode, gap, record, topic_event
from sparkstream.schema import (
    MAX_LINE,
    MAX_RAW,
    MAX_REASON,
    MAX_TOPICS,
    DeadLetter,
    Delete,
    Gap,
    Post,
    TopicEvent,
    parse,
)
from sparkstream.times import DAY, MINUTE, format_time

PLACE = "spool:1234"


def read(line):
    return parse(line, place=PLACE, now=NOON)


def without(name, value=None):
    whole = value or record()
    return {key: part for key, part in whole.items() if key != name}


def test_a_post_is_read_and_kept_whole():
    line = record(
        "x:7", NOON, topics=["tea", "coffee", "tea"], hashtags=["Tea"], mentions=["bob"], urls=["https://a.b"]
    )
    post = read(encode(line))
    assert isinstance(post, Post)
    assert (post.id, post.topics, post.event_time, post.received_at) == ("x:7", ("tea", "coffee"), NOON, NOON + 900)
    assert (post.author, post.lang, post.kind) == ("x:ada", "en", "original")
    assert (post.hashtags, post.mentions, post.urls) == (("Tea",), ("bob",), ("https://a.b",))
    assert post.record == line


def test_a_text_may_be_empty_and_lists_may_be_missing():
    line = {key: value for key, value in record(text="").items() if key not in ("hashtags", "mentions", "urls")}
    post = read(encode(line))
    assert isinstance(post, Post)
    assert post.hashtags == post.mentions == post.urls == ()


def test_a_topic_event_is_read():
    assert read(encode(topic_event(query='"green tea" OR #Tea'))) == TopicEvent(
        "tea", '"green tea" OR #Tea', "started", NOON
    )
    assert read(encode(topic_event(query=None, state="deleted"))) == TopicEvent("tea", None, "deleted", NOON)


def test_an_edit_is_a_post_with_a_version():
    edit = read(encode(record(event="edit", version=2)))
    assert isinstance(edit, Post)
    assert edit.version == 2


def test_a_delete_is_read():
    line = {"schema": 1, "event": "delete", "id": "x:7", "network": "x", "received_at": format_time(NOON)}
    assert read(encode(line)) == Delete("x:7", "x", NOON)


def test_a_gap_is_read():
    line = gap(NOON, NOON + MINUTE, filled=True)
    assert read(encode(line)) == Gap(f"gap:{NOON}", "x", ("tea",), NOON, NOON + MINUTE, "disconnected", True)


def test_a_dead_letter_of_the_collector_keeps_its_own_id_and_reason():
    line = {"schema": 1, "event": "dead", "id": "dead:1", "raw": "{", "reason": "not JSON", "at": format_time(NOON)}
    assert read(encode(line)) == DeadLetter("dead:1", "{", "not JSON", NOON)


def test_a_dead_letter_of_the_collector_is_bounded():
    line = {
        "schema": 1,
        "event": "dead",
        "id": "d",
        "raw": "r" * 100_000,
        "reason": "w" * 9_000,
        "at": format_time(NOON),
    }
    letter = read(encode(line))
    assert (len(letter.raw), len(letter.reason)) == (MAX_RAW, MAX_REASON)


BAD = {
    "a torn line": (encode(record())[:-20], "not JSON"),
    "an empty object": (b"{}", "schema None"),
    "no JSON at all": (b"post 1 came in", "not JSON"),
    "a list": (b"[1]", "this is list"),
    "a number": (b"7", "this is int"),
    "invalid UTF-8": (encode(record()).replace(b"kettle", b"k\xff\xfettle"), "not JSON"),
    "half a surrogate pair": (encode(record()).replace(b"kettle", rb"k\ud83dttle"), "not JSON"),
    "NaN": (b'{"schema": NaN}', "not JSON"),
    "2 MB": (encode(record(text="x" * (2 << 20))), f"more than {MAX_LINE:,}"),
    "schema 99": (encode(record(schema=99)), "schema 99 is not known"),
    "no schema": (encode(without("schema")), "schema None is not known"),
    "a schema that is a novel": (encode(record(schema="x" * 10_000)), "schema 'xxx"),
    "an unknown event": (encode(record(event="like")), "event 'like' is not known"),
    "an event of later times": (encode(record(event="poll")), "event 'poll' is not known"),
    "an event that is a list": (encode(record(event=["post"])), "event ['post'] is not known"),
    "no id": (encode(without("id")), "id is missing"),
    "an empty id": (encode(record("")), "id is missing"),
    "an id that is a number": (encode(record(7)), "id is missing or no text"),
    "a version below 0": (encode(record(version=-1)), "version is no number"),
    "an id of a topic": (encode(record("topic:tea")), "is a topic's, not a post's"),
    "a version beyond all numbers": (encode(record(version=10**19)), "version is no number"),
    "a version that is a text": (encode(record(version="2")), "version is no number"),
    "a version that is true": (encode(record(version=True)), "version is no number"),
    "no text": (encode(without("text")), "text is missing"),
    "no time": (encode(without("created_at")), "created_at is missing"),
    "a time that is none": (encode(record(created_at="soon")), "created_at is missing or no time"),
    "a time without offset": (encode(record(created_at="2026-11-22T12:00:00")), "created_at"),
    "a time in seconds": (encode(record(received_at=1795348800)), "received_at"),
    "a time before 1970": (encode(record(created_at="1969-12-31T00:00:00Z")), "from 1970 to 2999"),
    "a time in the year 9999": (encode(record(created_at="9999-12-31T23:59:59-12:00")), "from 1970 to 2999"),
    "no author": (encode(without("author")), "author is not an object"),
    "an author without id": (encode(record() | {"author": {"handle": "ada"}}), "id is missing"),
    "no topics": (encode(record(topics=[])), "topics is missing or empty"),
    "a topic that is a number": (encode(record(topics=[1])), "topics is not a list of texts"),
    "a topic with a slash": (encode(record(topics=["a/b"])), "the topic 'a/b' is no slug"),
    "a topic with a space": (encode(record(topics=["a b"])), "the topic 'a b' is no slug"),
    "a topic with a NUL": (encode(record(topics=["a\0b"])), "is no slug"),
    "an empty topic": (encode(record(topics=[""])), "is no slug"),
    "too many topics": (encode(record(topics=[f"t{n}" for n in range(MAX_TOPICS + 1)])), f"more than {MAX_TOPICS}"),
    "hashtags that are a text": (encode(record(hashtags="tea")), "hashtags is not a list"),
    "an unknown kind": (encode(record(kind="poem")), "kind 'poem' is none of"),
    "a language that is none": (encode(record(lang="e" * 36)), "lang has 36 characters"),
    "an array 300 deep": (encode(record()).replace(b'"ada"', b"[" * 300 + b"]" * 300, 1), "more than 32 deep"),
    "an array too deep to read": (b"[" * 5_000 + b"]" * 5_000, "not JSON"),
    "an unknown state of a topic": (encode(topic_event(state="paused")), "state 'paused' is none of"),
    "a query that is a number": (encode(topic_event(query=1)), "query is neither text nor null"),
    "a gap that runs backwards": (encode(gap(NOON, NOON - 1)), "ends before it begins"),
}


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_a_dead_letter_with_its_reason(line, reason):
    letter = read(line)
    assert isinstance(letter, DeadLetter)
    assert reason in letter.reason
    assert (letter.id, letter.at) == (PLACE, NOON)
    assert letter.raw == line[:MAX_RAW].decode("utf-8", "replace")
    assert len(letter.reason) <= MAX_REASON


def test_brackets_in_a_text_are_not_depth():
    assert isinstance(read(encode(record(text="[{" * 500))), Post)


def test_what_a_later_collector_adds_to_a_record_is_kept():
    post = read(encode(record() | {"place": {"country": "NZ"}}))
    assert isinstance(post, Post)
    assert post.record["place"] == {"country": "NZ"}


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize(
    ("off", "believed"), [(5 * MINUTE, True), (5 * MINUTE + 1, False), (-DAY, True), (-DAY - 1, False)]
)
def test_a_time_that_its_author_set_is_believed_within_five_minutes_and_a_day(network, off, believed):
    line = record(network=network, created_at=format_time(NOON + off), received_at=format_time(NOON))
    post = read(encode(line))
    assert isinstance(post, Post)
    assert post.event_time == (NOON + off if believed else NOON)
    assert post.record["created_at"] == line["created_at"]


def test_the_time_of_x_is_the_networks_own_and_believed():
    post = read(encode(record(created_at=format_time(NOON - 3 * DAY), received_at=format_time(NOON))))
    assert isinstance(post, Post)
    assert post.event_time == NOON - 3 * DAY


def test_every_escape_of_json_is_read():
    post = read(json.dumps(record(text='"\\/\0\n\u2028 😀 \u202e')).encode())
    assert isinstance(post, Post)
    assert post.text == '"\\/\0\n\u2028 😀 \u202e'


@pytest.mark.parametrize("network", ["x", "bluesky", "sim"])
def test_a_post_from_the_future_falls_on_its_receipt_and_keeps_what_was_said(network):
    ahead = record(at=NOON + 400 * DAY, network=network, received_at=format_time(NOON))
    post = read(encode(ahead))
    assert post.event_time == NOON
    assert post.record["created_at"] == format_time(NOON + 400 * DAY)
    assert read(encode(record(at=NOON + 5 * MINUTE, network=network, received_at=format_time(NOON)))).event_time > NOON
