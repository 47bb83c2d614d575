"""What can go wrong, each alone and in 200 random sequences: nothing is lost but what lies in a recorded gap.

All of it in virtual time, over real sockets, through unmodified tweepy; each sequence follows from its seed.
"""

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from sources.x.collecting import RULE_DELAY, TOPICS, collecting, covered, longest_window, lost
from twitterhandler.posts import Dead, Post
from twitterhandler.testing.xserver import Fault, Manners

EXCESS = 25.0
"""Seconds by which a gap may exceed the silence that a fault itself imposes."""
WARM = 90.0
CALM = 150.0
KINDS = (
    "OperationalDisconnect",
    "UpstreamOperationalDisconnect",
    "ForceDisconnect",
    "UpstreamUncleanDisconnect",
    "SlowReader",
    "InternalError",
    "ClientApplicationStateDegraded",
    "InvalidRules",
)
TEXTS = ("rain", "snow", "tea", "rain and snow", "tea in the rain 茶", "sun")


@dataclass(frozen=True)
class Case:
    """Faults that belong together; `silence` is what they impose on whoever listens, whatever it does."""

    faults: tuple[Fault, ...]
    silence: float = 0.0
    dead: int = 0


def refused(fault, silence=0.0):
    """Who is connected asks for no connection: a refusal needs an end before it."""
    return Case((fault, Fault.eof()), silence)


HARMLESS = {
    "a chunk that ends inside of a character": Case((Fault.split_character(),)),
    r"a chunk that ends between \r and \n": Case((Fault.split_end(),)),
    "several posts in one chunk": Case((Fault.joined(),)),
    "a line of 600 kB": Case((Fault.long_line(),)),
    "a message of an unknown type": Case((Fault.unknown_message(),), dead=1),
    "a line that is no JSON": Case((Fault.garbage(),), dead=1),
    "a line that is no UTF-8": Case((Fault.garbage(b'{"data": {"id": "\xff\xfe"}}'),), dead=1),
    "half a line": Case((Fault.torn_line(),), dead=1),
    "a line of more than 1 MiB": Case((Fault.garbage(b"[" + b" " * 1_200_000 + b"]"),), dead=1),
    "a duplicate": Case((Fault.duplicate(),)),
    "posts out of order": Case((Fault.disorder(),)),
    "repeats": Case((Fault.repeats(),)),
    "errors beside a post": Case((Fault.partial_errors(),)),
    "a pause shorter than a stall": Case((Fault.silence(15.0),)),
}
BREAKING = {
    "the end": Case((Fault.eof(),)),
    "a reset": Case((Fault.rst(),)),
    "a missing last chunk": Case((Fault.no_last_chunk(),)),
    "silence": Case((Fault.silence(),)),
    "the end in mid-object": Case((Fault.eof_mid_object(),), dead=1),
    "a reset in mid-object": Case((Fault.rst_mid_object(),)),
    "a problem at the top level of a line": Case((Fault.problem_line(),)),
    "a line of more than 2 MiB": Case((Fault.garbage(b"[" + b" " * 2_200_000 + b"]"),), dead=1),
    **{f"{kind}, then the end": Case((Fault.disconnect(kind),)) for kind in KINDS},
    **{f"{kind}, then silence": Case((Fault.disconnect(kind, then="silence"),)) for kind in KINDS},
    "no rules": refused(Fault.no_rules()),
    "too many connections": refused(Fault.too_many_connections()),
    "a rate limit": refused(Fault.rate_limited(40.0), 41.0),
    "500": refused(Fault.server_error()),
    "503 as HTML": refused(Fault.unavailable()),
    "503 as JSON": refused(Fault.unavailable(html=False)),
    "a reset instead of an answer": refused(Fault.refused()),
    "a late answer": refused(Fault.slow_start(8.0), 8.0),
    "an answer that never comes": refused(Fault.slow_start(1e9), 23.0),
}
MANNERS = {
    "plain": Manners(rule_delay=RULE_DELAY),
    "compressed": Manners(rule_delay=RULE_DELAY, gzip=True),
    "ids as numbers, no tags, the new names": Manners(
        rule_delay=RULE_DELAY, number_ids=True, tags="null", spelling="post"
    ),
}


async def chat(x, random, seconds):
    """Posts now and then, with pauses in which only keep-alives come."""
    end = asyncio.get_running_loop().time() + seconds
    number = len(x.published)
    while (now := asyncio.get_running_loop().time()) < end:
        number += 1
        x.push(f"{random.choice(TEXTS)} {number}")
        pause = random.uniform(20, 50) if random.random() < 0.02 else random.uniform(0.2, 4)
        await asyncio.sleep(min(pause, end - now))


def length(gap):
    return (gap.end - gap.start).total_seconds()


def check(x, collector, silence, faults):
    """What holds after any faults whose silences are `silence` in all."""
    assert collector.ingest.status().state == "running"
    assert lost(x, collector) == []
    posts = collector.of(Post)
    sent = {f"x:{published.id}": published for published in x.published}
    for post in posts:
        assert post.topics == tuple(rule.tag.removeprefix("topic:") for rule in sent[post.id].rules)
        assert post.text == sent[post.id].message.data["text"]
    assert len({post.text: post.id for post in posts}) == len({post.id for post in posts}) == len(posts)
    after = [gap for gap in collector.gaps if gap.start > x.connections[0].opened_at and ":" not in gap.id[6:]]
    assert sum(map(length, after)) <= silence + EXCESS * faults
    assert longest_window(x.connects) <= 50
    for (earlier, opened), later in zip(pairwise_opened(x), x.connects[1:], strict=True):
        healthy = opened is not None and opened >= 60
        assert healthy or later - earlier >= timedelta(seconds=0.25 + (opened or 0))
    return after


def pairwise_opened(x):
    """For each connect but the last: when it was asked for, and for how long there was a connection."""
    connections = list(x.connections)
    for asked, following in pairwise(x.connects):
        found = [c for c in connections if asked <= c.opened_at < following]
        lasted = sum(((c.closed_at or following) - c.opened_at).total_seconds() for c in found)
        yield asked, lasted if found else None


@pytest.mark.parametrize("manners", MANNERS.values(), ids=MANNERS)
@pytest.mark.parametrize("case", HARMLESS.values(), ids=HARMLESS)
def test_what_ends_nothing_costs_nothing(case, manners):
    async def story(x, collector):
        random = Random(7)
        await chat(x, random, WARM)
        x.fail(*case.faults)
        await chat(x, random, 60)
        assert check(x, collector, 0, 0) == []
        assert len(x.connections) == 1
        assert len(collector.of(Dead)) == case.dead

    collecting(story, manners=manners)


@pytest.mark.parametrize("case", BREAKING.values(), ids=BREAKING)
def test_what_ends_a_connection_costs_the_time_until_the_next(case):
    async def story(x, collector):
        random = Random(7)
        await chat(x, random, WARM)
        x.fail(*case.faults)
        await chat(x, random, 120)
        (gap,) = check(x, collector, case.silence, 1)
        assert gap.topics == tuple(topic.slug for topic in TOPICS)
        assert len(collector.of(Dead)) == case.dead
        assert collector.source.troubles == ()
        assert collector.of(Post)[-1].received_at > gap.end

    collecting(story)


def test_the_table_has_every_fault():
    fatal = {"unauthorized", "forbidden", "usage_capped"}  # they stop the collector, see test_source
    listed = {fault.name for case in (HARMLESS | BREAKING).values() for fault in case.faults}
    assert listed | fatal == set(Fault.names())


def test_a_slot_that_x_frees_late_is_asked_for_until_it_is_free():
    async def story(x, collector):
        await chat(x, Random(7), WARM)
        x.fail(Fault.silence())
        await chat(x, Random(7), 200)
        (gap,) = check(x, collector, 23 + 40, 1)
        assert [request.status for request in x.requests].count(429) > 1
        assert length(gap) > 40

    collecting(story, manners=Manners(rule_delay=RULE_DELAY, slot_linger=40.0))


@pytest.mark.parametrize("down", [1.0, 30.0, 600.0])
def test_a_server_that_is_away_is_found_soon_after_it_is_back(down):
    async def story(x, collector):
        await chat(x, Random(7), WARM)
        await x.stop()
        await chat(x, Random(7), down)
        await x.start()
        await chat(x, Random(7), 60)
        (gap,) = check(x, collector, down, 1)
        assert length(gap) >= down
        assert "X closed it" in gap.reason or "it broke" in gap.reason

    collecting(story)


EVENTS = list((HARMLESS | BREAKING).values())


@pytest.mark.parametrize("tens", range(20))
def test_random_sequences_of_faults_lose_nothing_outside_of_gaps(tens):
    for seed in range(10 * tens, 10 * tens + 10):
        play(seed)


def play(seed):
    random = Random(seed)
    cases = random.choices(EVENTS, k=random.randint(3, 6))

    async def story(x, collector):
        await chat(x, random, random.uniform(1, 90))
        for case in cases:
            x.fail(*case.faults)
            await chat(x, random, random.choice([0, 1, 10, 60]) * random.random())
        await chat(x, random, CALM)
        check(x, collector, sum(case.silence for case in cases), len(cases))
        assert x.connections[-1].closed_at is None
        assert collector.source.troubles == ()

    collecting(story, manners=random.choice(list(MANNERS.values())), seed=seed)


def test_a_gap_that_covers_everything_would_be_found_out():
    """The bound is no empty one: what is heard between two faults is in no gap."""

    async def story(x, collector):
        random = Random(7)
        for _ in range(3):
            await chat(x, random, WARM)
            x.fail(Fault.rst())
        await chat(x, random, WARM)
        heard = [post for post in collector.of(Post) if covered(collector.gaps, post.topics[0], post.received_at)]
        assert len(heard) < 0.1 * len(collector.of(Post))
        assert math.isclose(len(collector.of(Post)), sum(bool(p.rules) for p in x.published), abs_tol=20)

    collecting(story)
