"""Whatever a network sends: a record that can be written, or a reason. Anything else would end the source."""

import copy
import json
from datetime import UTC, datetime
from random import Random

import pytest
from twitterhandler import bluesky_messages, mastodon_messages, x_messages
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import encode
from twitterhandler.sources.x.lines import ending, heard_until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIME = "2026-11-22T11:59:58.500Z"
ODD = [None, True, 0, -1, 2**63 - 1, 1.5, 1e308, "", "x", "²", "9" * 30, "1" * 4_400, [], [None], [[]], {}, [{}], ["x"]]
ODD += ["2026-13-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\0", "<![if", "<!-- ", "&#xD800;"]
FACET = {"index": {"byteStart": 4, "byteEnd": 8}, "features": [{"$type": "a#mention", "did": "did:plc:b"}]}
EMBED = {"record": {"uri": "at://did:plc:x/app.bsky.feed.post/1"}, "media": {"external": {"uri": "https://a.example"}}}
RECORD = {"createdAt": TIME, "text": "tea @ada", "langs": ["en"], "tags": ["tea"], "facets": [FACET], "embed": EMBED}
REPLY = {"reply": {"parent": {"uri": "at://did:plc:x/app.bsky.feed.post/2"}}}
COMMIT = {"rev": "3lk2345672a2b", "operation": "update", "collection": "app.bsky.feed.post", "rkey": "3lk2345672a2b"}
BLUESKY = {
    "did": "did:plc:ada",
    "time_us": 1_763_812_800_000_000,
    "kind": "commit",
    "commit": {**COMMIT, "record": {**RECORD, **REPLY}},
}
STATUS = {
    "id": "113",
    "url": "https://tea.example/@ada/113",
    "created_at": TIME,
    "edited_at": TIME,
    "in_reply_to_id": "3",
    "spoiler_text": "hot",
    "visibility": "public",
    "language": "en",
    "content": '<p>tea<br>or <a href="https://a.example">more</a></p><pre> of it</pre>',
    "account": {"acct": "ada", "display_name": "Ada"},
    "mentions": [{"acct": "bea"}],
    "tags": [{"name": "tea"}],
}
MASTODON = {**STATUS, "reblog": STATUS, "quote": {"quoted_status_id": "4", "quoted_status": {"id": "4"}}}
ENTITIES = {
    "hashtags": [{"start": 0, "end": 3, "tag": "cup"}],
    "mentions": [{"start": 1, "end": 4, "username": "bea"}],
    "urls": [{"url": "https://t.co/a", "expanded_url": "https://x.com/a/status/1780000000000000000"}],
}
TWEET = {"text": "RT @ada: tea &amp; #cup https://t.co/a…", "created_at": TIME, "author_id": "42", "entities": ENTITIES}
X = {
    "data": {
        **TWEET,
        "id": "1790000000000000001",
        "lang": "en",
        "referenced_tweets": [{"type": "retweeted", "id": "1780000000000000000"}],
        "edit_history_tweet_ids": ["1790000000000000000", "1790000000000000001"],
        "note_tweet": {"text": "long", "entities": ENTITIES},
    },
    "includes": {
        "users": [{"id": "42", "username": "ada", "name": "Ada"}],
        "tweets": [{**TWEET, "id": "1780000000000000000"}],
    },
    "matching_rules": [{"id": "1", "tag": "topic:tea"}],
}


def places(value, here=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*here, key)
        yield from places(part, (*here, key))


def spoilt(message, random):
    """The message with one to three of its parts left out or made odd."""
    message = copy.deepcopy(message)
    for _ in range(random.randint(1, 3)):
        *way, last = random.choice(list(places(message)) or [("data",)])
        part = message
        for key in way:
            part = part[key]
        if isinstance(part, dict) and random.random() < 0.2:
            part.pop(last, None)
        else:
            part[last] = copy.deepcopy(random.choice(ODD))
    return json.dumps(message).encode()


def of_bluesky(message):
    return bluesky_messages.parse_event(message, NOW).record


def of_mastodon(message):
    return mastodon_messages.parse_event("status.update", message, "tea.example", NOW)


def of_x(message):
    assert heard_until(message, NOW) <= NOW
    assert ending(message) is None or "data" not in json.loads(message)
    return x_messages.parse_message(message, NOW)


@pytest.mark.parametrize(("read", "whole"), [(of_bluesky, BLUESKY), (of_mastodon, MASTODON), (of_x, X)])
def test_what_is_spoilt_is_a_record_or_says_why_it_is_none(read, whole):
    random, records, reasons = Random(7), 0, 0
    assert read(json.dumps(whole).encode()) is not None
    for _ in range(4_000):
        try:
            record = read(spoilt(whole, random))
        except UnreadableMessageError:
            reasons += 1
        else:
            records += record is not None and bool(encode(record))
    assert min(records, reasons) > 400
