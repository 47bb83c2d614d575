from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dashboard
import pytest
from dashboard import ids, view
from dashboard.asked import Filter
from dashboard.messages import WINDOWS, Coverage
from dashboard.pages import topic
from dashboard.testing import TOPICS, folding

NOW = datetime(2026, 11, 22, 21, 34, 30, tzinfo=UTC)


def tick(slug: str = "world-cup", window: Any = "15m") -> Any:
    return folding.tick(TOPICS[slug], window, NOW)


def laid_out() -> set[str]:
    page = topic.layout()
    return {component.id for component in page._traverse() if getattr(component, "id", None)}


def in_dialogs() -> set[str]:
    return set(re.findall(r'id="([\w-]+)"', (Path(dashboard.__file__).parent / "dialogs.html").read_text()))


@pytest.mark.parametrize("slug", TOPICS)
@pytest.mark.parametrize("window", WINDOWS)
def test_everything_that_is_written_has_its_place_on_the_page(slug: str, window: Any) -> None:
    shown = view.tick(tick(slug, window))
    assert set(shown["text"]) | set(shown["bars"]) <= laid_out()


def test_the_assets_name_only_what_is_on_the_page() -> None:
    assets = Path(dashboard.__file__).parent / "assets"
    named = {
        name
        for file in assets.glob("*.js")
        for name in re.findall(r'(?:element|set_props)\("([\w-]+)"', file.read_text())
    }
    assert named
    assert named <= laid_out() | in_dialogs()


def test_numbers_stand_beside_the_period_before() -> None:
    message = tick()
    message["summary"] |= {"posts": 412, "authors": 301, "exact": False}
    message["summary"]["previous"] |= {"posts": 300, "authors": 0, "exact": True}
    text = view.tick(message)["text"]
    assert (text[ids.POSTS_NOW], text[ids.POSTS_CHANGE], text[ids.POSTS_BEFORE]) == (
        "412",
        "▲ 37%",
        "300 in the 15 min before",
    )
    assert (text[ids.AUTHORS_NOW], text[ids.AUTHORS_CHANGE]) == ("≈301", "new")


def test_a_period_before_that_nobody_heard_is_not_compared_with() -> None:
    message = tick()
    message["summary"]["previous"]["coverage"] = "none"
    text = view.tick(message)["text"]
    assert {text[ids.POSTS_CHANGE], text[ids.POSTS_BEFORE], text[ids.share_change("positive")]} == {""}


def test_a_share_says_its_sample_and_its_interval() -> None:
    message = tick()
    message["summary"]["sentiment"] = folding.shares(
        folding.Counter(positive=190, neutral=120, negative=70, not_rated=32), folding.SENTIMENTS
    )
    text = view.tick(message)["text"]
    assert (text[ids.share("positive")], text[ids.share_interval("positive")]) == ("50%", "45–55%")
    assert text[ids.SENTIMENT_SAMPLE] == "of 380 rated posts, with 95% intervals · 32 not rated"


def test_what_could_not_be_heard_is_said() -> None:
    message = tick()
    assert view.tick(message)["text"][ids.COVERAGE] == ""
    message["summary"]["coverage"] = "partial"
    assert "lower bound" in view.tick(message)["text"][ids.COVERAGE]


def test_what_was_counted_in_part_says_so_and_compares_with_nothing() -> None:
    message = tick()
    unknown = {"posts": None, "authors": None, "complete": False, "counted": 0, "sentiment": {"sample": 0, "items": []}}
    message["summary"] |= {"posts": 20_000, "authors": None, "complete": False, "counted": 20_000}
    message["summary"]["previous"] |= unknown
    text = view.tick(message, only=Filter(q="goal", kind="reply"))["text"]
    assert (text[ids.POSTS_NOW], text[ids.POSTS_CHANGE], text[ids.POSTS_BEFORE]) == ("20,000", "", "")
    assert (text[ids.AUTHORS_NOW], text[ids.AUTHORS_BEFORE]) == ("–", "not counted")
    assert text[ids.share_change("positive")] == ""
    assert text[ids.COVERAGE] == "Only the newest 20,000 posts that pass the filters were counted."
    message["summary"] |= {"posts": 45_000}
    message["summary"]["previous"] |= {"posts": 30_000}
    text = view.tick(message, only=Filter(emotion="joy"))["text"]
    assert (text[ids.POSTS_NOW], text[ids.POSTS_CHANGE]) == ("45,000", "▲ 50%")
    assert text[ids.COVERAGE].endswith("were counted; the number of posts is of all.")


def test_a_topic_without_posts_is_drawn_too() -> None:
    text = view.tick(tick("just-started"))["text"]
    assert (text[ids.POSTS_NOW], text[ids.share("positive")], text[ids.POSTS_CHANGE]) == ("0", "–", "")


def test_delivery_is_only_said_while_it_happens() -> None:
    assert view.tick(tick())["text"][ids.DELIVERY].startswith("Posts were 1.2 s old")
    assert view.tick(tick("film-festival"))["text"][ids.DELIVERY] == ""


def nothing_rises(coverage: Coverage) -> str:
    return view.rising("world-cup", {"items": [], "coverage": coverage})["text"][ids.RISING_NOTE]


def test_a_trending_that_does_not_say_how_much_it_knows_knows_all() -> None:
    assert view.rising("world-cup", {"items": []})["text"][ids.RISING_NOTE].startswith("Nothing is rising")


def test_rising_says_when_nothing_rises_and_when_nobody_knows() -> None:
    assert nothing_rises("full") == "Nothing is rising above its usual level."
    assert nothing_rises("partial").endswith("as far as it could be heard.")
    assert nothing_rises("none").startswith("What rises is unknown")
    unknown = view.rising_unavailable("world-cup")
    assert "not available" in unknown["text"][ids.RISING_NOTE]
    assert unknown["bars"][ids.RISING] == []
