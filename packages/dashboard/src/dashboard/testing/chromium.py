"""The Chromium that pages are looked at with. Needs Playwright, of the extra `test`, and a browser of the system."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS: Final = ("chromium-headless-shell", "chromium")
"""The first is the same engine without a desktop's windows, which are half of the CPU that a page takes to open."""
OPTIONS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
MISSING: Final = (
    "no Chromium: apt-get install -y chromium-headless-shell fonts-inter fonts-noto-color-emoji, or set CHROMIUM"
)


def find_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """What CHROMIUM names, else the first that the system has."""
    named = environment.get("CHROMIUM")
    path = environment.get("PATH", os.defpath)
    return next(filter(None, (shutil.which(name, path=path) for name in ([named] if named else PROGRAMS))), None)


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """One browser, closed at the end.

    Raises:
        FileNotFoundError: there is none.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    program = find_chromium()
    if program is None:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()
