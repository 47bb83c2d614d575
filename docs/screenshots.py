"""The pictures of the README: one simulated evening through the whole pipeline, the same whenever it is made.

`nox -s screenshots` sets the environment of the programs. The evening is over, so nothing moves while it is taken.
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboard.testing import open_chromium
from dashboard.testing.chromium import MISSING, find_chromium
from playwright.sync_api import Page

IMAGES = Path(__file__).parent / "images"
WORLD = ("--seed", "7", "--start", "2026-11-22T20:00:00+0000", "--hours", "2", "--outages", "1")
ADDRESS = "/?topic=world-cup&window=1h"
DESK = {"viewport": {"width": 1440, "height": 1000}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
PICTURES: dict[str, dict[str, Any]] = {
    "page-light": {**DESK, "color_scheme": "light"},
    "page-dark": {**DESK, "color_scheme": "dark"},
    "page-phone": {**PHONE, "color_scheme": "light"},
}
LARGEST = 400_000  # bytes of a picture: the README is to open at once
START_SECONDS = 60.0


def main() -> None:
    if find_chromium() is None:
        sys.exit(f"{MISSING}; Japanese posts need fonts-noto-cjk")
    for command in (("twitterhandler", "run", "simulator", *WORLD), ("sparkstream", "run", "--once")):
        subprocess.run(command, check=True)
    IMAGES.mkdir(exist_ok=True)
    with serving("sparkstream"), serving("trending"), serving("dashboard") as page, open_chromium() as browser:
        for name, device in PICTURES.items():
            picture = browser.new_page(**device, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
            picture.goto(page + ADDRESS)
            settle(picture)
            file = IMAGES / f"{name}.png"
            picture.screenshot(path=file, animations="disabled")
            print(f"{file}: {file.stat().st_size:,} bytes")
            if file.stat().st_size > LARGEST:
                sys.exit(f"{file} is larger than {LARGEST:,} bytes; take a smaller part of the page")


def settle(page: Page) -> None:
    """Until all that the page shows is there."""
    page.wait_for_selector("html[data-state=as-of]", state="attached")
    for part in ("#rising li", "#facet-keyword li", "#facet-entity li", "#posts li", "#volume .js-plotly-plot .bars"):
        page.wait_for_selector(part, state="attached")
    page.evaluate("document.fonts.ready")


@contextmanager
def serving(program: str) -> Iterator[str]:
    """`PROGRAM serve`, once it is ready; its address."""
    address = f"http://127.0.0.1:{os.environ[f'{program.upper()}_PORT']}"
    process = subprocess.Popen((program, "serve"))
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"`{program} serve` did not get ready at {address}")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
