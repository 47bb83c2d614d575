import asyncio
import socket
from datetime import UTC, datetime, timedelta

import pytest
from trending.errors import ProviderAnswerError, ProviderUnavailableError, UnknownTopicError
from trending.providers.stream import StreamProvider
from trending.providers.views import ViewClient
from trending.testing import FakePost, FakeViews
from trending.values import Emerging

NOW = datetime(2026, 11, 22, 21, 59, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def ask(url: str, topic: str, window: timedelta = QUARTER) -> Emerging:
    async def once() -> Emerging:
        provider = StreamProvider(ViewClient(url), now=lambda: NOW)
        try:
            return await provider.emerging(topic, window)
        finally:
            await provider.aclose()

    return asyncio.run(once())


def test_what_is_new_rises_over_all_facets_and_what_is_usual_does_not(views_url: str) -> None:
    found = ask(views_url, "cup-final")
    assert [(item.facet, item.term, item.posts) for item in found.items] == [
        ("entity", "PERSON:Mira Voss", 40),
        ("keyword", "shootout", 40),
        ("hashtag", "penalties", 40),
    ]
    assert found.window.end == NOW.replace(hour=22, minute=0, second=0)
    assert found.baseline.end == found.window.start


def test_an_old_topic_is_measured_at_its_own_end(views_url: str) -> None:
    found = ask(views_url, "old")
    assert found.window.end == datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def test_a_topic_without_posts_has_nothing_that_rises(views_url: str) -> None:
    assert ask(views_url, "quiet").items == []


def test_a_topic_is_found_behind_the_first_page(views: FakeViews, views_url: str) -> None:
    views.topics = {**{f"topic-{number}": [] for number in range(450)}, **views.topics}
    assert ask(views_url, "cup-final").items
    assert views.pages["/v1/topics"] == 3


def test_terms_beyond_the_pages_of_the_baseline_are_not_taken_for_new(views: FakeViews, views_url: str) -> None:
    crowd = [
        FakePost(NOW - timedelta(minutes=20), keyword=tuple(f"term {number:04}" for number in range(1_200)))
        for _ in range(20)
    ]
    news = [FakePost(NOW, keyword=("zebra",)) for _ in range(4)]
    views.topics["crowd"] = [*crowd, *news, *(FakePost(NOW) for _ in range(2))]
    assert ask(views_url, "crowd").items == []


def test_what_was_heard_as_a_whole_is_compared_as_a_whole(views_url: str) -> None:
    assert ask(views_url, "cup-final").coverage == "full"


def at(minutes_ago: float) -> datetime:
    """So long before the end of the open minute."""
    return NOW.replace(hour=22, minute=0, second=0) - timedelta(minutes=minutes_ago)


def test_a_term_does_not_rise_out_of_minutes_in_which_nobody_could_hear_it(views: FakeViews, views_url: str) -> None:
    assert [item.term for item in ask(views_url, "two-sources").items] == ["overthere"]  # as if the past were known
    views.gaps = [(at(75), at(20), False)]
    found = ask(views_url, "two-sources")
    assert (found.items, found.coverage) == ([], "none")  # five minutes are too short a past for a quarter of an hour


def test_what_is_known_is_compared_when_some_of_the_past_is_not(views: FakeViews, views_url: str) -> None:
    views.gaps = [(at(75), at(50), False)]
    found = ask(views_url, "cup-final")
    assert (found.baseline.start, found.baseline.end, found.coverage) == (at(50), at(15), "partial")
    assert "penalties" in {item.term for item in found.items}


def test_what_is_known_is_compared_when_some_of_now_is_not(views: FakeViews, views_url: str) -> None:
    views.gaps = [(at(5), at(0), False)]
    found = ask(views_url, "cup-final")
    assert (found.window.start, found.window.end, found.coverage) == (at(15), at(5), "partial")
    assert {item.posts for item in found.items} == {20}


def test_a_time_of_which_nothing_is_known_is_unknown_not_quiet(views: FakeViews, views_url: str) -> None:
    views.gaps = [(at(15), at(0), False)]
    found = ask(views_url, "cup-final")
    assert (found.items, found.coverage) == ([], "none")
    assert (found.window.start, found.baseline.start) == (at(15), at(75))


def test_what_was_filled_afterwards_is_known(views: FakeViews, views_url: str) -> None:
    views.gaps = [(at(75), at(0), True)]
    assert ask(views_url, "cup-final").coverage == "full"


@pytest.mark.parametrize("route", ["summary", "top"])
def test_numbers_of_which_some_lack_a_layer_are_not_compared(views: FakeViews, views_url: str, route: str) -> None:
    """Posts with the layer and terms without it: everything would rise."""
    views.down = {route: ["batch"]}
    with pytest.raises(ProviderUnavailableError, match="lost or found a layer") as caught:
        ask(views_url, "cup-final")
    assert caught.value.retriable


def test_while_a_layer_is_down_the_other_ones_numbers_are_compared(views: FakeViews, views_url: str) -> None:
    views.down = {route: ["speed"] for route in ("topics", "coverage", "summary", "top")}
    views.gaps = [(at(3), at(0), False)]
    found = ask(views_url, "cup-final")
    assert (found.window.end, found.coverage, bool(found.items)) == (at(3), "partial", True)


def test_which_topics_there_are_is_unknown_while_a_layer_is_down(views: FakeViews, views_url: str) -> None:
    views.down = {"topics": ["batch"]}
    with pytest.raises(ProviderUnavailableError, match="without its batch layer"):
        ask(views_url, "nobody")


def test_an_unknown_topic_is_said_so(views_url: str) -> None:
    with pytest.raises(UnknownTopicError, match="'nobody'"):
        ask(views_url, "nobody")


def test_nobody_at_the_address_is_an_error_that_may_pass_and_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(ProviderUnavailableError, match=url) as caught:
        ask(url, "cup-final")
    assert caught.value.retriable


def test_a_fault_of_the_view_api_is_one_that_may_pass(views: FakeViews, views_url: str) -> None:
    views.status = 500
    with pytest.raises(ProviderUnavailableError, match="answers 500"):
        ask(views_url, "cup-final")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"not found"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"items": [{"slug": "cup-final", "last_post": "yesterday"}]}'),
        (200, b'{"items": [{"slug": "cup-final", "last_post": "2026-11-22T21:00:00Z"}]}'),
    ],
)
def test_somebody_else_at_the_address_is_said_so(views: FakeViews, views_url: str, status: int, body: bytes) -> None:
    views.status, views.body = status, body
    with pytest.raises(ProviderAnswerError, match="TRENDING_VIEWS_URL"):
        ask(views_url, "cup-final")
