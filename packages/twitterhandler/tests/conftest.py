import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from twitterhandler.posts import Author, Post
from twitterhandler.testing.xserver.server import TOKEN

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # how fast a machine is says nothing of the code

SECRETS = (TOKEN,)
"""Keys that the tests use: none may be in what a test prints or logs."""
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


def told_secrets(sections: Iterable[tuple[str, str]]) -> list[str]:
    """The secrets that occur in what a test printed and logged, as pytest keeps it."""
    return [secret for secret in SECRETS if any(secret in text for _, text in sections)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test that tells a secret, whatever it is about."""
    report = yield
    if report.passed and told_secrets(report.sections):
        report.outcome, report.longrepr = "failed", "a secret is in what this test printed or logged"
    return report


@pytest.fixture
def post() -> Callable[..., Post]:
    return make_post


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until
