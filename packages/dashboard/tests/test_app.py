from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashboard
import httpx2
import pytest
from dashboard.app import create_dash
from dashboard.palette import PALETTES
from dashboard.testing import Server
from fastapi import FastAPI


@pytest.fixture
def document() -> Iterator[str]:
    """The page as a browser gets it, while nothing that it reads from is up."""
    nobody = "http://127.0.0.1:9"
    with Server(dashboard.create_app(nobody, nobody)) as page:
        yield httpx2.get(page.url).text


def test_every_server_callback_is_a_coroutine() -> None:
    """A plain function would run on the event loop and stop the page of everybody."""
    app = create_dash(FastAPI())
    app._setup_server()
    assert len(app._callback_list) >= 3
    for output, callback in app.callback_map.items():
        if "callback" in callback:
            assert inspect.iscoroutinefunction(callback["callback"]), output


def test_a_callback_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app: Any = create_dash(FastAPI())
    with caplog.at_level(logging.ERROR):
        app._on_error(ValueError("it broke"))
    assert "a callback failed" in caplog.text
    assert "it broke" in caplog.text


def test_the_document_carries_the_palette_and_loads_nothing_from_elsewhere(document: str) -> None:
    assert '<html lang="en"' in document
    assert PALETTES["dark"].negative in document
    assert "/* palette */" not in document
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', document)


def test_modules_are_small() -> None:
    package = Path(dashboard.__file__).parent
    for file in [*package.rglob("*.py"), *package.rglob("*.js"), *package.rglob("*.css")]:
        assert len(file.read_text().splitlines()) <= 300, file
