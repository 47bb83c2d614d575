"""The page over the real view API: the posts behind a mark are as many as the number on it, and gaps are drawn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dashboard import create_app as create_page
from dashboard.testing import Server
from playwright.sync_api import Browser, Page, expect
from sparkstream import open_store
from sparkstream.api import create_app as create_views
from sparkstream.stage import Line, run_stage
from sparkstream.stores.base import JobStatus, Stamp
from sparkstream.testing import KnownAnnotator
from twitterhandler.testing import SimulatedDay, simulated_day

pytestmark = pytest.mark.browser

TOPIC = "world-cup"
START = datetime(2026, 11, 22, 16, tzinfo=UTC)
END = START + timedelta(hours=6)
LIVE = f"?topic={TOPIC}&window=1h"
FIXED = f"?topic={TOPIC}&from=2026-11-22T20:00:00Z&to=2026-11-22T22:00:00Z"


@pytest.fixture(scope="module")
def day() -> SimulatedDay:
    return simulated_day(posts=3_000, start=START, hours=6, outages=4)


@pytest.fixture(scope="module")
def address(day: SimulatedDay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over a view API whose clock stands at the end of the evening: all but Spark."""
    now = int(END.timestamp() * 1000) - 1
    store = open_store(f"sqlite:{tmp_path_factory.mktemp('marks') / Path('views.db')}")
    stamp = Stamp("marks", 0)
    store.master.begin(stamp)
    lines = [Line(f"spool:{number}", line) for number, line in enumerate(day.lines)]
    result = run_stage(lines, stamp, store.master, KnownAnnotator(), now=now)
    store.speed.apply(stamp, result.deltas, JobStatus("marks", 0, now, rate=0.1, lag=900, models=result.models))
    with Server(create_views(store, clock=lambda: now)) as views, Server(create_page(views.url, views.url)) as page:
        yield page.url
    store.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page(viewport={"width": 1440, "height": 900})
    made.set_default_timeout(60_000)
    yield made
    made.close()


def painted(page: Page) -> None:
    page.wait_for_selector("html:is([data-state=live], [data-state=fixed]):not([data-pending])", state="attached")


def number(page: Page, element_id: str) -> int:
    return int((page.text_content(f"#{element_id}") or "").replace(",", ""))


def posts_behind(page: Page) -> int:
    more = page.locator("#posts-more")
    while more.is_visible():
        more.click()
        expect(more).to_be_enabled()
    return page.locator("#posts li").count()


@pytest.mark.parametrize("query", [LIVE, FIXED], ids=["live", "fixed"])
@pytest.mark.parametrize("facet", ["keyword", "hashtag", "word"])
def test_the_posts_behind_a_bar_are_as_many_as_it_says(page: Page, address: str, query: str, facet: str) -> None:
    page.goto(f"{address}/{query}")
    painted(page)
    bar = page.locator(f"#facet-{facet} button").nth(3)
    said = int(bar.locator(".number").inner_text().replace(",", ""))
    bar.click()
    page.wait_for_url(f"**&facet={facet}&term=*")
    painted(page)
    assert number(page, "posts-now") == posts_behind(page) == said > 0


@pytest.mark.parametrize("query", [LIVE, FIXED], ids=["live", "fixed"])
@pytest.mark.parametrize("sentiment", ["positive", "neutral", "negative"])
def test_the_posts_of_a_sentiment_are_as_many_as_it_says(page: Page, address: str, query: str, sentiment: str) -> None:
    page.goto(f"{address}/{query}")
    painted(page)
    said = number(page, f"{sentiment}-count")
    page.click(f".legend [data-sentiment={sentiment}]")
    page.wait_for_url(f"**&sentiment={sentiment}")
    painted(page)
    assert number(page, "posts-now") == posts_behind(page) == said


@pytest.mark.parametrize("query", [LIVE, FIXED], ids=["live", "fixed"])
@pytest.mark.parametrize(("list_id", "name"), [("emotions", "emotion"), ("kinds", "kind"), ("languages", "lang")])
def test_the_posts_of_a_label_are_as_many_as_it_says(
    page: Page, address: str, query: str, list_id: str, name: str
) -> None:
    page.goto(f"{address}/{query}")
    painted(page)
    mark = page.locator(f"#{list_id} button[data-{name}]").first
    said = int(mark.locator(".aside").inner_text().replace(",", ""))
    mark.click()
    page.wait_for_url(f"**&{name}=*")
    painted(page)
    assert number(page, "posts-now") == posts_behind(page) == said > 0


def test_under_filters_the_next_mark_has_as_many_posts_as_it_says(page: Page, address: str) -> None:
    page.goto(f"{address}/{FIXED}&sentiment=positive&kind=original")
    painted(page)
    for mark, count, asked in (("#emotions button", ".aside", "emotion"), ("#facet-word button", ".number", "term")):
        first = page.locator(mark).first
        said = int(first.locator(count).inner_text().replace(",", ""))
        first.click()
        page.wait_for_url(f"**&{asked}=*")
        painted(page)
        assert number(page, "posts-now") == posts_behind(page) == said > 0
    assert sum(height or 0 for trace in drawn(page)[:4] for height in trace["y"]) == number(page, "posts-now")


def drawn(page: Page) -> list[dict[str, Any]]:
    """The traces of the chart: starts, heights, and what a hatch says."""
    page.wait_for_function("document.querySelector('#volume .js-plotly-plot')?._fullData?.length === 5")
    found: list[dict[str, Any]] = page.evaluate(
        """document.querySelector("#volume .js-plotly-plot")._fullData.map((trace) => (
             { x: Array.from(trace.x), y: Array.from(trace.y), said: trace.customdata }))"""
    )
    return found


def test_the_bars_of_the_minutes_add_up_to_the_number(page: Page, address: str) -> None:
    page.goto(f"{address}/{FIXED}")
    painted(page)
    assert sum(height or 0 for trace in drawn(page)[:4] for height in trace["y"]) == number(page, "posts-now")


def test_an_outage_is_drawn_as_unknown_with_its_reason(page: Page, address: str, day: SimulatedDay) -> None:
    gap = next(gap for gap in day.gaps if gap.end - gap.start >= timedelta(minutes=2))
    start = gap.start.replace(minute=0, second=0, microsecond=0)
    times = [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (start, start + timedelta(hours=2))]
    page.goto(f"{address}/?topic={TOPIC}&from={times[0]}&to={times[1]}")
    painted(page)
    *stack, hatch = drawn(page)
    whole = f"{gap.start.replace(second=0, microsecond=0) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"
    index = hatch["x"].index(whole)
    assert hatch["y"][index] == 1
    assert all(trace["y"][index] is None for trace in stack)
    assert hatch["said"][index].startswith("nothing could be heard<br>simulated outage, ")
    assert "simulated outage" in (page.text_content("#coverage") or "")
