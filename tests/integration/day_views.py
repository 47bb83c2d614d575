"""Holds the views of a day against the seed that it was made of."""

from collections import Counter
from collections.abc import Sequence

from seed_truth import FACETS, Truth, moment, truths
from sparkstream import Views
from sparkstream.annotation import EMOTIONS, SENTIMENTS
from sparkstream.queries import Window
from sparkstream.schema import MAX_RAW
from sparkstream.stores import LayeredStore
from sparkstream.sums import group
from sparkstream.times import DAY, HOUR, LATEST, MINUTE, Span
from twitterhandler.testing import SimulatedDay

STEPS = {"1m": MINUTE, "1h": HOUR, "1d": DAY}


def as_kept(line: bytes) -> str:
    """What a dead letter has of a line."""
    return line[:MAX_RAW].decode(errors="replace")


def whole_day(day: SimulatedDay) -> Window:
    start = min(moment(day, post) for post in day.posts) // DAY * DAY
    return Window(start, start + DAY)


def assert_equals_the_seed(store: LayeredStore, day: SimulatedDay, tops: Sequence[int] = (MINUTE, HOUR, DAY)) -> None:
    """Every number of a day that nothing but `store` has read, the terms of these steps among them; closes it."""
    views = Views(store)
    window = whole_day(day)
    assert store.master.distinct_posts() == len(day.posts)
    assert Counter(letter.raw for letter in store.dead_letters(10_000)) == Counter(map(as_kept, day.broken))
    assert {topic.slug: topic.posts for topic in store.topics()} == {
        topic: len(ids) for topic, ids in day.expected.items()
    }
    assert_master(store, day)
    for topic in day.expected:
        for name, step in STEPS.items():
            expected = truths(day, step, topic)
            items = views.series(topic, window, name)["items"]  # type: ignore[arg-type]
            assert_series(items, [expected.get(start, Truth()) for start in range(window.start, window.end, step)])
            if step in tops:
                held = group(store.periods(topic, [Span(step, window.start, window.end)], ()), step)
                for start, truth in expected.items():
                    assert_tops(store, topic, Span(step, start, start + step), truth, cut=held[start][0].cut)
        assert_summary(views, topic, window, truths(day, DAY, topic)[window.start])
    store.close()


def assert_master(store: LayeredStore, day: SimulatedDay) -> None:
    """Each post once in each of its topics, in its newest version, under its time."""
    for topic, ids in day.expected.items():
        held = [stored.post for stored in store.master.scan(topic, 0, LATEST)]
        assert sorted(
            (post.id, post.record["version"], post.record["text"], post.event_time) for post in held
        ) == sorted((post.id, post.version, post.text, moment(day, post)) for post in day.posts if post.id in ids)


def assert_series(items: list[dict[str, object]], expected: list[Truth]) -> None:
    found = [(item["posts"], item["authors"], item["messages"], item["sentiment"], item["emotion"]) for item in items]
    assert found == [
        (
            truth.posts,
            len(truth.authors),
            len(truth.messages),
            {label: truth.sentiment[label] for label in SENTIMENTS},
            {label: truth.emotion[label] for label in EMOTIONS},
        )
        for truth in expected
    ]


def assert_tops(store: LayeredStore, topic: str, period: Span, truth: Truth, *, cut: bool) -> None:
    """Every term of every facet with its posts by sentiment; of a closed period the 200 or 1,000 most frequent ones."""
    kept = 200 if period.step == MINUTE else 1_000
    for facet in FACETS:
        counts = truth.terms[facet]
        by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        rated = truth.rated[facet]
        assert [
            (count.term, count.posts, count.positive, count.neutral, count.negative)
            for count in store.top(topic, [period], facet, by="posts", limit=100_000)
        ] == [
            (term, posts, rated[term, "positive"], rated[term, "neutral"], rated[term, "negative"])
            for term, posts in (by_count[:kept] if cut else by_count)
        ]


def assert_summary(views: Views, topic: str, window: Window, truth: Truth) -> None:
    summary = views.summary(topic, window)
    assert (summary["posts"], summary["authors"], summary["messages"]) == (
        truth.posts,
        len(truth.authors),
        len(truth.messages),
    )
    for name, expected in (("kinds", truth.kinds), ("languages", truth.languages)):
        assert Counter({item["label"]: item["count"] for item in summary[name]["items"]}) == expected
