from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest
from dashboard import __version__
from dashboard.testing import Server


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_its_version_and_how_it_is_used() -> None:
    assert run("--version").stdout.strip() == f"dashboard {__version__}"
    assert "serve" in run("--help").stdout


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_one_line(taken: int) -> None:
    result = run("serve", "--port", str(taken))
    assert result.returncode == 1
    assert re.fullmatch(
        rf"dashboard: cannot listen on 127.0.0.1:{taken} \(address already in use\); choose .*\n", result.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serve", "--host", "0.0.0.0"], "dashboard: settings: host 0.0.0.0 is open to others: set DASHBOARD_TOKEN"),
        (["serve", "--views-url", "nowhere"], "dashboard: views_url: give an address"),
        (["serve", "--port", "many"], "Invalid value"),
    ],
)
def test_wrong_use_is_told_apart(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_it_serves_until_it_is_asked_to_stop(upstream: Server) -> None:
    environment = os.environ | {"DASHBOARD_VIEWS_URL": upstream.url, "DASHBOARD_TRENDING_URL": upstream.url}
    command = [sys.executable, "-m", "dashboard", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().removeprefix("dashboard: ").strip()
            assert httpx2.get(f"{address}/readyz", timeout=20).json()["status"] == "ready"
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
