"""Topics, made and changed on the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from dashboard import create_app, ids
from dashboard.testing import FakeUpstream, Server
from playwright.sync_api import Route, expect

pytestmark = pytest.mark.browser


def test_a_query_is_checked_while_it_is_typed(open_page: Any) -> None:
    page = open_page()
    page.click("#topic-new")
    page.fill("#topic-name", "FIFA World  Cup!")
    page.fill("#topic-query", '🎉 ("world cup" OR #WorldCup')
    mark = page.locator("#topic-mirror mark")
    expect(mark).to_have_text("(")
    assert page.inner_text("#topic-slug") == "#fifa-world-cup"
    expect(page.locator("#topic-said")).to_have_text("this parenthesis is never closed")
    assert page.get_attribute("#topic-query", "aria-invalid") == "true"
    caret, field = mark.bounding_box(), page.locator("#topic-query").bounding_box()
    assert field["y"] <= caret["y"] < field["y"] + field["height"]
    page.fill("#topic-query", '🎉 ("world cup" OR #WorldCup)')
    expect(page.locator("#topic-said")).to_contain_text("posts that match")
    assert mark.count() == 0


def test_the_mirror_breaks_lines_as_the_field_does(open_page: Any) -> None:
    page = open_page()
    page.click("#topic-new")
    page.fill("#topic-query", "(goal OR penalty) " * 12 + "(")
    expect(page.locator("#topic-mirror mark")).to_have_text("(")
    sizes = "(element) => [element.scrollHeight, element.clientWidth]"
    assert page.eval_on_selector("#topic-query", sizes) == page.eval_on_selector("#topic-mirror", sizes)


def test_a_topic_is_made_and_shown_once_it_is_heard(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page()
    page.click("#topic-new")
    page.fill("#topic-name", "Harbour fair")
    page.fill("#topic-query", "#harbourfair")
    page.click("#topic-save")
    page.wait_for_url("**/?topic=harbour-fair&window=15m")
    page.wait_for_selector("html[data-state=live]", state="attached")
    assert fake.topics["harbour-fair"].query == "#harbourfair"
    expect(page.locator(f"#{ids.TOPIC_STATE}")).to_have_text("Live")


def test_a_name_that_is_taken_is_said(open_page: Any) -> None:
    page = open_page()
    page.click("#topic-new")
    page.fill("#topic-name", "City Marathon")
    expect(page.locator("#topic-slug")).to_contain_text("is a topic already")
    page.fill("#topic-query", "marathon")
    page.click("#topic-save")
    expect(page.locator("#topic-error")).to_contain_text("city-marathon")


def test_an_answer_about_what_was_typed_before_wipes_out_nothing_that_is_said(open_page: Any) -> None:
    page = open_page()
    page.click("#topic-new")
    page.fill("#topic-name", "City Marathon")
    expect(page.locator("#topic-slug")).to_contain_text("is a topic already")
    held: list[Route] = []
    page.route("**/topics/check", lambda route: held.append(route))  # a builtin is nothing that Playwright can wrap
    with page.expect_request("**/topics/check"):
        page.fill("#topic-query", "marathon")
    page.click("#topic-save")
    expect(page.locator("#topic-error")).to_contain_text("city-marathon")
    with page.expect_response("**/topics/check"):
        held[-1].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # what follows the answer has been done by then
    assert "city-marathon" in (page.locator("#topic-error").text_content() or "")


def test_stopping_is_asked_once_more(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=city-marathon")
    page.click("#topic-edit")
    expect(page.locator("#topic-run")).to_have_text("Stop")
    page.click("#topic-run")
    page.locator("#sure-dialog").get_by_role("button", name="Cancel").click()
    assert fake.topics["city-marathon"].ended is None
    page.click("#topic-run")
    page.click("#sure-yes")
    expect(page.locator(f"#{ids.TOPIC_STATE}")).to_have_text("Stopped")
    assert fake.topics["city-marathon"].ended is not None
    page.click("#topic-edit")
    page.locator("#topic-run", has_text="Start").click()
    expect(page.locator(f"#{ids.TOPIC_STATE}")).to_have_text("Live")


LIMIT = "its own limit of 500 posts is reached; raise --limit of the topic, then start it again"


def stopped(fake: FakeUpstream, because: str | None) -> None:
    """The collector stops the city's marathon by itself, or somebody does on a terminal."""
    marathon = fake.topics["city-marathon"]
    ended = datetime(2026, 11, 22, 21, 50, tzinfo=UTC)
    fake.topics["city-marathon"] = replace(marathon, ended=ended, stopped_because=because)


def test_a_topic_that_a_limit_stopped_says_which_until_it_is_started_again(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=city-marathon")
    because = page.locator(f"#{ids.TOPIC_BECAUSE}")
    expect(because).to_be_empty()
    stopped(fake, LIMIT)
    expect(page.locator(f"#{ids.TOPIC_STATE}")).to_have_text("Stopped")
    expect(because).to_have_text(f"Stopped: {LIMIT}")
    page.click("#topic-edit")
    page.locator("#topic-run", has_text="Start").click()
    expect(because).to_be_empty()


def test_why_another_topic_was_stopped_is_not_said_of_the_one_that_is_shown(open_page: Any, fake: FakeUpstream) -> None:
    stopped(fake, LIMIT)
    page = open_page("?topic=city-marathon", live=False)
    because = page.locator(f"#{ids.TOPIC_BECAUSE}")
    because.filter(has_text="its own limit").wait_for()
    page.click("#topic")
    page.get_by_role("option", name="world-cup").click()
    expect(because).to_be_empty()


def test_of_a_topic_that_somebody_stopped_nothing_more_is_said(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=world-cup")
    stopped(fake, None)
    page.click("#topic")
    with page.expect_response("**/topics/city-marathon"):
        page.get_by_role("option", name="city-marathon").click()
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # what follows the answer has been done by then
    expect(page.locator(f"#{ids.TOPIC_STATE}")).to_have_text("Stopped")
    assert page.text_content(f"#{ids.TOPIC_BECAUSE}") == ""


def test_a_collector_that_could_not_say_why_is_asked_again(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=city-marathon")
    page.route("**/topics/city-marathon", lambda route: route.abort(), times=1)
    with page.expect_request("**/topics/city-marathon"):
        stopped(fake, LIMIT)
    expect(page.locator(f"#{ids.TOPIC_BECAUSE}")).to_have_text(f"Stopped: {LIMIT}")


def test_a_query_is_changed_and_a_topic_deleted(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=city-marathon")
    page.click("#topic-edit")
    expect(page.locator("#topic-query")).to_have_value("marathon -is:repost")
    page.fill("#topic-query", "marathon (city OR town)")
    page.click("#topic-save")
    expect(page.locator(f"#{ids.QUERY}")).to_have_text("marathon (city OR town)")
    page.click("#topic-edit")
    page.click("#topic-delete")
    page.click("#sure-yes")
    page.wait_for_url("**/?topic=world-cup**")
    assert "city-marathon" not in fake.topics


def test_nothing_that_was_typed_is_lost_when_the_collector_is_down(
    chromium: Any, upstream: Server, fake: FakeUpstream
) -> None:
    with Server(fake.app) as collector, Server(create_app(upstream.url, upstream.url, collector.url)) as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/?topic=world-cup")
        page.wait_for_selector("html[data-state=live]", state="attached")
        collector.stop()
        page.click("#topic-new")
        page.fill("#topic-name", "Harbour fair")
        page.fill("#topic-query", "#harbourfair")
        expect(page.locator("#topic-error")).to_contain_text("cannot be reached")
        page.click("#topic-save")
        expect(page.locator("#topic-error")).to_contain_text("cannot be reached")
        assert page.input_value("#topic-query") == "#harbourfair"
        collector.start()
        page.click("#topic-save")
        page.wait_for_url("**/?topic=harbour-fair&window=15m")
        page.close()


def test_states_group_the_choices(open_page: Any) -> None:
    page = open_page()
    page.click("#topic")
    groups = page.locator(".mantine-Select-groupLabel")
    expect(groups.first).to_be_visible()
    assert groups.all_inner_texts() == ["Live", "Gathering", "Stopped"]
