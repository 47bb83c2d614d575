"""`sparkstream serve` with a real Cassandra and a real Redis that go away, hang and come back: it goes on meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from factories import NOON, annotated_posts, keep
from servers import Cassandra, Redis
from servers.process import Server
from sparkstream import open_store
from sparkstream.batch import BatchLayer
from sparkstream.times import HOUR, format_time

BORDER, END = NOON + 5 * HOUR, NOON + 27 * HOUR
DAY = {"from": format_time(NOON), "to": format_time(END)}
SECONDS = 6.0
"""That a page waits at most."""


class Api:
    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **asked: str) -> Any:
        began = time.monotonic()
        with urllib.request.urlopen(f"{self.url}{path}?{urlencode(asked)}", timeout=60) as answer:
            found = json.load(answer)
        assert time.monotonic() - began < SECONDS
        return found

    def problem(self, path: str) -> tuple[int, str]:
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.get(path)
        return caught.value.code, json.load(caught.value)["detail"]

    def until(self, down: list[str]) -> Any:
        """What the day is said to be as soon as so much of the store is down."""
        return eventually(lambda: self.get("/v1/topics/tea/summary", **DAY), lambda day: day["layers"]["down"] == down)


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 60
    while not wanted(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    return answer


@contextmanager
def serving(*store: str) -> Iterator[Api]:
    command = [sys.executable, "-m", "sparkstream", "serve", *store, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if "the views are at " in line:
                    break
            yield Api(line.split()[-1])
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode == 0


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """It takes what it is asked, and answers nothing."""
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server._process.pid, signal.SIGCONT)


@pytest.fixture
def store(cassandra_url: str, redis_url: str) -> list[str]:
    """A day, up to the border in the batch views."""
    with closing(open_store(cassandra_url, redis_url)) as opened:
        keep(opened, annotated_posts())
        BatchLayer(opened, lambda: END).run(end=BORDER)
    return ["--store", cassandra_url, "--speed", redis_url]


def test_it_starts_and_goes_on_without_either_layer_and_is_whole_again_by_itself(
    store: list[str], cassandra_server: Cassandra, redis_server: Redis, tmp_path: Path
) -> None:
    cassandra_server.kill()
    with serving(*store) as api:
        late = api.until(["batch"])
        assert late["posts"] > 0
        assert api.problem("/v1/topics/tea/posts")[0] == 503
        place = f"127.0.0.1:{cassandra_server.port}"
        said = f"batch layer: Cassandra at {place} cannot be reached; start it, or correct its URL"
        assert api.problem("/readyz") == (503, said)
        cassandra_server.restart()
        whole = api.until([])
        assert api.get("/readyz") == {"status": "ready"}

        redis_server.kill()
        early = api.until(["speed"])
        assert early["coverage"] == "partial"
        assert early["posts"] + late["posts"] == whole["posts"]
        assert "speed layer: Redis" in api.problem("/readyz")[1]
        redis_server.restart()
        assert api.until([]) == whole

        for server, layer, part in ((redis_server, "speed", early), (cassandra_server, "batch", late)):
            with hanging(server):
                assert api.until([layer])["posts"] == part["posts"]
            assert api.until([]) == whole
