"""Answers are held against the posts themselves, and against the shapes of docs/contracts/views.md."""

from collections import Counter
from dataclasses import replace

import pytest
import truth
from factories import NOON, STATUS, annotated, keep
from sparkstream import scans
from sparkstream.annotation import EMOTIONS, SENTIMENTS
from sparkstream.errors import QueryError, UnknownTopicError
from sparkstream.pages import decode_cursor
from sparkstream.queries import STEPS, Filter, Term, Window
from sparkstream.shares import shares
from sparkstream.stores.base import TermCount
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import DAY, HOUR, MINUTE, ceil, floor, format_time
from sparkstream.views import Views
from world import END, GAP, NOW, World

DAY_AND_MORE = Window(NOON + 17 * MINUTE, NOON + 25 * HOUR + 5 * MINUTE)
QUARTER = Window(NOON + HOUR, NOON + HOUR + 15 * MINUTE)
EMPTY = Window(NOON - 10 * DAY, NOON - 9 * DAY)
WINDOWS = [DAY_AND_MORE, QUARTER, EMPTY]
PARTS = {"posts", "authors", "messages", "sentiment", "emotion", "kinds", "languages", "coverage", "exact"}
ITEM = {"start", "posts", "authors", "messages", "sentiment", "emotion", "coverage"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def views(world):
    return world.views


def test_topics_are_listed_with_their_posts(world, views):
    answer = views.topics()
    assert set(answer) == {"items", "next", "layers"}
    coffee, milk, tea = answer["items"]
    times = [post.event_time for post in world.of("tea", 0, END)]
    assert tea == {
        "slug": "tea",
        "query": 'tea OR kettle OR Kyoto OR "#Tea"',
        "state": "live",
        "event_state": "started",
        "posts": len(times),
        "first_post": format_time(min(times)),
        "last_post": format_time(max(times)),
    }
    assert (coffee["slug"], coffee["query"], coffee["posts"]) == ("coffee", None, len(world.of("coffee", 0, END)))
    assert (milk["posts"], milk["first_post"], milk["last_post"]) == (0, None, None)
    assert [item["state"] for item in (coffee, milk)] == ["live", "gathering"]
    newest = max(post.event_time for _, post in world.posts)
    assert answer["layers"] == {"batch_until": None, "speed_until": format_time(newest), "down": []}


def expected_parts(posts, lens):
    counted = {
        "posts": Counter(post.sentiment for post in posts),
        "authors": Counter(label for label, _ in {(post.sentiment, post.author) for post in posts}),
        "messages": Counter(label for label, _ in {(post.sentiment, post.message_key) for post in posts}),
    }
    return {
        "posts": len(posts),
        "authors": len({post.author for post in posts}),
        "messages": len({post.message_key for post in posts}),
        "sentiment": shares(counted[lens], SENTIMENTS, unrated="not_rated"),
        "emotion": shares(Counter(post.emotion for post in posts), EMOTIONS, unrated="not_rated"),
        "kinds": shares(Counter(post.kind for post in posts)),
        "languages": shares(Counter(post.lang for post in posts)),
        "exact": True,
    }


@pytest.mark.parametrize("lens", ["posts", "authors", "messages"])
@pytest.mark.parametrize("window", WINDOWS)
def test_a_summary_is_that_of_its_posts_and_of_the_period_before(world, views, window, lens):
    answer = views.summary("tea", window, lens=lens)
    assert set(answer) == PARTS | {"topic", "from", "to", "lens", "previous", "layers"}
    assert (answer["topic"], answer["lens"]) == ("tea", lens)
    for part, period in ((answer, window), (answer["previous"], window.previous)):
        assert (part["from"], part["to"]) == (format_time(period.start), format_time(period.end))
        wanted = expected_parts(world.of("tea", period.start, period.end), lens)
        assert {name: part[name] for name in wanted} == wanted
    assert set(answer["previous"]) == PARTS | {"from", "to"}


def test_labels_stand_all_and_in_order(views):
    answer = views.summary("tea", EMPTY)
    assert [item["label"] for item in answer["sentiment"]["items"]] == list(SENTIMENTS)
    assert [item["label"] for item in answer["emotion"]["items"]] == list(EMOTIONS)
    assert (answer["posts"], answer["sentiment"]["sample"], answer["kinds"]["items"]) == (0, 0, [])


def test_a_summary_of_one_sentiment(world, views):
    posts = [post for post in world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end) if post.sentiment == "positive"]
    answer = views.summary("tea", DAY_AND_MORE, only=Filter(sentiment="positive"))
    assert (answer["posts"], answer["authors"]) == (len(posts), len({post.author for post in posts}))
    assert answer["messages"] == len({post.message_key for post in posts})
    assert [item["count"] for item in answer["sentiment"]["items"]] == [len(posts), 0, 0, 0]
    assert answer["emotion"] is answer["kinds"] is answer["languages"] is None


def test_a_summary_of_one_term(world, views):
    posts = [
        post
        for post in world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end)
        if "münchen" in post.terms.get("hashtag", ())
    ]
    answer = views.summary("tea", DAY_AND_MORE, only=Filter(term=Term("hashtag", "münchen")))
    assert answer["posts"] == len(posts) > 10
    assert answer["sentiment"] == shares(Counter(post.sentiment for post in posts), SENTIMENTS, unrated="not_rated")
    for name in ("authors", "messages", "emotion", "kinds", "languages"):
        assert answer[name] is answer["previous"][name] is None
    assert views.summary("tea", DAY_AND_MORE, only=Filter(term=Term("hashtag", "never")))["posts"] == 0


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("window", [DAY_AND_MORE, QUARTER])
def test_a_series_has_an_item_for_each_step_on_utc_edges(world, views, step, window):
    answer, size = views.series("tea", window, step), STEPS[step]
    assert (set(answer), answer["next"], answer["step"]) == ({"items", "next", "step", "layers"}, None, step)
    start, end = floor(window.start, size), ceil(window.end, size)
    assert [item["start"] for item in answer["items"]] == [format_time(at) for at in range(start, end, size)]
    for item, at in zip(answer["items"], range(start, end, size), strict=True):
        posts = world.of("tea", at, at + size)
        assert set(item) == ITEM
        assert item["posts"] == len(posts)
        assert item["authors"] == len({post.author for post in posts})
        assert item["messages"] == len({post.message_key for post in posts})
        assert item["sentiment"] == {label: sum(post.sentiment == label for post in posts) for label in SENTIMENTS}
        assert item["emotion"] == {label: sum(post.emotion == label for post in posts) for label in EMOTIONS}


@pytest.mark.parametrize("step", ["1m", "15m", "1h", "1d"])
def test_a_filtered_series_adds_up_to_its_filtered_summary(world, views, step):
    window = Window(NOON + 12 * HOUR, NOON + 12 * HOUR + DAY)
    for only in (Filter(sentiment="negative"), Filter(term=Term("hashtag", "tea")), Filter(term=Term("word", "pot"))):
        items = views.series("tea", window, step, only=only)["items"]
        summary = views.summary("tea", window, only=only)
        assert sum(item["posts"] for item in items) == summary["posts"] > 0
        by_label = {share["label"]: share["count"] for share in summary["sentiment"]["items"]}
        assert {label: sum(item["sentiment"][label] for item in items) for label in SENTIMENTS} == by_label
        assert all(set(item) == ITEM and item["emotion"] is None for item in items)


def test_a_series_of_too_many_steps_is_refused(views):
    views.series("tea", Window(NOON, NOON + 2_000 * MINUTE), "1m")
    with pytest.raises(QueryError, match="more than 2,000 steps of 1m; ask for a longer step or a shorter period"):
        views.series("tea", Window(NOON, NOON + 2_001 * MINUTE), "1m")


def test_a_time_that_was_not_listened_to_is_unknown(views):
    items = views.series("tea", Window(GAP[0] - MINUTE, GAP[0] + 3 * MINUTE), "1m")["items"]
    assert [item["coverage"] for item in items] == ["full", "none", "partial", "full"]
    assert views.summary("tea", Window(GAP[0], GAP[0] + HOUR))["coverage"] == "partial"
    assert views.summary("tea", Window(GAP[0], GAP[0] + MINUTE))["coverage"] == "none"
    assert views.summary("tea", Window(GAP[0] - HOUR, GAP[0]))["coverage"] == "full"
    assert views.coverage("tea", Window(GAP[0] - HOUR, GAP[0] + HOUR)) == {
        "items": [{"from": format_time(GAP[0]), "to": format_time(GAP[1]), "reason": "disconnected", "filled": False}],
        "next": None,
        "layers": views.coverage("tea", EMPTY)["layers"],
    }
    assert views.coverage("coffee", Window(GAP[0] - HOUR, GAP[0] + HOUR))["items"] == []


def test_the_time_since_a_stopped_job_was_heard_of_is_unknown(tmp_path):
    store = SqliteStore(str(tmp_path / "views.db"))
    keep(store, [("tea", annotated(at=NOON))])
    store.speed.heartbeat(replace(STATUS, updated_at=NOON + MINUTE))
    window = Window(NOON, NOON + 3 * MINUTE)

    def coverages(now):
        return [item["coverage"] for item in Views(store, clock=lambda: now).series("tea", window, "1m")["items"]]

    assert coverages(NOON + MINUTE + 15_000) == ["full", "full", "full"]
    assert coverages(NOON + MINUTE + 15_001) == ["full", "none", "full"]
    assert coverages(NOON + HOUR) == ["full", "none", "none"]
    store.close()


@pytest.mark.parametrize("facet", truth.FACETS)
@pytest.mark.parametrize("window", [DAY_AND_MORE, QUARTER])
def test_a_top_is_that_of_its_posts_with_the_counts_before(world, views, facet, window):
    wanted = truth.top(world.of("tea", window.start, window.end), facet)
    before = truth.term_counts(world.of("tea", window.previous.start, window.previous.end), facet)
    answer = views.top("tea", window, facet, limit=200, query_words_too=True)
    assert set(answer) == {"items", "next", "exact", "facet", "layers"}
    assert (answer["facet"], answer["exact"], answer["next"]) == (facet, True, None)
    for item, count in zip(answer["items"], wanted, strict=True):
        previous = before.get(count.term, TermCount(count.term, 0, 0, 0, 0)).posts
        kind, _, text = count.term.partition(":")
        assert item == {
            "term": count.term,
            "posts": count.posts,
            "positive": count.positive,
            "neutral": count.neutral,
            "negative": count.negative,
            "previous": previous,
        } | ({"type": kind, "text": text} if facet == "entity" else {})


def test_a_top_is_paged_by_its_cursor(views):
    whole = views.top("tea", DAY_AND_MORE, "word", limit=200)["items"]
    paged, cursor = [], None
    while True:
        page = views.top("tea", DAY_AND_MORE, "word", limit=2, cursor=cursor)
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
        assert decode_cursor(cursor) == len(paged)
    assert paged == whole


def test_words_of_the_topics_own_query_are_hidden(views):
    def terms(facet, **options):
        return {item["term"] for item in views.top("tea", DAY_AND_MORE, facet, limit=200, **options)["items"]}

    assert {"kettle", "kyoto"} <= terms("word", query_words_too=True)
    assert not {"kettle", "kyoto"} & terms("word")
    assert "tea" in terms("hashtag", query_words_too=True) - terms("hashtag")
    assert "OTHER:Kyoto" in terms("entity", query_words_too=True) - terms("entity")
    assert "OTHER:Kyoto" not in terms("entity", only=Filter(term=Term("word", "pot")))
    assert "OTHER:Assam" in terms("entity", only=Filter(term=Term("word", "pot")))


def test_a_top_of_one_sentiment_is_most_first_by_that_label(world, views):
    answer = views.top("tea", DAY_AND_MORE, "word", only=Filter(sentiment="negative"), query_words_too=True, limit=200)
    counts = truth.term_counts(world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end), "word").values()
    wanted = sorted((count for count in counts if count.negative), key=lambda count: (-count.negative, count.term))
    assert [item["term"] for item in answer["items"]] == [count.term for count in wanted]


def test_a_top_of_one_sentiment_counts_only_its_posts(world, views):
    answer = views.top("tea", DAY_AND_MORE, "word", only=Filter(sentiment="not_rated"), query_words_too=True, limit=200)
    posts = [post for post in world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end) if post.sentiment == "not_rated"]

    counted = {item["term"]: item["posts"] for item in answer["items"]}

    assert counted == Counter(word for post in posts for word in set(post.terms.get("word", ())))
    assert not any(item[label] for item in answer["items"] for label in ("positive", "neutral", "negative"))


def test_a_top_beside_a_term_is_that_of_the_posts_that_carry_it(world, views):
    posts = [
        post for post in world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end) if "pot" in post.terms.get("word", ())
    ]
    only = Filter(term=Term("word", "pot"))
    answer = views.top("tea", DAY_AND_MORE, "word", only=only, query_words_too=True, limit=200)
    wanted = [count for count in truth.top(posts, "word") if count.term != "pot"]
    assert [(item["term"], item["posts"]) for item in answer["items"]] == [(c.term, c.posts) for c in wanted]
    assert (answer["counted"], answer["complete"], answer["exact"]) == (len(posts), True, True)


def test_a_cut_top_says_that_it_is_not_exact(tmp_path):
    store = SqliteStore(str(tmp_path / "views.db"))
    many = annotated("x:1", NOON, hashtags=[f"t{number}" for number in range(300)])
    keep(store, [("tea", many), ("tea", annotated("x:2", NOON + HOUR))])
    views = Views(store, clock=lambda: NOON + HOUR)
    assert views.top("tea", Window(NOON, NOON + MINUTE), "hashtag")["exact"] is False
    assert views.top("tea", Window(NOON, NOON + HOUR), "hashtag")["exact"] is True
    store.close()


def test_more_authors_than_a_sketch_holds_are_an_estimate_that_says_so(tmp_path):
    store = SqliteStore(str(tmp_path / "views.db"))
    keep(store, [("tea", annotated(f"x:{number}", author=f"a{number}")) for number in range(5_000)])
    answer = Views(store, clock=lambda: NOON).summary("tea", Window(NOON, NOON + MINUTE))
    assert answer["posts"] == 5_000
    assert answer["exact"] is False
    assert abs(answer["authors"] - 5_000) < 5_000 * 0.07
    store.close()


@pytest.mark.parametrize("only", [Filter(), Filter(sentiment="positive"), Filter(term=Term("hashtag", "tea"))])
def test_posts_are_those_of_the_period_newest_first(world, views, only):
    wanted = [
        post
        for post in world.of("coffee", DAY_AND_MORE.start, DAY_AND_MORE.end)
        if only.sentiment in (None, post.sentiment)
        and (only.term is None or only.term.term in post.terms.get(only.term.facet, ()))
    ]
    wanted.sort(key=lambda post: (post.event_time, post.id), reverse=True)
    found, cursor = [], None
    while True:
        page = views.posts("coffee", DAY_AND_MORE, only=only, limit=11, cursor=cursor)
        assert set(page) == {"items", "next", "layers"}
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [item["id"] for item in found] == [post.id for post in wanted]
    for item, post in zip(found, wanted, strict=True):
        assert item == {**post.record, "stamp": item["stamp"]}
        assert item["stamp"].startswith("run:")
        assert not {"schema", "event"} & set(item)


def test_the_number_on_a_mark_is_that_of_the_posts_behind_it(views):
    """Whatever is clicked: a label, a term, a minute."""
    window = Window(NOON + 12 * HOUR, END)
    for item in views.top("tea", window, "hashtag", query_words_too=True)["items"]:
        posts = views.posts("tea", window, only=Filter(term=Term("hashtag", item["term"])), limit=200)
        assert len(posts["items"]) == item["posts"]
    for share in views.summary("tea", window)["sentiment"]["items"]:
        posts = views.posts("tea", window, only=Filter(sentiment=share["label"]), limit=200)
        assert len(posts["items"]) == share["count"]


def passing(posts, only):
    """What a filter leaves, said once more: in the plainest way."""
    return [
        post
        for post in posts
        if only.sentiment in (None, post.sentiment)
        and only.emotion in (None, post.emotion)
        and only.kind in (None, post.kind)
        and only.lang in (None, post.lang)
        and (only.term is None or only.term.term in post.terms.get(only.term.facet, ()))
        and (only.word is None or only.word in post.record["text"].casefold().split())
    ]


MUNICH = Term("hashtag", "münchen")
TOGETHER = [
    Filter(emotion="joy"),
    Filter(kind="reply"),
    Filter(lang="und"),
    Filter(word="kettle"),
    Filter(sentiment="positive", emotion="fear"),
    Filter(sentiment="negative", term=MUNICH),
    Filter(term=MUNICH, word="pot"),
    Filter(emotion="not_rated", kind="original", lang="en"),
    Filter(sentiment="positive", kind="quote", lang="en", term=Term("word", "pot"), word="leaf"),
    Filter(kind="quote", word="never"),
]


@pytest.mark.parametrize("only", TOGETHER)
@pytest.mark.parametrize("window", [DAY_AND_MORE, QUARTER])
class TestFiltersTogether:
    @pytest.mark.parametrize("lens", ["posts", "authors", "messages"])
    def test_a_summary_is_that_of_the_posts_that_pass(self, world, views, window, only, lens):
        answer = views.summary("tea", window, only=only, lens=lens)
        assert set(answer) == PARTS | {"topic", "from", "to", "lens", "previous", "layers", "counted", "complete"}
        for part, period in ((answer, window), (answer["previous"], window.previous)):
            posts = passing(world.of("tea", period.start, period.end), only)
            wanted = expected_parts(posts, lens) | {"counted": len(posts), "complete": True}
            assert {name: part[name] for name in wanted} == wanted

    @pytest.mark.parametrize("step", ["1m", "15m", "1h"])
    def test_a_series_is_that_of_the_posts_that_pass(self, world, views, window, only, step):
        answer, size = views.series("tea", window, step, only=only), STEPS[step]
        start, end = floor(window.start, size), ceil(window.end, size)
        posts = passing(world.of("tea", start, end), only)
        assert (answer["counted"], answer["complete"]) == (len(posts), True)
        for item, at in zip(answer["items"], range(start, end, size), strict=True):
            some = [post for post in posts if at <= post.event_time < at + size]
            assert set(item) == ITEM
            assert (item["posts"], item["authors"]) == (len(some), len({post.author for post in some}))
            assert item["messages"] == len({post.message_key for post in some})
            assert item["sentiment"] == {label: sum(post.sentiment == label for post in some) for label in SENTIMENTS}
            assert item["emotion"] == {label: sum(post.emotion == label for post in some) for label in EMOTIONS}

    @pytest.mark.parametrize("facet", ["word", "hashtag", "entity"])
    def test_a_top_is_that_of_the_posts_that_pass(self, world, views, window, only, facet):
        answer = views.top("tea", window, facet, only=only, query_words_too=True, limit=200)
        posts = passing(world.of("tea", window.start, window.end), only)
        before = truth.term_counts(passing(world.of("tea", window.previous.start, window.previous.end), only), facet)
        asked = {only.term.term} if only.term and only.term.facet == facet else set()
        asked |= {only.word} if facet == "word" else set()
        wanted = [count for count in truth.top(posts, facet) if count.term not in asked]
        assert (answer["exact"], answer["counted"], answer["complete"]) == (True, len(posts), True)
        assert [
            (item["term"], item["posts"], item["positive"], item["neutral"], item["negative"])
            for item in answer["items"]
        ] == [(count.term, count.posts, count.positive, count.neutral, count.negative) for count in wanted]
        assert [item["previous"] for item in answer["items"]] == [
            before[count.term].posts if count.term in before else 0 for count in wanted
        ]

    def test_its_posts_are_as_many_as_it_counts(self, world, views, window, only):
        posts = views.posts("tea", window, only=only, limit=200)["items"]
        assert len(posts) == views.summary("tea", window, only=only)["posts"]
        wanted = passing(world.of("tea", window.start, window.end), only)
        wanted.sort(key=lambda post: (post.event_time, post.id), reverse=True)
        assert [post["id"] for post in posts] == [post.id for post in wanted]


def test_the_number_on_every_label_is_that_of_the_posts_behind_it(views):
    """Emotions, kinds and languages, under a filter too."""
    window = Window(NOON + 2 * HOUR, END)
    for only in (Filter(), Filter(sentiment="positive", emotion="joy"), Filter(word="pot")):
        summary = views.summary("tea", window, only=only)
        for shown, name in (("emotion", "emotion"), ("kinds", "kind"), ("languages", "lang")):
            for share in summary[shown]["items"]:
                narrowed = replace(only, **{name: share["label"]})
                wanted = share["count"] if getattr(only, name) in (None, share["label"]) else None
                if wanted is not None:
                    assert len(views.posts("tea", window, only=narrowed, limit=200)["items"]) == wanted
                    assert views.summary("tea", window, only=narrowed)["posts"] == wanted


class TestMorePostsThanAreCounted:
    """Ten posts, a minute each, of which the newest four are read."""

    WINDOW = Window(NOON, NOON + 10 * MINUTE)

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(scans, "COUNTED_POSTS", 4)

    @pytest.fixture
    def views(self, tmp_path):
        store = SqliteStore(str(tmp_path / "views.db"))
        posts = [
            annotated(f"x:{n}", NOON + n * MINUTE, emotion="joy", author=f"a{n}", hashtags=["pot"]) for n in range(10)
        ]
        keep(store, [("tea", post) for post in posts])
        yield Views(store, clock=lambda: NOON)
        store.close()

    def test_one_label_has_all_its_posts_and_the_rest_is_of_the_newest(self, views):
        answer = views.summary("tea", self.WINDOW, only=Filter(emotion="joy"))
        assert (answer["posts"], answer["counted"], answer["complete"], answer["exact"]) == (10, 4, False, False)
        assert answer["authors"] is answer["messages"] is None
        assert answer["sentiment"]["sample"] == 4
        assert views.summary("tea", self.WINDOW, only=Filter(kind="original"))["posts"] == 10
        assert views.summary("tea", self.WINDOW, only=Filter(lang="en"))["posts"] == 10

    def test_other_filters_have_what_was_counted(self, views):
        answer = views.summary("tea", self.WINDOW, only=Filter(word="kettle"))
        assert (answer["posts"], answer["counted"], answer["complete"]) == (4, 4, False)
        assert answer["authors"] is answer["messages"] is None

    def test_there_is_nothing_to_compare_with(self, views):
        late = Window(NOON + 5 * MINUTE, NOON + 10 * MINUTE)
        for only, before in ((Filter(word="kettle"), None), (Filter(emotion="joy"), 5)):
            previous = views.summary("tea", late, only=only)["previous"]
            assert (previous["posts"], previous["authors"], previous["complete"]) == (before, None, False)
            assert previous["sentiment"]["sample"] == 0
            (top,) = views.top("tea", late, "hashtag", only=only)["items"]
            assert top["previous"] is None

    def test_a_series_knows_only_posts_before_the_newest_or_nothing(self, views):
        for only, before in ((Filter(emotion="joy"), 1), (Filter(word="kettle"), None)):
            answer = views.series("tea", self.WINDOW, "1m", only=only)
            assert (answer["counted"], answer["complete"]) == (4, False)
            assert [item["posts"] for item in answer["items"]] == [before] * 6 + [1] * 4
            assert [item["authors"] for item in answer["items"]] == [None] * 6 + [1] * 4
            assert answer["items"][0]["sentiment"] is answer["items"][0]["emotion"] is None

    def test_a_step_that_was_reached_in_part_is_not_known(self, views):
        items = views.series("tea", self.WINDOW, "5m", only=Filter(word="kettle"))["items"]
        assert [item["posts"] for item in items] == [None, None]

    def test_a_top_says_that_it_is_of_the_newest(self, views):
        answer = views.top("tea", self.WINDOW, "hashtag", only=Filter(lang="en"))
        assert [item["posts"] for item in answer["items"]] == [4]
        assert (answer["exact"], answer["counted"], answer["complete"]) == (False, 4, False)

    def test_as_many_as_are_counted_are_complete(self, views):
        answer = views.summary("tea", Window(NOON + 6 * MINUTE, NOON + 10 * MINUTE), only=Filter(word="kettle"))
        assert (answer["posts"], answer["authors"], answer["complete"], answer["exact"]) == (4, 4, True, True)

    def test_rare_posts_are_looked_for_no_further_back_than_a_bound(self, views, monkeypatch):
        monkeypatch.setattr(scans, "LOOKED_AT", 5)
        answer = views.summary("tea", self.WINDOW, only=Filter(word="never"))
        assert (answer["posts"], answer["counted"], answer["complete"]) == (None, 0, False)
        assert views.summary("tea", self.WINDOW, only=Filter(emotion="fear"))["posts"] == 0


def test_a_page_of_rare_posts_is_short_and_goes_on(world, monkeypatch):
    monkeypatch.setattr("sparkstream.views.PAGED", 7)
    rare, found, cursor, pages = Filter(kind="quote", lang="de"), [], None, 0
    while pages == 0 or cursor:
        page = world.views.posts("tea", DAY_AND_MORE, only=rare, cursor=cursor)
        found += [item["id"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
    posts = world.of("tea", DAY_AND_MORE.start, DAY_AND_MORE.end)
    assert pages >= len(posts) // 7 > 1
    assert set(found) == {post.id for post in posts if rare.passes(post)}
    assert len(found) == len(set(found)) > 0


def test_an_unknown_topic_is_refused_by_every_question(views):
    for ask in (
        lambda: views.topic("soup"),
        lambda: views.summary("soup", QUARTER),
        lambda: views.series("soup", QUARTER, "1m"),
        lambda: views.top("soup", QUARTER, "word"),
        lambda: views.posts("soup", QUARTER),
        lambda: views.coverage("soup", QUARTER),
    ):
        with pytest.raises(UnknownTopicError, match="there is no topic 'soup'; GET /v1/topics lists them"):
            ask()


def test_a_topic_without_posts_answers_with_zeros(views):
    assert views.summary("milk", QUARTER)["posts"] == 0
    assert [item["posts"] for item in views.series("milk", QUARTER, "15m")["items"]] == [0]
    assert views.top("milk", QUARTER, "word")["items"] == views.posts("milk", QUARTER)["items"] == []
    assert views.coverage("milk", QUARTER)["layers"] == {"batch_until": None, "speed_until": None, "down": []}


def test_the_whole_time_that_can_be_asked_for_is_answered(world, views):
    window = Window(0, 32_503_680_000_000 - MINUTE)
    assert views.summary("tea", window)["posts"] == len(world.of("tea", 0, NOW))
    assert views.summary("tea", window)["previous"]["posts"] == 0
