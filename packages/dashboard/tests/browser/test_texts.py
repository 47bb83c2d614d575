"""Texts of others are shown as text, whatever they are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dashboard import ids
from dashboard.testing import TOPICS, FakeUpstream
from dashboard.testing.world import posts_of
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MINUTE = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
PERIOD = "?topic=odd&from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z"
HTML = "<img src=x onerror='window.broken = 1'><b>bold</b> &amp; <a href='javascript:window.broken = 2'>link</a>"
SCRIPT = "<script>window.broken = 3</script>{{7*7}} ${window.broken = 4}"
REVERSED = "\u202egnp.exe \u2066\u2067 abc\u200f \u202d end"
EMOJI = "🎉👩‍👩‍👧‍👦" * 5_000
LINES = "line\n" * 400
TEXTS = (HTML, SCRIPT, REVERSED, EMOJI, LINES)


@pytest.fixture
def odd(fake: FakeUpstream) -> FakeUpstream:
    """A topic whose posts are all odd, in text, in author, in terms and in where they lead to."""
    made_up = posts_of(TOPICS["world-cup"], MINUTE)[: len(TEXTS)]
    posts = []
    for index, (post, text) in enumerate(zip(made_up, TEXTS, strict=True)):
        at = (MINUTE + timedelta(seconds=index)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        author = {"id": f"sim:{index}", "handle": "<i>\u202eada</i>", "name": HTML}
        odd_terms = {"hashtags": [HTML], "words": [REVERSED], "keywords": [{"text": EMOJI[:200], "score": 0.1}]}
        posts.append(
            {**post, **odd_terms, "id": f'sim:"]{index}', "author": author, "text": text, "created_at": at}
            | {"permalink": "javascript:window.broken = 5"}
        )
    topic = replace(TOPICS["just-started"], slug="odd", query=HTML, extra=tuple(posts))
    fake.topics["odd"] = topic
    return fake


@pytest.fixture
def page(open_page: Any, odd: FakeUpstream) -> Any:
    made = open_page(PERIOD, live=False)
    made.wait_for_selector("html[data-state=fixed]:not([data-pending])", state="attached")
    return made


def test_they_are_shown_as_text(page: Any, troubles: list[str]) -> None:
    shown = page.eval_on_selector_all(".post-text", "(texts) => texts.map((text) => text.textContent)")
    assert shown == [*reversed(TEXTS)]
    assert page.text_content(f"#{ids.QUERY}") == HTML
    assert page.locator(f"#{ids.POSTS} :is(img, b, i, a, script), .bar-list .name :is(img, b, i, a)").count() == 0
    assert page.evaluate("window.broken") is None
    assert not troubles


def test_their_terms_are_chosen_like_others(page: Any, troubles: list[str]) -> None:
    page.click(f"#{ids.facet('hashtag')} button")
    page.wait_for_function("pulse.address.asked().facet === 'hashtag'")
    page.wait_for_selector("html[data-state=fixed]:not([data-pending])", state="attached")
    assert page.text_content(f"#{ids.CHIPS} bdi >> nth=1") == f"#{HTML}"
    assert page.text_content(f"#{ids.POSTS_NOW}") == str(len(TEXTS))
    assert page.evaluate("window.broken") is None
    assert not troubles


def test_a_reversed_text_turns_nothing_around_it(page: Any) -> None:
    """A right-to-left override ends with its element: what stands beside it keeps its order."""
    isolated = "(elements) => elements.map((element) => getComputedStyle(element).unicodeBidi)"
    assert set(page.eval_on_selector_all(".author, .post-text", isolated)) <= {"isolate", "plaintext"}
    assert set(page.eval_on_selector_all(".bar-list .name", isolated)) <= {"isolate", "plaintext"}


def test_a_very_long_text_is_folded(page: Any) -> None:
    entry = page.locator(f"#{ids.POSTS} li").nth(1)
    assert entry.bounding_box()["height"] < 300
    entry.get_by_role("button", name="Show more").click()
    assert entry.bounding_box()["height"] > 3_000
    entry.get_by_role("button", name="Show less").click()
    assert entry.bounding_box()["height"] < 300
    expect(page.locator(f"#{ids.POSTS} li").nth(2).get_by_role("button")).to_have_count(0)


def test_they_break_nothing_on_a_phone(open_page: Any, odd: FakeUpstream) -> None:
    phone = open_page(PERIOD, live=False, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    phone.wait_for_selector("html[data-state=fixed]:not([data-pending])", state="attached")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
