from __future__ import annotations

import asyncio
from typing import Any

import pytest
from dashboard import history, ids
from dashboard.asked import NO_FILTER, Filter, make_period
from dashboard.clients import ViewsClient
from dashboard.testing import FakeUpstream, Server

PERIOD = make_period("2026-11-22T21:20:00Z", "2026-11-22T21:40:00Z")


def test_a_period_is_shown_without_its_posts_while_their_layer_is_down(upstream: Server, fake: FakeUpstream) -> None:
    fake.down.append("batch")
    tick = asked(upstream)["tick"]
    assert (tick["posts"], tick["layers"]["down"]) == ([], ["batch"])
    assert tick["summary"]["posts"] > 0


def asked(upstream: Server, only: Filter = NO_FILTER) -> dict[str, Any]:
    async def scenario() -> dict[str, Any]:
        async with ViewsClient(upstream.url) as views:
            return await history.period(views, "world-cup", PERIOD, only)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "only",
    [
        NO_FILTER,
        Filter(sentiment="negative"),
        Filter(facet="hashtag", term="goal"),
        Filter(emotion="joy", kind="reply"),
        Filter(sentiment="negative", lang="en", facet="hashtag", term="goal", q="the"),
    ],
)
def test_the_bars_add_up_to_the_number(upstream: Server, only: Filter) -> None:
    found = asked(upstream, only)
    tick = found["tick"]
    assert sum(item["posts"] for item in tick["series"]) == tick["summary"]["posts"]
    assert found["figures"]["text"][ids.POSTS_NOW] == f"{tick['summary']['posts']:,}"
    assert len(tick["series"]) == 20


def test_a_fixed_period_says_what_it_cannot_know(upstream: Server) -> None:
    text = asked(upstream, Filter(facet="hashtag", term="goal"))["figures"]["text"]
    assert text[ids.AUTHORS_NOW] == "–"
    assert text[ids.AUTHORS_BEFORE] == "not known for a term"
    assert text[ids.EMOTION_SAMPLE] == text[ids.KIND_SAMPLE] == "choose one to count it"
    assert text[ids.LANGUAGE_NOTE] == "Languages are not counted under this filter alone."
    assert text[ids.RISING_NOTE].startswith("What rises")


def test_filters_together_are_counted_in_all_parts(upstream: Server) -> None:
    found = asked(upstream, Filter(sentiment="negative", facet="hashtag", term="goal"))
    summary, drawn = found["tick"]["summary"], found["figures"]
    assert drawn["text"][ids.AUTHORS_NOW] == str(summary["authors"])
    assert drawn["text"][ids.EMOTION_SAMPLE] == f"of {summary['posts']} rated posts"
    assert sum(int(row["note"]) for row in drawn["bars"][ids.EMOTIONS]) == summary["posts"] > 0
    assert sum(int(row["note"]) for row in drawn["bars"][ids.KINDS]) == summary["posts"]
    assert sum(int(row["note"]) for row in drawn["bars"][ids.LANGUAGES]) == summary["posts"]


def test_a_share_of_one_sentiment_has_no_interval(upstream: Server) -> None:
    text = asked(upstream, Filter(sentiment="negative"))["figures"]["text"]
    assert (text[ids.share("negative")], text[ids.share_interval("negative")]) == ("100%", "")


def test_pages_of_posts_follow_each_other(upstream: Server) -> None:
    async def scenario() -> list[str]:
        async with ViewsClient(upstream.url) as views:
            page = await history.posts(views, "world-cup", PERIOD, NO_FILTER, None)
            assert len(page["items"]) == 2 * history.PAGE
            found = [post["id"] for post in page["items"]]
            while page["next"]:
                page = await history.posts(views, "world-cup", PERIOD, NO_FILTER, page["next"])
                found += [post["id"] for post in page["items"]]
            return found

    found = asyncio.run(scenario())
    assert len(found) == len(set(found)) == asked(upstream)["tick"]["summary"]["posts"]
    assert found == sorted(found, reverse=True)
