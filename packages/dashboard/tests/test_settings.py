from __future__ import annotations

import pytest
from dashboard.settings import Settings, is_loopback
from pydantic import ValidationError


def test_the_defaults_are_the_services_of_one_machine() -> None:
    settings = Settings()
    assert (settings.views_url, settings.trending_url) == ("http://127.0.0.1:9002", "http://127.0.0.1:9003")
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"host": "0.0.0.0"}, "set DASHBOARD_TOKEN"),
        ({"token": "short"}, "at least 16"),
        ({"views_url": "localhost:9002"}, "begins with http"),
        ({"port": 70000}, "65535"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings(**given)


def test_a_token_opens_the_host_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_HOST", "0.0.0.0")
    monkeypatch.setenv("DASHBOARD_TOKEN", "a token of more than sixteen")
    assert "sixteen" not in repr(Settings())


def test_the_collectors_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_TWITTERHANDLER_TOKEN", "a secret of ours")
    settings = Settings()
    assert "secret" not in repr(settings)
    assert settings.twitterhandler_url == "http://127.0.0.1:9001"


@pytest.mark.parametrize(
    ("host", "closed"),
    [("localhost", True), ("::1", True), ("127.0.0.2", True), ("::", False), ("pulse.example", False)],
)
def test_loopback_is_recognised(host: str, closed: bool) -> None:
    assert is_loopback(host) is closed
