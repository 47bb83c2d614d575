from collections.abc import Iterator

import pytest
from dashboard.testing import open_chromium
from playwright.sync_api import Browser, expect

expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser
