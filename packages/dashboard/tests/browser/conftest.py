from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from dashboard import create_app
from dashboard.live import MAX_BROWSERS
from dashboard.testing import FakeUpstream, Server, open_chromium
from playwright.sync_api import Browser, Page, expect

Opener = Callable[..., Page]
PATIENCE = 60_000
"""Milliseconds: a page that opens in two seconds takes twenty on a machine whose cores others have."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium a module, not longer: Playwright keeps an event loop in the thread where other tests run theirs."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def fake() -> FakeUpstream:
    """Ticks twice a second, so that the page has time to paint each, from a world ten times as quick as ours."""
    began, start = time.monotonic(), datetime(2026, 11, 22, 21, 50, tzinfo=UTC)
    return FakeUpstream(clock=lambda: start + 10 * timedelta(seconds=time.monotonic() - began), every=0.5)


@pytest.fixture
def max_browsers() -> int:
    """A test of the bound has its own."""
    return MAX_BROWSERS


@pytest.fixture
def dashboard(upstream: Server, max_browsers: int) -> Iterator[Server]:
    with Server(create_app(upstream.url, upstream.url, upstream.url, max_browsers=max_browsers)) as server:
        yield server


@pytest.fixture
def troubles() -> list[str]:
    """What a page complained of: errors on its console, exceptions, requests to another origin."""
    return []


@pytest.fixture
def open_page(chromium: Browser, dashboard: Server, troubles: list[str]) -> Iterator[Opener]:
    with ExitStack() as pages:

        def opener(query: str = "", *, live: bool = True, **context: object) -> Page:
            made = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **context})
            pages.callback(made.close)
            page = made.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda line: line.type == "error" and troubles.append(line.text))
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("request", lambda request: watch(request.url))
            page.goto(f"{dashboard.url}/{query}")
            if live:
                page.wait_for_selector("html[data-state=live]", state="attached")
            return page

        def watch(url: str) -> None:
            if not url.startswith((dashboard.url, "data:", "blob:")):
                troubles.append(f"request to {url}")

        yield opener
