from datetime import timedelta

from twitterhandler.recent import Rate, RecentIds, Sparing


def test_a_post_is_seen_from_its_second_time_on(post):
    recent = RecentIds(10)
    assert [recent.seen(post(id=f"x:{number}")) for number in (1, 2, 1, 2, 3)] == [False, False, True, True, False]


def test_another_version_is_another_post(post):
    recent = RecentIds(10)
    assert [recent.seen(post(version=version)) for version in (0, 7, 7, 0)] == [False, False, True, True]


def test_a_post_for_a_topic_more_is_new_and_those_it_had_stay_with_it(post):
    recent = RecentIds(10)
    heard = (("a",), ("b",), ("a", "b"), ("c", "a"), ("c",))
    assert [recent.seen(post(topics=topics)) for topics in heard] == [False, False, True, False, True]


def test_an_edit_is_told_where_other_versions_stood_and_no_other_post_is(post):
    recent = RecentIds(10)
    for version, topics in ((0, ("a",)), (3, ("b",)), (5, ("c",))):
        recent.seen(post(version=version, topics=topics))
    assert recent.earlier(post(version=7)) == {"a", "b", "c"}
    assert recent.earlier(post(version=0)) == frozenset()
    assert recent.earlier(post(id="x:2", version=7)) == frozenset()


def test_of_many_posts_the_last_half_of_the_limit_is_remembered_and_never_more_than_the_limit(post):
    for many in range(20, 31):
        recent = RecentIds(10)
        posts = [post(id=f"x:{number}") for number in range(many)]
        assert not any(map(recent.seen, posts))
        known = [one for one in reversed(posts) if recent.seen(one)]
        assert known[:5] == posts[:-6:-1]
        assert len(known) <= 10


def test_of_what_comes_often_the_first_is_told_and_the_rest_together(post):
    sparing, noon = Sparing(timedelta(seconds=5)), post().created_at
    told = []
    for second in range(12):
        sparing.add()
        told.append(sparing.due(noon + timedelta(seconds=second)))
    assert told == [1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0]
    assert [sparing.due(noon, last=True) for _ in range(2)] == [1, 0]


def test_a_rate_counts_whole_seconds_only(post):
    rate, noon = Rate(10), post().created_at
    assert rate.at(noon) == 0.0
    for tenth in range(50):
        rate.add(noon + timedelta(seconds=tenth / 10))
    assert rate.at(noon + timedelta(seconds=5)) == 10.0
    assert rate.at(noon + timedelta(seconds=60)) == 0.0
