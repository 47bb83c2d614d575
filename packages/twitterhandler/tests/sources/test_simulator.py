import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.errors import SettingError
from twitterhandler.query import Query, matching
from twitterhandler.sources import SimulatorSource, Stretch, default_topics
from twitterhandler.testing import FakeClock

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)


def heard(source, until=None):
    async def collect():
        posts = []
        async for post in source.records():
            if until and until(post):
                break
            posts.append(post)
        return posts

    return asyncio.run(collect())


def test_a_finite_stretch_is_the_same_whenever_it_is_played():
    stretch = Stretch(START, hours=0.25)
    first = heard(SimulatorSource(seed=3, rate=2, stretch=stretch, clock=FakeClock(NOW)))
    second = heard(SimulatorSource(seed=3, rate=2, stretch=stretch, clock=FakeClock(START)))
    assert first == second
    assert len(first) > 1_000
    assert {post.network for post in first} == {"sim"}
    assert all(post.id.startswith("sim:") and post.permalink is None and not post.topics for post in first)
    assert heard(SimulatorSource(seed=4, rate=2, stretch=stretch, clock=FakeClock(NOW))) != first


def test_a_stretch_takes_its_time_divided_by_the_speed():
    clock = FakeClock(NOW)
    heard(SimulatorSource(rate=1, stretch=Stretch(START, hours=1, speed=60), clock=clock))
    assert timedelta(seconds=59) < clock.now() - NOW < timedelta(seconds=61)


def test_live_it_begins_in_the_past_and_goes_on_at_the_pace_of_the_clock():
    clock = FakeClock(NOW)
    end = NOW + timedelta(minutes=5)
    posts = heard(
        SimulatorSource(rate=3, duplicates=0, history=timedelta(minutes=20), clock=clock),
        until=lambda post: post.created_at >= end,
    )
    past = [post for post in posts if post.created_at < NOW]
    assert timedelta(0) <= posts[0].created_at - (NOW - timedelta(minutes=20)) < timedelta(seconds=5)
    assert len(past) > 2_000
    assert all(NOW <= post.received_at < NOW + timedelta(seconds=2) for post in past)
    lags = [post.received_at - post.created_at for post in posts if post.created_at >= NOW]
    assert all(timedelta(seconds=0.1) < lag < timedelta(seconds=1.3) for lag in lags)


def test_started_again_it_repeats_the_same_past():
    def told(now):
        source = SimulatorSource(duplicates=0, history=timedelta(minutes=10), clock=FakeClock(now))
        posts = heard(source, until=lambda post: post.created_at >= now)
        return {(post.id, post.text) for post in posts if NOW - timedelta(minutes=2) <= post.created_at < NOW}

    assert told(NOW) == told(NOW + timedelta(minutes=7)) != set()


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0},
        {"rate": 1e9},
        {"duplicates": 1.5},
        {"stretch": Stretch(START, 0)},
        {"stretch": Stretch(START, 1, 0)},
    ],
)
def test_what_cannot_be_played_is_refused(options):
    with pytest.raises(SettingError):
        SimulatorSource(**options)


def test_the_default_topics_are_those_of_the_world():
    topics = default_topics()
    for topic in topics:
        topic.check()
    assert len(topics) >= 5
    assert {topic.state for topic in topics} == {"started"}
    queries = {topic.slug: Query.parse(topic.query) for topic in topics}
    posts = heard(SimulatorSource(stretch=Stretch(START, 0.2), clock=FakeClock(NOW)))
    assert {slug for post in posts for slug in matching(queries, post)} == set(queries)
