import json
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from trending import __version__
from trending.testing import FakeViews

PROGRAM = Path(sys.executable).with_name("trending")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TRENDING_")}
    return subprocess.run(
        [PROGRAM, *arguments], env={**settings, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_the_version() -> None:
    assert run("--version").stdout == f"trending {__version__}\n"


def test_an_old_topic_as_a_table_and_as_json(views_url: str) -> None:
    table = run("emerging", "old", TRENDING_VIEWS_URL=views_url)
    assert table.returncode == 0
    assert "nothing rises" in table.stdout
    answer = json.loads(run("emerging", "old", "--json", TRENDING_VIEWS_URL=views_url).stdout)
    assert (answer["topic"], answer["items"]) == ("old", [])


def test_a_table_says_what_is_not_known(views: FakeViews, views_url: str) -> None:
    old = views.topics["old"]
    newest, oldest = max(post.at for post in old), min(post.at for post in old)
    views.gaps = [(oldest - timedelta(hours=2), oldest - timedelta(minutes=30), False)]
    in_part = run("emerging", "old", TRENDING_VIEWS_URL=views_url).stdout
    assert "the rest is not wholly known" in in_part
    assert "nothing rises" in in_part
    views.gaps = [(oldest - timedelta(hours=2), newest + timedelta(minutes=1), False)]
    unknown = run("emerging", "old", TRENDING_VIEWS_URL=views_url).stdout
    assert "what rises is unknown" in unknown
    assert "nothing rises" not in unknown


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (("emerging", "nobody"), {}, 1, "nobody"),
        (("emerging", "old"), {"TRENDING_VIEWS_URL": "http://127.0.0.1:9"}, 1, "sparkstream serve"),
        (("emerging", "old"), {"TRENDING_VIEWS_URL": "views"}, 2, "TRENDING_VIEWS_URL"),
        (("serve",), {"TRENDING_HOST": "0.0.0.0"}, 2, "TRENDING_TOKEN"),
        (("serve",), {"TRENDING_PORT": "seven"}, 2, "TRENDING_PORT"),
        (("serve",), {"TRENDING_HOST": "203.0.113.9", "TRENDING_TOKEN": "t"}, 1, "cannot listen"),
    ],
)
def test_an_error_is_one_line_with_the_next_step(
    views_url: str, arguments: tuple[str, ...], environment: dict[str, str], code: int, says: str
) -> None:
    done = run(*arguments, **{"TRENDING_VIEWS_URL": views_url, **environment})
    assert done.returncode == code
    assert done.stderr.startswith("trending: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_wrong_use_ends_with_two() -> None:
    assert run("emerging").returncode == 2
    assert run("emerging", "old", "--window", "soon").returncode == 2


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", TRENDING_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "TRENDING_PORT" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_until_it_is_told_to_stop(views_url: str, number: signal.Signals) -> None:
    port = free_port()
    environment = {**os.environ, "TRENDING_PORT": str(port), "TRENDING_VIEWS_URL": views_url}
    with subprocess.Popen([PROGRAM, "serve"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert f"http://127.0.0.1:{port}" in process.stderr.readline()
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert client.get("/v1/emerging/old").json()["topic"] == "old"
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in rest
