"""Each fault, and what tweepy 4.17 makes of it: some of them end its stream for good."""

import asyncio
import logging

import pytest
from twitterhandler.testing.xserver import Fault

FAULTS = {
    "unauthorized": "connect A closed status 401, connect D",
    "forbidden": "connect A closed status 403, connect D",
    "no_rules": "connect A closed status 409, connect D",
    "too_many_connections": "connect A closed status 429, connect D",
    "rate_limited": "connect A closed status 429, connect D",
    "usage_capped": "connect A closed status 429, connect D",
    "server_error": "connect A closed status 500, connect D",
    "unavailable": "connect A closed status 503, connect D",
    "refused": "connect A closed connect D",
    "slow_start": "connect A closed connect D",
    "eof": "connect A closed connect D",
    "rst": "connect A connection error, connect D",
    "no_last_chunk": "connect A connection error, connect D",
    "silence": "connect A connection error, connect D",
    "disconnect": "connect A no post, closed connect D",
    "problem_line": "connect A no post, B C D",
    "unknown_message": "connect A no post, B C D",
    "garbage": "connect A JSONDecodeError",
    "repeats": "connect A A B C D",
    "split_character": "connect A B C D",
    "split_end": "connect A B C D",
    "joined": "connect A B C D",
    "long_line": "connect A LineTooLong",
    "torn_line": "connect A JSONDecodeError",
    "eof_mid_object": "connect A JSONDecodeError",
    "rst_mid_object": "connect A connection error, connect D",
    "duplicate": "connect A B B C D",
    "disorder": "connect A C B D",
    "partial_errors": "connect A B C D",
}


def test_the_table_has_every_fault():
    assert set(FAULTS) == set(Fault.names())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_does_what_it_says_and_nothing_else(name, virtually, listening, caplog):
    caplog.set_level(logging.CRITICAL, logger="tweepy")

    async def main(x):
        async with listening(x) as client:
            x.push("A tea 茶")
            await asyncio.sleep(60)
            fault = Fault.named(name)
            x.fail(fault, *([Fault.eof()] if fault.refusal else []))
            x.push("B tea 茶", "C tea 茶")
            await asyncio.sleep(400)
            x.push("D tea 茶")
            await asyncio.sleep(1)
            return client, [delivery.id for delivery in x.deliveries if delivery.whole]

    client, sent = virtually(main)
    events = " ".join(event.removesuffix(" tea 茶") for event in client.events)
    assert events == FAULTS[name].replace(",", "")
    if "Error" not in events and "LineTooLong" not in events:
        assert client.ids == sent


DISCONNECTS = (
    "OperationalDisconnect",
    "UpstreamOperationalDisconnect",
    "ForceDisconnect",
    "UpstreamUncleanDisconnect",
    "SlowReader",
    "InternalError",
    "ClientApplicationStateDegraded",
    "InvalidRules",
)


@pytest.mark.parametrize("kind", DISCONNECTS)
@pytest.mark.parametrize(
    ("then", "after"),
    [("ends", ["closed", "connect", "tea"]), ("silence", ["connection error", "connect"]), ("goes on", ["tea"])],
)
def test_a_disconnect_of_every_kind_ends_the_stream_or_leaves_it_hanging(kind, then, after, virtually, listening):
    async def main(x):
        async with listening(x) as client:
            x.fail(Fault.disconnect(kind, then=then))
            await asyncio.sleep(0.01)
            x.push("tea")
            await asyncio.sleep(40)
            return client.events, client.responses[0].errors[0]

    events, error = virtually(main)
    assert events == ["connect", "no post", *after]
    assert (error["disconnect_type"], error["title"]) == (kind, "operational-disconnect")


def test_a_short_silence_delays_what_is_posted_in_it(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            x.fail(Fault.silence(15))
            x.push("tea")
            await asyncio.sleep(14)
            before = list(client.events)
            await asyncio.sleep(2)
            return before, client.events, len(x.connects)

    assert virtually(main) == (["connect"], ["connect", "tea"], 1)


@pytest.mark.parametrize(
    ("fault", "kind", "remaining"),
    [
        (Fault.too_many_connections(), "streaming-connection", "49"),
        (Fault.rate_limited(600), "blank", "0"),
        (Fault.usage_capped("Daily"), "usage-capped", "49"),
    ],
)
def test_the_three_429s_can_be_told_apart(fault, kind, remaining, virtually, session):
    async def main(x):
        x.fail(fault)
        async with session(x) as http:
            answer = await http.get("https://api.x.com/2/tweets/search/stream")
            return answer.status, await answer.json(), answer.headers, x.now()

    status, body, headers, now = virtually(main)
    assert status == 429
    assert body["type"].replace(":", "/").rpartition("/")[2] == kind
    assert headers["x-rate-limit-remaining"] == remaining
    assert int(headers["x-rate-limit-reset"]) - int(now.timestamp()) == (600 if remaining == "0" else 900)


def test_a_fault_is_asked_for_by_its_name():
    assert Fault.named("slow_start", seconds=3).refusal.delay == 3
    with pytest.raises(LookupError, match="there is no fault 'earthquake'; there are unauthorized, forbidden"):
        Fault.named("earthquake")
