import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.errors import SettingError
from twitterhandler.posts import Dead, Gap
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
        {"outages": -1},
        {"outages": 13, "stretch": Stretch(START, 1)},
        {"dirty": 1.5},
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


def outages_of(**options):
    source = SimulatorSource(outages=2, duplicates=0.2, rate=2, clock=FakeClock(NOW), **options)
    records = heard(source, until=lambda record: record.end > NOW + timedelta(hours=1) if is_gap(record) else False)
    return [record for record in records if is_gap(record)], [record for record in records if not is_gap(record)]


def is_gap(record):
    return isinstance(record, Gap)


def test_in_an_outage_nothing_is_heard_and_its_end_tells_of_it():
    whole = heard(SimulatorSource(rate=2, duplicates=0.2, stretch=Stretch(START, hours=1), clock=FakeClock(NOW)))
    gaps, posts = outages_of(stretch=Stretch(START, hours=1))
    assert len(gaps) == 2
    for gap in gaps:
        assert timedelta(minutes=2) <= gap.end - gap.start <= timedelta(minutes=10)
        assert (gap.network, gap.reason, gap.filled) == ("sim", "simulated outage", False)
        assert not any(
            gap.start <= moment < gap.end for post in posts for moment in (post.created_at, post.received_at)
        )
    assert set(posts) <= set(whole)
    ids = {post.id for post in posts}
    lost = [post for post in whole if post.id not in ids]
    assert len(lost) > 100
    minutes = {gap.start.replace(second=0) + timedelta(minutes=n) for gap in gaps for n in range(11)}
    assert {post.created_at.replace(second=0, microsecond=0) for post in lost} <= minutes


def test_a_gap_is_told_before_what_is_heard_after_it():
    source = SimulatorSource(outages=3, rate=2, stretch=Stretch(START, hours=1), clock=FakeClock(NOW))
    records = heard(source)
    for index, gap in enumerate(records):
        if is_gap(gap):
            assert all(post.received_at < gap.start for post in records[:index] if not is_gap(post))
            assert all(post.received_at >= gap.end for post in records[index + 1 :] if not is_gap(post))


def test_live_there_is_one_of_ninety_seconds_in_each_twenty_minutes_whenever_it_is_started():
    gaps, posts = outages_of()
    assert [gap.end - gap.start for gap in gaps] == [timedelta(seconds=90)] * len(gaps)
    assert {int(gap.start.timestamp() // 1200) for gap in gaps} == set(range(*window_range(gaps)))
    assert len(gaps) >= 3
    assert any(post.created_at > NOW for post in posts)
    later = SimulatorSource(outages=1, rate=2, clock=FakeClock(NOW + timedelta(minutes=30)))
    again = heard(later, until=lambda record: is_gap(record) and record.end > NOW + timedelta(hours=1))
    assert {record.id for record in again if is_gap(record)} <= {gap.id for gap in gaps}


def window_range(gaps):
    return int(gaps[0].start.timestamp() // 1200), int(gaps[-1].start.timestamp() // 1200) + 1


def test_dirty_lines_come_besides_the_posts_and_say_what_is_wrong():
    stretch = Stretch(START, hours=0.5)
    clean = heard(SimulatorSource(rate=2, stretch=stretch, clock=FakeClock(NOW)))
    records = heard(SimulatorSource(rate=2, stretch=stretch, dirty=0.1, clock=FakeClock(NOW)))
    dead = [record for record in records if isinstance(record, Dead)]
    assert [record for record in records if not isinstance(record, Dead)] == clean
    assert 0.07 < len(dead) / len({post.id for post in clean}) < 0.13
    reasons = " ".join({record.reason for record in dead})
    for reason in ("not JSON: unexpected end", "KeyError 'id'", "schema 99 is", "UTF-8", "event 'applause'"):
        assert reason in reasons
