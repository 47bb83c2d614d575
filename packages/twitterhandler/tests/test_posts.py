import json
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.clock import format_time, parse_time
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import RAW_LIMIT, Dead, Delete, Gap, TopicEvent, dead, decode, encode, slug

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("airline:US Airways", "airline-us-airways"),
        ("topic:world-cup", "world-cup"),
        ("2013_Boston_Bombings", "2013-boston-bombings"),
        ("  --Déjà vu!! ", "déjà-vu"),
        ("Straße", "strasse"),
        ("ＷＯＲＬＤ　ＣＵＰ", "world-cup"),
        ("ワールドカップ 2026", "ワールドカップ-2026"),
        ("cats & dogs 🐱", "cats-dogs"),
        ("!?", ""),
    ],
)
def test_a_slug_is_letters_and_digits_joined_by_dashes(tag, expected):
    assert slug(tag) == expected


def test_a_post_on_the_wire_is_that_of_the_contract(post):
    made = post(
        kind="reply", refers_to="x:7", hashtags=("WorldCup",), mentions=("fifa",), urls=("https://example.org/a",)
    )
    assert json.loads(encode(made)) == {
        "schema": 1,
        "event": "post",
        "id": "x:1",
        "version": 0,
        "network": "x",
        "topics": ["world-cup"],
        "created_at": "2026-11-22T12:00:00.000Z",
        "received_at": "2026-11-22T12:00:00.000Z",
        "author": {"id": "x:42", "handle": "ada", "name": "Ada"},
        "text": "what a match",
        "lang": "en",
        "kind": "reply",
        "refers_to": "x:7",
        "hashtags": ["WorldCup"],
        "mentions": ["fifa"],
        "urls": ["https://example.org/a"],
        "permalink": None,
    }


def test_a_later_version_is_an_edit_on_the_wire(post):
    assert json.loads(encode(post(version=1)))["event"] == "edit"


def test_every_record_survives_the_wire(post):
    records = [
        post(text="línea 1\nline 2 🇬🇧 \u2028 \x00", lang="und"),
        post(version=2),
        Delete("x:1", "x", NOON),
        TopicEvent("world-cup", '"world cup" OR #WorldCup', "started", NOON),
        TopicEvent("tag", None, "deleted", NOON),
        Gap("gap:x:1", "x", ("a", "b"), NOON, NOON + timedelta(minutes=2), "disconnected", filled=True),
        dead(b'{"data": {"id"', "not JSON", NOON),
    ]
    for record in records:
        line = encode(record)
        assert b"\n" not in line
        assert decode(line) == record


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b'"text"', "no record"),
        (b"{}", "no record: KeyError 'schema'"),
        (b'{"schema": 99, "event": "post"}', "schema 99"),
        (b'{"schema": 1, "event": "poll"}', "event 'poll'"),
        (
            b'{"schema": 1, "event": "topic", "id": "a", "query": null, "state": "started", "at": "x"}',
            "`at` is no time",
        ),
    ],
)
def test_a_line_that_is_no_record_says_why(line, reason):
    with pytest.raises(UnreadableMessageError, match=reason):
        decode(line)


def test_a_dead_record_keeps_at_most_64_kib_and_is_the_same_for_the_same_bytes():
    raw = b"\xff" + "é".encode() * RAW_LIMIT
    record = dead(raw, "not JSON", NOON)
    assert len(record.raw.encode()) <= RAW_LIMIT
    assert record.raw.startswith("\N{REPLACEMENT CHARACTER}é")
    assert record == dead(raw, "not JSON", NOON)
    assert record.id != dead(raw + b"!", "not JSON", NOON).id
    assert isinstance(decode(encode(record)), Dead)


def test_times_are_read_with_and_without_fractions_and_written_in_milliseconds():
    assert parse_time("2026-11-22T12:00:00Z") == NOON
    assert parse_time("2026-11-22T13:00:00.5+01:00") == NOON + timedelta(milliseconds=500)
    assert format_time(NOON + timedelta(microseconds=999)) == "2026-11-22T12:00:00.000Z"
    assert parse_time("2026-11-22T13:00:00+01:00").tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["2026-11-22", "2026-11-22T12:00:00", "yesterday", "", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-01:00"],
)
def test_a_time_without_offset_or_beyond_the_calendar_is_none(text):
    with pytest.raises(ValueError):
        parse_time(text)
