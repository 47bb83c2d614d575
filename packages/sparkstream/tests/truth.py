"""What views have to say, counted in the plainest way from the posts themselves: nothing merged, no sketches."""

from collections import Counter
from collections.abc import Iterable

from sparkstream.annotation import AnnotatedPost
from sparkstream.sketches import distinct
from sparkstream.stores.base import TermCount, ViewReader
from sparkstream.stores.summing import KEPT_TERMS
from sparkstream.times import MINUTE, STORED_STEPS, Span

FACETS = ("keyword", "entity", "hashtag", "mention", "domain", "emoji", "word")
Pairs = list[tuple[str, AnnotatedPost]]


def of(posts: Iterable[tuple[str, AnnotatedPost]], topic: str, start: int, end: int) -> list[AnnotatedPost]:
    return [post for about, post in posts if about == topic and start <= post.event_time < end]


def term_counts(posts: list[AnnotatedPost], facet: str) -> dict[str, TermCount]:
    terms = {term for post in posts for term in post.terms.get(facet, ())}
    counts = {}
    for term in terms:
        labels = Counter(post.sentiment for post in posts if term in post.terms.get(facet, ()))
        counts[term] = TermCount(term, sum(labels.values()), labels["positive"], labels["neutral"], labels["negative"])
    return counts


def top(posts: list[AnnotatedPost], facet: str, limit: int | None = None) -> list[TermCount]:
    return sorted(term_counts(posts, facet).values(), key=lambda count: (-count.posts, count.term))[:limit]


def assert_views_equal_posts(store: ViewReader, posts: Pairs, *, steps: tuple[int, ...] = STORED_STEPS) -> None:
    """Every sum of every stored period of every topic, and no period more than that."""
    for topic in {about for about, _ in posts}:
        for step in steps:
            times = [post.event_time for about, post in posts if about == topic]
            starts = sorted({time - time % step for time in times})
            whole = Span(step, starts[0], starts[-1] + step)
            stored = store.periods(topic, [whole])
            assert [period.start for period in stored] == starts
            for period in stored:
                _assert_period(
                    store, topic, period, of(posts, topic, period.start, period.start + step), KEPT_TERMS[step]
                )


def assert_minutes_equal_posts(store: ViewReader, posts: Pairs) -> None:
    """As above of the minutes alone: hours and days in which the layers meet are held by neither."""
    assert_views_equal_posts(store, posts, steps=(MINUTE,))


def _assert_period(store, topic, period, inside, kept):
    assert period.posts == len(inside)
    for dimension, name in (("sentiment", "sentiment"), ("emotion", "emotion"), ("kind", "kind"), ("lang", "lang")):
        assert period.counts[dimension] == Counter(getattr(post, name) for post in inside)
    for label in ("all", "positive", "neutral", "negative", "not_rated"):
        some = [post for post in inside if label in ("all", post.sentiment)]
        assert distinct(period.authors[label]).count == len({post.author for post in some})
        assert distinct(period.messages[label]).count == len({post.message_key for post in some})
    span = Span(period.step, period.start, period.start + period.step)
    for facet in FACETS:
        found = store.top(topic, [span], facet, by="posts", limit=100_000)
        wanted = top(inside, facet)
        assert found == (wanted[:kept] if period.cut else wanted)
