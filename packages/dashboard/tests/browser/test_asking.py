"""Filters and periods: what is clicked is what is shown, and the address says it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dashboard import ids
from dashboard.testing import FakeUpstream, Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PERIOD = "?topic=world-cup&from=2026-11-22T21:20:00Z&to=2026-11-22T21:40:00Z"


def fixed(page: Any) -> None:
    """Waits until what the address asks for is painted."""
    page.wait_for_selector("html[data-state=fixed]:not([data-pending])", state="attached")


def number(page: Any, element_id: str = ids.POSTS_NOW) -> int:
    return int(str(page.text_content(f"#{element_id}")).replace(",", ""))


def all_posts(page: Any) -> int:
    """How many posts are behind the number, once all pages are read."""
    more = page.locator(f"#{ids.POSTS_MORE}")
    while more.is_visible():
        more.click()
        expect(more).to_be_enabled()
    return int(page.locator(f"#{ids.POSTS} li").count())


@pytest.mark.parametrize("facet", ids.FACETS)
def test_the_posts_behind_a_bar_are_as_many_as_it_says(open_page: Any, facet: str) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    bar = page.locator(f"#{ids.facet(facet)} button").nth(6)
    said = int(bar.locator(".number").inner_text().replace(",", ""))
    bar.click()
    page.wait_for_url(f"**facet={facet}**")
    fixed(page)
    assert number(page) == said
    assert all_posts(page) == said


@pytest.mark.parametrize("sentiment", ["positive", "negative", "not_rated"])
def test_the_posts_of_a_sentiment_are_as_many_as_the_legend_says(open_page: Any, sentiment: str) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    said = number(page, ids.sentiment_count(sentiment))
    page.click(f".legend [data-sentiment={sentiment}]")
    page.wait_for_url(f"**&sentiment={sentiment}")
    fixed(page)
    assert number(page) == all_posts(page) == said
    assert page.get_attribute(f".legend [data-sentiment={sentiment}]", "aria-pressed") == "true"


def click_step(page: Any, index: int, share: float) -> int:
    """Clicks into the lowest part of a step of the chart, at a share of its height; returns how many posts it is of."""
    place = page.evaluate(
        """([index, share]) => {
          const plot = document.querySelector("#volume .js-plotly-plot"), { xaxis, yaxis } = plot._fullLayout;
          const box = plot.getBoundingClientRect(), trace = plot._fullData[0], height = trace.y[index];
          const middle = Date.parse(`${trace.x[index]}Z`) + 30000;
          const [left, top] = [box.left + xaxis._offset, box.top + yaxis._offset];
          return [left + xaxis.c2p(middle), top + yaxis.c2p(height * share), height];
        }""",
        [index, share],
    )
    page.mouse.click(place[0], place[1])
    return int(place[2])


def test_a_part_of_the_chart_is_its_minute_and_its_sentiment(open_page: Any) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    page.wait_for_function("document.querySelector('#volume .js-plotly-plot')?._fullData?.[0]?.y?.[4] > 0")
    said = click_step(page, 4, 0.5)
    page.wait_for_url("**from=2026-11-22T21:24:00Z&to=2026-11-22T21:25:00Z&sentiment=negative")
    fixed(page)
    assert number(page) == all_posts(page) == said
    page.go_back()
    page.wait_for_url(f"**/{PERIOD}")
    fixed(page)
    assert number(page) > said


def test_a_part_of_the_chart_joins_the_filters(open_page: Any) -> None:
    page = open_page(f"{PERIOD}&facet=word&term=goal", live=False)
    fixed(page)
    page.wait_for_function("document.querySelector('#volume .js-plotly-plot')?._fullData?.[0]?.y?.[4] > 0")
    said = click_step(page, 4, 0.5)
    page.wait_for_url(
        "**from=2026-11-22T21:24:00Z&to=2026-11-22T21:25:00Z&sentiment=negative&facet=word&term=goal",
    )
    fixed(page)
    assert number(page) == all_posts(page) == said


@pytest.mark.parametrize(
    ("list_id", "asks", "value"),
    [(ids.EMOTIONS, "emotion", "anger"), (ids.KINDS, "kind", "reply"), (ids.LANGUAGES, "lang", "es")],
)
def test_the_posts_of_a_label_are_as_many_as_it_says(open_page: Any, list_id: str, asks: str, value: str) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    mark = page.locator(f"#{list_id} button[data-{asks}={value}]")
    said = int(mark.locator(".aside").inner_text().replace(",", ""))
    mark.click()
    page.wait_for_url(f"**/{PERIOD}&{asks}={value}")
    fixed(page)
    assert number(page) == all_posts(page) == said > 0
    assert mark.get_attribute("aria-pressed") == "true"
    mark.click()
    page.wait_for_url(f"**/{PERIOD}")


def test_filters_add_up_and_back_takes_them_away_one_by_one(open_page: Any) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    seen = [number(page)]
    addresses = [PERIOD]
    for selector, asks in (
        (".legend [data-sentiment=negative]", "&sentiment=negative"),
        (f"#{ids.EMOTIONS} [data-emotion=anger]", "&emotion=anger"),
        (f"#{ids.KINDS} [data-kind=original]", "&kind=original"),
        (f"#{ids.LANGUAGES} [data-lang=en]", "&lang=en"),
        (f"#{ids.facet('hashtag')} [data-term=finalnight]", "&facet=hashtag&term=finalnight"),
    ):
        page.click(selector)
        addresses.append(addresses[-1] + asks)
        page.wait_for_url(f"**/{addresses[-1]}")
        fixed(page)
        seen.append(number(page))
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == all_posts(page) > 0
    chips = page.locator(f"#{ids.CHIPS} li bdi").all_inner_texts()
    assert chips[1:] == ["negative", "anger", "originals", "English", "#finalnight"]
    for address, said in zip(addresses[-2::-1], seen[-2::-1], strict=True):
        page.go_back()
        page.wait_for_url(f"**/{address}")
        fixed(page)
        assert number(page) == said
    page.go_forward()
    page.wait_for_url(f"**/{addresses[1]}")


def test_each_chip_takes_its_own_filter_away_and_one_clears_all(open_page: Any) -> None:
    filters = "&sentiment=negative&emotion=none&kind=repost&lang=und&facet=hashtag&term=goal&q=the"
    page = open_page(f"{PERIOD}{filters}", live=False)
    fixed(page)
    chips = page.locator(f"#{ids.CHIPS} li:not(.bare)")
    said = ["Period 22 Nov 2026, 21:20–21:40 UTC", "negative", "no emotion", "reposts", "unknown language", "#goal"]
    assert page.locator(f"#{ids.CHIPS} bdi").all_inner_texts() == [*said, "with “the”"]
    chips.nth(2).locator("button").click()
    page.wait_for_url(f"**/{PERIOD}{filters.replace('&emotion=none', '')}")
    expect(chips).to_have_count(6)
    chips.nth(4).locator("button").click()
    page.wait_for_url("**/*&kind=repost&lang=und&q=the")
    page.locator(f"#{ids.CHIPS} .bare button").click()
    page.wait_for_url("**/?topic=world-cup&window=15m")
    expect(chips).to_have_count(0)
    expect(page.locator(f"#{ids.SEARCH} input")).to_have_value("")


def test_one_word_is_searched_for(open_page: Any) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    field = page.locator(f"#{ids.SEARCH} input")
    field.fill("two words")
    field.press("Enter")
    expect(page.get_by_text("One word at a time.")).to_be_visible()
    assert page.url.endswith(PERIOD)
    field.fill(" Harbour ")
    field.press("Enter")
    page.wait_for_url(f"**/{PERIOD}&q=Harbour")
    fixed(page)
    expect(page.get_by_text("One word at a time.")).to_be_hidden()
    texts = page.locator(f"#{ids.POSTS} li .post-text").all_inner_texts()
    assert texts
    assert all("Harbour" in text for text in texts)
    assert number(page) == all_posts(page)
    page.go_back()
    page.wait_for_url(f"**/{PERIOD}")
    expect(field).to_have_value("")
    page.go_forward()
    expect(field).to_have_value("Harbour")
    field.fill("")
    field.press("Enter")
    page.wait_for_url(f"**/{PERIOD}")


def test_an_emotion_can_be_chosen_under_a_sentiment_and_a_sentiment_under_a_term(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=15m&sentiment=positive")
    page.click(f"#{ids.EMOTIONS} [data-emotion=joy]")
    page.wait_for_url("**/?topic=world-cup&window=15m&sentiment=positive&emotion=joy")
    page.wait_for_selector("html[data-state=live]:not([data-pending])", state="attached")
    moods = page.locator(f"#{ids.POSTS} li .mood")
    expect(moods.first).to_have_text("positive · joy")
    assert set(moods.all_inner_texts()) == {"positive · joy"}


def test_a_filter_too_many_says_what_to_do_and_comes_when_there_is_room(open_page: Any, fake: FakeUpstream) -> None:
    fake.max_filtered = 0
    page = open_page("?topic=world-cup&window=15m&q=goal", live=False)
    page.wait_for_selector("html[data-state=crowded]", state="attached")
    assert page.inner_text(f"#{ids.STATUS}") == "too many filters"
    assert "Take the filters away" in page.inner_text(f"#{ids.EMPTY_TEXT}")
    fake.max_filtered = 1
    page.wait_for_selector("html[data-state=live]", state="attached")
    expect(page.locator(f"#{ids.EMPTY_TEXT}")).to_be_hidden()


def test_chips_say_what_is_asked_and_take_it_away(open_page: Any) -> None:
    page = open_page(f"{PERIOD}&facet=hashtag&term=goal", live=False)
    fixed(page)
    chips = page.locator(f"#{ids.CHIPS} li bdi")
    assert chips.all_inner_texts() == ["Period 22 Nov 2026, 21:20–21:40 UTC", "#goal"]
    page.locator(f"#{ids.CHIPS} li button").nth(1).click()
    page.wait_for_url(f"**/{PERIOD}")
    assert chips.count() == 1
    page.locator(f"#{ids.CHIPS} li button").first.click()
    page.wait_for_url("**/?topic=world-cup&window=15m")
    page.wait_for_selector("html[data-state=live]", state="attached")
    assert chips.count() == 0


def test_a_live_window_follows_a_filter_and_escape_clears_it(open_page: Any, fake: FakeUpstream) -> None:
    page = open_page("?topic=world-cup&window=5m")
    page.click(f"#{ids.facet('keyword')} button")
    page.wait_for_url(re.compile(r"window=5m&facet=keyword&term="))
    page.wait_for_selector("html[data-state=live]:not([data-pending])", state="attached")
    term = page.evaluate("pulse.address.asked().term")
    expect(page.locator(f"#{ids.POSTS} li .post-text").first).to_contain_text(term)
    assert all(term in text for text in page.locator(f"#{ids.POSTS} li .post-text").all_inner_texts())
    expect(page.locator(f"#{ids.EMOTION_SAMPLE}")).to_have_text("choose one to count it")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?topic=world-cup&window=5m")
    page.wait_for_selector(f"#{ids.EMOTIONS} li")


def test_a_copied_address_opens_the_same_view(open_page: Any) -> None:
    first, second = (open_page(f"{PERIOD}&sentiment=positive", live=False) for _ in range(2))
    fixed(first)
    fixed(second)
    assert first.inner_text("main") == second.inner_text("main")


def test_what_makes_no_sense_in_an_address_is_left_out(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=3m&sentiment=sour&facet=hashtag&emotion=glee&kind=x&lang=a+b&q=two+words")
    assert page.locator(f"#{ids.CHIPS} li").count() == 0
    page.wait_for_selector(f"#{ids.facet('word')} li")


def test_a_custom_period_is_chosen_and_a_wrong_one_is_said(open_page: Any) -> None:
    page = open_page()
    page.locator("#window label", has_text="Custom").click()
    page.fill("#period-from", "2026-11-22T21:00")
    page.fill("#period-to", "2026-11-22T20:00")
    page.click("#period-show")
    assert page.inner_text("#period-error") == "From has to lie before to."
    page.fill("#period-to", "2026-11-22T21:30")
    page.click("#period-show")
    page.wait_for_url("**/?topic=world-cup&from=2026-11-22T21:00:00Z&to=2026-11-22T21:30:00Z")
    fixed(page)
    assert page.inner_text(f"#{ids.PERIOD}") == "21:00–21:30 UTC, 22 Nov 2026"
    assert page.inner_text(f"#{ids.POSTS_BEFORE}").endswith("in the 30 min before")
    assert page.locator("#window [data-active] input, #window input:checked").first.get_attribute("value") == "custom"


def test_a_period_dialog_that_is_left_changes_nothing(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=1h")
    page.locator("#window label", has_text="Custom").click()
    page.keyboard.press("Escape")
    expect(page.locator("#window input[value='1h']")).to_be_checked()
    assert page.url.endswith("/?topic=world-cup&window=1h")


def test_a_gap_says_why(open_page: Any) -> None:
    page = open_page(PERIOD, live=False)
    fixed(page)
    assert "simulated outage, 21:37–21:38 UTC" in page.inner_text(f"#{ids.COVERAGE}")
    page.wait_for_function("document.querySelector('#volume .js-plotly-plot')?._fullData?.[4]?.customdata?.[17]")
    said = page.evaluate("document.querySelector('#volume .js-plotly-plot')._fullData[4].customdata[17]")
    assert said == "nothing could be heard<br>simulated outage, 21:37–21:38 UTC"


def test_a_period_that_cannot_be_loaded_is_said_and_comes_when_it_can(open_page: Any, upstream: Server) -> None:
    page = open_page()
    upstream.stop()
    page.wait_for_selector("html[data-state=reconnecting]", state="attached")
    page.evaluate("pulse.address.go({ window: null, from: '2026-11-22T21:20:00Z', to: '2026-11-22T21:40:00Z' })")
    page.wait_for_selector("html[data-state=failed]", state="attached")
    assert "cannot be reached" in page.inner_text(f"#{ids.EMPTY_TEXT}")
    upstream.start()
    page.click(f"#{ids.RETRY}")
    fixed(page)


def test_older_posts_follow_in_a_live_window_too(open_page: Any) -> None:
    page = open_page("?topic=world-cup&window=15m")
    page.wait_for_selector(f"#{ids.POSTS} li")
    page.click(f"#{ids.POSTS_MORE}")
    page.wait_for_function(f"document.querySelectorAll('#{ids.POSTS} li').length > 20")
    shown = page.eval_on_selector_all(f"#{ids.POSTS} li", "(entries) => entries.map((entry) => entry.dataset.id)")
    assert len(set(shown)) == len(shown)
    page.wait_for_selector(f"#{ids.POSTS_WAITING}:not([hidden])")
