import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Delete, Post, TopicEvent, decode
from twitterhandler.testing import simulated_day

START = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def day():
    return simulated_day(seed=11, posts=8_000)


def test_matching_finds_what_the_world_knows(day):
    matched = defaultdict(set)
    for post in day.posts:
        for slug in post.topics:
            matched[slug].add(post.id)
    assert matched == day.expected
    assert len(day.expected) >= 5
    assert min(map(len, day.expected.values())) > 400
    assert any(len(post.topics) == 2 for post in day.posts)


@pytest.mark.parametrize("seed", range(20, 26))
def test_matching_finds_it_for_other_seeds_too(seed):
    day = simulated_day(seed=seed, posts=2_000)
    assert {slug: {post.id for post in day.posts if slug in post.topics} for slug in day.expected} == day.expected


def test_the_same_day_twice_is_the_same_to_the_byte(day):
    assert simulated_day(seed=11, posts=8_000).lines == day.lines
    assert simulated_day(seed=12, posts=8_000).lines != day.lines


def test_lines_are_topics_first_then_posts_and_their_copies(day):
    records = [decode(line) for line in day.lines]
    topics = [record for record in records if isinstance(record, TopicEvent)]
    posts = [record for record in records if isinstance(record, Post)]
    assert records == [*topics, *posts]
    assert {topic.id for topic in topics} == set(day.expected)
    assert list({post.id: post for post in reversed(posts)}.keys() ^ {post.id for post in day.posts}) == []
    assert [post.received_at for post in posts] == sorted(post.received_at for post in posts)


def test_a_share_of_the_posts_comes_again_some_seconds_later(day):
    lines = [json.loads(line) for line in day.lines if b'"event":"post"' in line]
    copies = Counter(line["id"] for line in lines)
    assert len(copies) == len(day.posts)
    assert 0.04 < sum(number == 2 for number in copies.values()) / len(copies) < 0.06
    versions = defaultdict(list)
    for line in lines:
        versions[line["id"]].append(line)
    for first, second in (pair for pair in versions.values() if len(pair) == 2):
        assert first["received_at"] < second["received_at"]
        assert {**first, "received_at": ""} == {**second, "received_at": ""}
    assert simulated_day(posts=300, duplicates=0).lines[6:] == [
        line for line in simulated_day(posts=300, duplicates=0).lines if b'"event":"post"' in line
    ]


def test_there_are_about_as_many_posts_as_were_asked_for_all_within_the_day(day):
    assert 7_000 < len(day.posts) < 9_000
    assert all(START <= post.created_at < START + timedelta(days=1) for post in day.posts)
    assert len({post.id for post in day.posts}) == len(day.posts)


def test_kinds_refer_to_posts_that_were_written_before(day):
    by_id = {post.id: post for post in day.posts}
    kinds = Counter(post.kind for post in day.posts)
    assert set(kinds) == {"original", "repost", "quote", "reply"}
    assert min(kinds.values()) > 300
    for post in day.posts:
        if post.kind == "original":
            assert post.refers_to is None
            continue
        target = by_id[post.refers_to]
        assert target.created_at <= post.created_at
        if post.kind == "repost":
            assert (post.text, post.hashtags, post.lang) == (target.text, target.hashtags, target.lang)
        if post.kind == "reply":
            assert post.mentions[0] == target.author.handle
            assert post.text.startswith(f"@{target.author.handle} ")


def test_fields_say_what_the_text_holds(day):
    for post in day.posts:
        assert all(f"#{tag}" in post.text for tag in post.hashtags)
        assert all(f"@{handle}" in post.text for handle in post.mentions)
        assert all(url in post.text for url in post.urls)
        assert "{" not in post.text
        assert len(post.text) <= 280


def test_people_post_in_their_language_and_a_few_post_most(day):
    languages = defaultdict(set)
    for post in day.posts:
        if post.kind != "repost":
            languages[post.author.id].add(post.lang)
    assert all(len(found) == 1 for found in languages.values())
    assert {"en", "es", "de", "fr", "pt", "ja", "ar"} <= {post.lang for post in day.posts}
    authors = Counter(post.author.id for post in day.posts)
    assert len(authors) > 400
    assert len({post.author.handle for post in day.posts}) == len(authors)
    assert sum(number for _, number in authors.most_common(len(authors) // 10)) > 0.3 * len(day.posts)


def test_the_day_has_its_rhythm_and_one_spike_with_terms_of_its_own(day):
    hours = Counter(post.created_at.hour for post in day.posts if "shootout" not in post.text.lower())
    assert sum(hours[hour] for hour in (18, 19, 20, 21)) > 1.5 * sum(hours[hour] for hour in (6, 7, 8, 9))
    spike = [post for post in day.posts if "shootout" in post.text.lower() and post.kind == "original"]
    assert len(spike) > 60
    assert {post.topics for post in spike} == {("world-cup",)}
    assert spike[-1].created_at - spike[0].created_at < timedelta(minutes=40)


def test_an_outage_takes_posts_out_and_puts_a_gap_in(day):
    holed = simulated_day(seed=11, posts=8_000, outages=4)
    assert [decode(line) for line in holed.lines if b'"event":"gap"' in line] == holed.gaps
    assert len(holed.gaps) == 4
    assert all(set(gap.topics) == set(day.expected) for gap in holed.gaps)
    matched = {slug: {post.id for post in holed.posts if slug in post.topics} for slug in holed.expected}
    assert matched == holed.expected
    lost = {post.id: post for post in day.posts if post.id not in {post.id for post in holed.posts}}
    assert len(lost) > 20
    assert all(
        any(gap.start - timedelta(seconds=2) <= post.created_at < gap.end for gap in holed.gaps)
        for post in lost.values()
    )
    assert not any(gap.start <= post.created_at < gap.end for gap in holed.gaps for post in holed.posts)


def test_broken_lines_come_besides_the_others(day):
    dirty = simulated_day(seed=11, posts=8_000, dirty=0.02)
    broken = set(dirty.broken)
    assert [line for line in dirty.lines if line not in broken] == day.lines
    assert 100 < len(dirty.broken) < 250
    for line in broken:
        with pytest.raises(UnreadableMessageError):
            decode(line)


def test_edits_and_deletes_come_after_their_posts_and_are_in_what_is_true():
    day = simulated_day(seed=3, posts=1_500, edits=0.2, deletes=0.2, duplicates=0.2)
    plain = simulated_day(seed=3, posts=1_500, duplicates=0.2)
    records = [decode(line) for line in day.lines]
    assert [line for line in day.lines if line in set(plain.lines)] == list(plain.lines)
    deleted = {record.id for record in records if isinstance(record, Delete)}
    newest, gone, late = {}, set(), 0
    for record in records:
        if isinstance(record, Delete):
            assert record.id in newest
            gone.add(record.id)
        elif isinstance(record, Post):
            late += record.id in gone
            if record.id not in newest or record.version > newest[record.id].version:
                newest[record.id] = record
    assert {post.id: post for post in day.posts} == {key: post for key, post in newest.items() if key not in deleted}
    assert {post.version for post in day.posts} == {0, 1, 2}
    assert late > 0
    assert set().union(*day.expected.values()) == {post.id for post in day.posts}


def test_some_arrive_late_some_claim_a_time_to_come_and_some_lines_are_too_long():
    day = simulated_day(seed=3, posts=1_500, duplicates=0.2, late=0.1, ahead=0.1, edits=0.1, huge=3)
    plain = simulated_day(seed=3, posts=1_500, duplicates=0.2)
    by_id = {post.id: post for post in plain.posts}
    assert by_id.keys() == {post.id for post in day.posts}
    records = [decode(line) for line in day.lines if len(line) < 1 << 20]
    received = [record.received_at for record in records if isinstance(record, Post)]
    assert received == sorted(received)
    first = {record.id: record for record in reversed(records) if isinstance(record, Post)}
    late = [post for post in first.values() if post.received_at - by_id[post.id].created_at > timedelta(minutes=30)]
    assert 100 < len(late) < 200
    assert day.counted_at == {
        post.id: post.received_at for post in first.values() if post.created_at > by_id[post.id].created_at
    }
    assert 100 < len(day.counted_at) < 200
    assert all(first[post_id].created_at > at + timedelta(minutes=30) for post_id, at in day.counted_at.items())
    assert all(at < START + timedelta(days=1) for at in day.counted_at.values())
    assert [len(line) > 1 << 20 for line in day.broken] == [True] * 3
    assert set(day.broken) < set(day.lines)
