import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from twitterhandler.posts import Author, Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_post(**fields: Any) -> Post:
    post = Post(
        id="x:1",
        network="x",
        topics=("world-cup",),
        created_at=NOON,
        received_at=NOON,
        author=Author(id="x:42", handle="ada", name="Ada"),
        text="what a match",
        lang="en",
    )
    return replace(post, **fields)


def wait_until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true value of `condition`; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    return pytest.fail(f"not so within {seconds} s")


@pytest.fixture
def post() -> Callable[..., Post]:
    return make_post


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until
