from __future__ import annotations

from typing import Any

import pytest
from dashboard import ids
from dashboard.palette import PALETTES
from dashboard.testing import FakeUpstream, Server, Topic

pytestmark = pytest.mark.browser

TRACES = "(document.querySelector('#volume .js-plotly-plot')?._fullData || [])"
DRAWN = f"{TRACES}.slice(0, 4).map((trace) => Array.from(trace.y || []))"


def changed(page: Any, expression: str) -> None:
    """Waits until an expression has another value than now."""
    before = page.evaluate(f"JSON.stringify({expression})")
    page.wait_for_function(f"(before) => JSON.stringify({expression}) !== before", arg=before)


def text(page: Any, element_id: str) -> str:
    return str(page.text_content(f"#{element_id}"))


def wait_for_state(page: Any, state: str) -> None:
    page.wait_for_selector(f"html[data-state={state}]", state="attached")


def test_the_page_moves(open_page: Any, troubles: list[str]) -> None:
    page = open_page()
    assert page.url.endswith("/?topic=world-cup&window=15m")
    assert page.title() == "world-cup · Pulse"
    changed(page, "document.getElementById('posts-now').textContent")
    changed(page, DRAWN)
    changed(page, "document.querySelector('#posts li').dataset.id")
    assert page.locator(f"#{ids.POSTS} li").count() == 20
    for name in ids.FACETS:
        assert page.locator(f"#{ids.facet(name)} li").count() == 10
    assert page.locator(f"#{ids.EMOTIONS} li").count() == 7
    page.wait_for_selector(f"#{ids.RISING} li")
    assert not troubles


def test_the_number_is_the_sum_of_the_bars(open_page: Any) -> None:
    page = open_page("?topic=film-festival", live=False)
    wait_for_state(page, "as-of")
    page.wait_for_function(f"{DRAWN}.length === 4")
    drawn = page.evaluate(f"{DRAWN}.flat().reduce((sum, number) => sum + number, 0)")
    assert text(page, ids.POSTS_NOW) == f"{drawn:,}"
    assert text(page, ids.STATUS) == "as of 22:31 UTC, 24 Feb 2026"


def test_topic_and_window_are_in_the_address_and_back_works(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=5m")
    page.locator("#window").get_by_text("1 hour").click()
    page.wait_for_url("**/?topic=world-cup&window=1h")
    page.wait_for_function(f"{DRAWN}[0]?.length === 60")
    page.locator("#topic").click()
    page.get_by_role("option", name="city-marathon").click()
    page.wait_for_url("**/?topic=city-marathon&window=1h")
    page.wait_for_function("document.getElementById('heading').textContent === 'city-marathon'")
    page.go_back()
    page.wait_for_function("document.getElementById('heading').textContent === 'world-cup'")
    wait_for_state(page, "live")
    assert page.input_value("#topic") == "world-cup"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_chooses_the_theme_and_a_person_another_which_stays(open_page: Any, scheme: Any) -> None:
    other = "dark" if scheme == "light" else "light"
    page = open_page(color_scheme=scheme)
    colour = f"{TRACES}[0]?.marker?.color"
    page.wait_for_function(f"{colour} === '{PALETTES[scheme].negative}'")
    page.click("#scheme")
    page.wait_for_function(f"{colour} === '{PALETTES[other].negative}'")
    page.reload()
    wait_for_state(page, "live")
    assert page.get_attribute("html", "data-mantine-color-scheme") == other
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == rgb(PALETTES[other].page)


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5))})"


def test_a_phone_has_one_column_and_no_overflow(open_page: Any, troubles: list[str]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.wait_for_selector(f"#{ids.RISING} li")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    panels = page.locator(".panels > .panel").all()
    assert len({round(panel.bounding_box()["x"]) for panel in panels}) == 1
    for name in ("topic", "window", "status", "pause", "scheme"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] < 120
    assert not troubles


def test_nothing_on_the_page_jumps_while_it_moves(open_page: Any) -> None:
    page = open_page()
    page.wait_for_selector(f"#{ids.RISING} li")
    page.evaluate(
        """() => { window.shift = 0; new PerformanceObserver((list) => {
             for (const entry of list.getEntries()) window.shift += entry.value;
           }).observe({type: "layout-shift"}); }"""
    )
    for _ in range(4):
        changed(page, "document.getElementById('posts-now').textContent")
    assert page.evaluate("window.shift") < 0.02


def test_never_live_while_upstream_is_down(open_page: Any, upstream: Server) -> None:
    page = open_page()
    upstream.stop()
    wait_for_state(page, "reconnecting")
    assert text(page, ids.STATUS) == "reconnecting"
    before = text(page, ids.POSTS_NOW)
    assert before != ""
    upstream.start()
    wait_for_state(page, "live")


def test_a_layer_that_is_down_is_said_in_words(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page()
    for layer, words in (("speed", "older minutes only: the speed layer is down"), ("batch", "recent minutes only")):
        fake.down[:] = [layer]
        wait_for_state(page, "in-part")
        page.wait_for_function(f"document.getElementById('{ids.STATUS}').textContent.startsWith('{words}')")
    fake.down.clear()
    wait_for_state(page, "live")


def test_never_live_while_the_page_itself_is_cut_off(open_page: Any, dashboard: Server) -> None:
    page = open_page()
    dashboard.stop()
    wait_for_state(page, "reconnecting")
    dashboard.start()
    wait_for_state(page, "live")


@pytest.mark.parametrize("max_browsers", [1])
def test_a_page_too_many_says_so_and_lives_when_another_is_closed(open_page: Any) -> None:
    first = open_page()
    second = open_page(live=False)
    wait_for_state(second, "full")
    assert text(second, ids.STATUS) == "too many pages"
    assert second.is_visible("text=Too many pages are open already")
    first.close()
    wait_for_state(second, "live")
    assert text(second, ids.POSTS_NOW) != ""


def test_a_paused_view_stands_still_and_catches_up(open_page: Any) -> None:
    page = open_page()
    page.click("#pause")
    wait_for_state(page, "paused")
    shown = text(page, ids.POSTS_NOW)
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    another = open_page()
    for _ in range(2):
        changed(another, "document.getElementById('posts-now').textContent")
    assert text(page, ids.POSTS_NOW) == shown
    page.click("#pause")
    page.wait_for_function(f"document.getElementById('posts-now').textContent !== '{shown}'")


def test_posts_wait_while_they_are_read(open_page: Any) -> None:
    page = open_page()
    page.hover(f"#{ids.POSTS} li")
    first = page.get_attribute(f"#{ids.POSTS} li", "data-id")
    page.wait_for_selector(f"#{ids.POSTS_WAITING}:not([hidden])")
    assert page.get_attribute(f"#{ids.POSTS} li", "data-id") == first
    page.click(f"#{ids.POSTS_WAITING}")
    page.wait_for_function(f"document.querySelector('#posts li').dataset.id !== '{first}'")


def test_a_topic_without_posts_is_listened_to(open_page: Any) -> None:
    page = open_page("?topic=just-started", live=False)
    wait_for_state(page, "gathering")
    assert page.locator(f"#{ids.EMPTY_TITLE}").is_visible()
    assert page.locator(".content").is_hidden()


def test_an_unknown_topic_is_said_and_found_when_it_starts(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=harbour-fair", live=False)
    wait_for_state(page, "unknown")
    fake.topics["harbour-fair"] = Topic("harbour-fair", "#harbourfair", 30)
    wait_for_state(page, "live")


def test_no_topic_yet_is_said_and_the_first_one_is_shown(open_page: Any, fake: FakeUpstream) -> None:
    known = dict(fake.topics)
    fake.topics.clear()
    page = open_page(live=False)
    wait_for_state(page, "no-topic")
    fake.topics.update(known)
    wait_for_state(page, "live")
    assert text(page, ids.HEADING) == "world-cup"


def test_texts_are_shown_as_text_and_links_lead_to_the_web_only(open_page: Any, troubles: list[str]) -> None:
    page = open_page("?topic=just-started", live=False)
    wait_for_state(page, "gathering")
    page.evaluate("""() => pulse.paint.message({kind: "tick", series: [], posts: [{
        id: "sim:\\"]", author: {handle: "<b>ada</b>"}, kind: "original", created_at: "2026-11-22T21:59:26.123Z",
        text: "<img src=x onerror='window.broken = true'>", permalink: "javascript:window.broken = true",
        sentiment: {label: "neutral"}, emotion: {label: "none"}}]})""")
    entry = page.locator(f"#{ids.POSTS} li")
    assert entry.locator(".post-text").text_content() == "<img src=x onerror='window.broken = true'>"
    assert entry.locator("img, b, a").count() == 0
    assert page.evaluate("window.broken") is None
    assert not troubles


def test_the_keyboard_reaches_the_content_first(open_page: Any) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert page.locator("h1").count() == 1
    assert page.locator("main, header.bar, aside").count() == 3
