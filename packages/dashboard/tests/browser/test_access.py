"""For everybody: nothing serious for axe-core in any state, and all that a mouse can do, by keys."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest
from dashboard import ids
from dashboard.testing import FakeUpstream
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FIXED = (
    "?topic=world-cup&from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z&sentiment=negative&emotion=anger&lang=en&q=the"
)
STATES = {
    "live": "?topic=world-cup&window=15m",
    "as-of": "?topic=film-festival",
    "gathering": "?topic=just-started",
    "unknown": "?topic=harbour-fair",
    "fixed": FIXED,
    "crowded": "?topic=world-cup&window=15m&q=goal",
}


def serious(page: Any) -> list[str]:
    """What axe-core calls serious or critical."""
    page.evaluate(resources.files("axe_core_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    bad = [violation for violation in found if violation["impact"] in {"serious", "critical"}]
    return [f"{violation['id']}: {node['target']}" for violation in bad for node in violation["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_serious(open_page: Any, fake: FakeUpstream, scheme: str, state: str) -> None:
    fake.max_filtered = 0 if state == "crowded" else 20
    page = open_page(STATES[state], live=False, color_scheme=scheme)
    page.wait_for_selector(f"html[data-state={state}]", state="attached")
    if state in {"live", "fixed"}:
        page.wait_for_selector("html:not([data-pending])", state="attached")
        page.wait_for_function("getComputedStyle(document.querySelector('.content')).opacity === '1'")
    assert serious(page) == []
    if state in {"live", "fixed"}:
        page.locator(f"#{ids.STEPS} button[tabindex='0']").focus()
        expect(page.locator(f"#{ids.STEP_SAID}")).not_to_be_empty()
        assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_dialogs(open_page: Any, scheme: str) -> None:
    page = open_page("?topic=city-marathon", color_scheme=scheme)
    page.click("#topic-new")
    page.fill("#topic-query", "(goal")
    expect(page.locator("#topic-mirror mark")).to_have_text("(")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.click("#topic-edit")
    page.click("#topic-delete")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("#window label", has_text="Custom").click()
    assert serious(page) == []


def tab_to(page: Any, selector: str, limit: int = 80) -> None:
    """Presses Tab until the focus is where it should go."""
    for _ in range(limit):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{limit} tabs do not lead to {selector}")


def test_keys_alone_lead_from_a_topic_to_a_post(open_page: Any) -> None:
    page = open_page("?topic=city-marathon&window=15m")
    page.wait_for_selector(f"#{ids.facet('keyword')} li")
    tab_to(page, "#topic")
    page.keyboard.type("film")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?topic=film-festival&window=15m")
    page.wait_for_selector("html[data-state=as-of]:not([data-pending])", state="attached")
    page.wait_for_selector(f"#{ids.facet('keyword')} button")
    tab_to(page, f"#{ids.facet('keyword')} button")
    term = page.evaluate("document.activeElement.dataset.term")
    page.keyboard.press("Enter")
    page.wait_for_function("(term) => pulse.address.asked().term === term", arg=term)
    page.wait_for_selector("html:not([data-pending])", state="attached")
    tab_to(page, f"#{ids.POSTS_SCROLL}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator(f"#{ids.POSTS} li").nth(1)
    assert page.evaluate("document.activeElement.closest('li').dataset.id") == second.get_attribute("data-id")
    assert term in second.inner_text()
    page.keyboard.press("Escape")
    page.wait_for_url("**/?topic=film-festival&window=15m")


def test_keys_alone_lead_from_a_topic_to_a_minute_of_the_chart_to_its_posts(open_page: Any) -> None:
    page = open_page("?topic=city-marathon&window=15m")
    tab_to(page, "#topic")
    page.keyboard.type("film")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?topic=film-festival&window=15m")
    page.wait_for_selector("html[data-state=as-of]:not([data-pending])", state="attached")
    page.wait_for_selector(f"#{ids.STEPS} button")
    tab_to(page, f"#{ids.STEPS} button")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    label = page.evaluate("document.activeElement.ariaLabel")
    minute, posts = re.fullmatch(r"(\d\d:\d\d) UTC: (\d+) positive posts", label).groups()
    assert page.inner_text(f"#{ids.STEP_SAID}") == f"{label}. Enter shows it."
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**from=2026-02-24T{minute}:00Z&**&sentiment=positive")
    page.wait_for_selector("html[data-state=fixed]:not([data-pending])", state="attached")
    assert page.inner_text(f"#{ids.POSTS_NOW}") == posts
    tab_to(page, f"#{ids.POSTS_SCROLL}")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.querySelector('.time').textContent").startswith(minute)
    assert page.locator(f"#{ids.POSTS} li").count() == int(posts)
    page.keyboard.press("Escape")
    page.wait_for_url("**/?topic=film-festival&window=15m")


def test_the_steps_of_the_chart_are_one_stop_and_keep_their_place_while_it_moves(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=5m")
    page.wait_for_selector(f"#{ids.STEPS} button")
    assert page.locator(f"#{ids.STEPS} button[tabindex='0']").count() == 1
    tab_to(page, f"#{ids.STEPS} button")
    page.keyboard.press("Home")
    first = page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("End")
    last = page.evaluate("document.activeElement.ariaLabel")
    assert first[:5] < last[:5]
    page.wait_for_function(
        "pulse.live.period()[1].slice(11, 16) > document.querySelector('#steps button:focus').ariaLabel.slice(0, 5)"
    )
    place = "[...document.querySelector('#steps').children].indexOf(document.activeElement)"
    page.wait_for_function(f"{place} < 4")  # the window has moved on, the minute has not
    assert page.evaluate("document.activeElement.ariaLabel")[:5] == last[:5]
    page.keyboard.press("Tab")
    assert page.inner_text(f"#{ids.STEP_SAID}") == ""


def test_keys_alone_search_for_a_word_and_take_it_away(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=15m")
    tab_to(page, f"#{ids.SEARCH} input")
    page.keyboard.type("harbour")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?topic=world-cup&window=15m&q=harbour")
    page.wait_for_selector("html[data-state=live]:not([data-pending])", state="attached")
    page.locator("#topic").focus()
    tab_to(page, f"#{ids.CHIPS} button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?topic=world-cup&window=15m")


def test_keys_alone_choose_a_window_and_make_a_topic(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=15m")
    tab_to(page, "#window input")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/?topic=world-cup&window=1h")
    page.locator("#topic-new").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#topic-name")).to_be_focused()
    page.keyboard.type("Harbour fair")
    page.keyboard.press("Tab")
    page.keyboard.type("#harbourfair")
    tab_to(page, "#topic-save", limit=4)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?topic=harbour-fair&window=1h")
