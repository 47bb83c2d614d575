"""The command that people run first: all five programs, a page that moves, and nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
PORTS = ("TWITTERHANDLER_PORT", "SPARKSTREAM_PORT", "TRENDING_PORT", "DASHBOARD_PORT")
START_SECONDS = 240.0  # models and a JVM, on two busy cores
STOP_SECONDS = 30.0
DRAWN = "(document.querySelector('#volume .js-plotly-plot')?._fullData || []).map((trace) => Array.from(trace.y || []))"


@dataclass
class Demo:
    process: subprocess.Popen[bytes]
    data: Path
    log: Path
    ports: dict[str, str]

    def address(self) -> str:
        """Waits for the page."""

        def found() -> str | None:
            said = self.log.read_text(errors="replace")
            assert self.process.poll() is None, said
            match = re.search(r"the page is live: (\S+)", said)
            return match[1] if match else None

        return wait_for(found, START_SECONDS)

    def views(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.ports['SPARKSTREAM_PORT']}/v1/{path}", timeout=20
        ) as answer:
            return json.load(answer)

    def processes(self) -> dict[int, str]:
        """Whatever runs with this demo's folder in its environment: the programs, Java, Spark's Python workers."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.data).encode() in (place / "environ").read_bytes():
                    found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:  # it has ended, or is not ours
                continue
        return {pid: command for pid, command in found.items() if pid != self.process.pid and command}


@contextmanager
def running(tmp_path: Path, *options: str) -> Iterator[Demo]:
    """`nox -s demo`, in a process group of its own as a terminal would start it."""
    with ExitStack() as sockets:
        taken = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PORTS]
        ports = {name: str(port.getsockname()[1]) for name, port in zip(PORTS, taken, strict=True)}
    data, log = tmp_path / "data", tmp_path / "nox.log"
    command = [sys.executable, "-m", "nox", "-s", "demo", "--", *options, "--data", str(data)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **ports}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield Demo(process, data, log, ports)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return found


@pytest.mark.browser
def test_the_page_moves_and_ctrl_c_leaves_nothing_running(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path, "simulator", "--history", "3m") as demo:
        address = demo.address()
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        troubles: list[str] = []
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: None if is_within(asked.url, address) else troubles.append(asked.url))
        page.goto(f"{address}/?topic=world-cup&window=5m")
        page.wait_for_selector("html[data-state=live]", state="attached")
        for moving in (
            "document.getElementById('posts-now').textContent",
            DRAWN,
            "document.querySelector('#posts li').dataset.id",
        ):
            before = page.evaluate(f"JSON.stringify({moving})")
            page.wait_for_function(f"(before) => JSON.stringify({moving}) !== before", arg=before)
        for facet in ("keyword", "entity", "hashtag", "word"):
            page.wait_for_selector(f"#facet-{facet} li")
        page.close()
        assert troubles == []

        assert any("java" in command for command in demo.processes().values())
        os.killpg(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(STOP_SECONDS) == 0, demo.log.read_text()
        wait_for(lambda: not demo.processes(), STOP_SECONDS)


def is_within(url: str, address: str) -> bool:
    return url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:"))


def test_a_file_is_replayed_and_when_honcho_is_stopped_all_is(tmp_path: Path) -> None:
    file = tmp_path / "my posts.jsonl"
    file.write_text("\n".join(map(json.dumps, messages())), encoding="utf-8")
    with running(tmp_path, "replay", str(file), "--speed", "max") as demo:
        demo.address()
        wait_for(lambda: counts(demo) == {"airline-us-airways": 40, "cities": 20}, STOP_SECONDS)

        children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text().split()
        [honcho] = [int(pid) for pid in children]
        os.kill(honcho, signal.SIGTERM)
        assert demo.process.wait(STOP_SECONDS) == 1
        assert "all were stopped" in demo.log.read_text()
        wait_for(lambda: not demo.processes(), STOP_SECONDS)


def counts(demo: Demo) -> dict[str, int]:
    return {topic["slug"]: topic["posts"] for topic in demo.views("topics")["items"]}


def messages() -> Iterator[dict[str, Any]]:
    """Forty made-up messages of X's filtered stream, the last ten of them twice."""
    for number in [*range(40), *range(30, 40)]:
        tags = ["airline:US Airways", "cities"] if number % 2 else ["airline:US Airways"]
        yield {
            "data": {
                "id": str(1_600_000_000_000_000_000 + number),
                "text": f"Boarding call number {number} for the morning flight to Lisbon, what a lovely crew!",
                "author_id": str(number % 7),
                "created_at": f"2026-03-01T09:{number:02}:00.000Z",
                "lang": "en",
                "edit_history_tweet_ids": [str(1_600_000_000_000_000_000 + number)],
            },
            "includes": {
                "users": [{"id": str(number % 7), "username": f"traveller{number % 7}", "name": "A traveller"}]
            },
            "matching_rules": [{"id": str(place), "tag": tag} for place, tag in enumerate(tags)],
        }
