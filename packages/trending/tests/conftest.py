from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from trending.testing import FakePost, FakeViews

NOW = datetime(2026, 11, 22, 21, 59, 30, tzinfo=UTC)


def posts(minutes_ago: range, a_minute: int, **facets: tuple[str, ...]) -> list[FakePost]:
    """`a_minute` posts with these terms in each of the minutes."""
    return [FakePost(NOW - timedelta(minutes=ago), **facets) for ago in minutes_ago for _ in range(a_minute)]


@pytest.fixture
def views() -> FakeViews:
    """A cup final of 75 minutes: a hashtag and the keeper rise in the last ten, `goal` is said all the time."""
    final = [
        *posts(range(75), 8, keyword=("goal",), hashtag=("final",)),
        *posts(range(10), 4, keyword=("shootout",), hashtag=("penalties",), entity=("PERSON:Mira Voss",)),
        *posts(range(40, 60), 1, hashtag=("penalties",)),
    ]
    one_was_away = [*posts(range(75), 4), *posts(range(20), 4, hashtag=("overthere",))]
    old = posts(range(60 * 24, 60 * 24 + 20), 2)
    return FakeViews({"cup-final": final, "two-sources": one_was_away, "quiet": [], "old": old})


@pytest.fixture
def views_url(views: FakeViews) -> Iterator[str]:
    with views.served() as url:
        yield url
