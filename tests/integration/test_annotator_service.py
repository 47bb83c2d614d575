"""The annotator by URL: while its service is away the job waits and says so, drops nothing, and goes on by itself."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from factories import NOON, record
from sparkstream import open_store
from sparkstream.testing import write_spool
from sparkstream.times import DAY

POSTS = 40


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def service(port: int) -> Iterator[None]:
    """One that is quick to start: keywords alone. It goes by kill -9."""
    command = [sys.executable, "-m", "nlp_services", "serve", "--only", "keywords"]
    environment = {**os.environ, "NLP_SERVICES_PORT": str(port)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: is_ready(port), "the service is ready")
            yield
        finally:
            process.kill()


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


class Job:
    """What it says is in `said`, line by line."""

    def __init__(self, folder: Path, annotator: str) -> None:
        places = ["--queue", f"spool:{folder / 'spool'}", "--store", f"sqlite:{folder / 'views.db'}"]
        command = ["run", *places, "--checkpoint", str(folder / "checkpoint"), "--annotator", annotator]
        self.said: list[str] = []
        self._process = subprocess.Popen([sys.executable, "-m", "sparkstream", *command], stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line.decode().rstrip())

    def waits(self) -> int:
        """How often it has said that it waits."""
        return sum("does not answer" in line and "the job waits and tries again in" in line for line in self.said)

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(60)
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code


def posts(start: int) -> list[bytes]:
    return [
        json.dumps(record(f"x:{number}", NOON + number, text=f"The copper kettle number {number} sings")).encode()
        for number in range(start, start + POSTS)
    ]


def test_a_service_that_is_away_at_the_start_and_dies_in_between_is_waited_for(tmp_path: Path) -> None:
    port, place = free_port(), tmp_path / "spool"
    write_spool(place, posts(0))
    with closing(open_store(f"sqlite:{tmp_path / 'views.db'}")) as store:

        def held() -> int:
            return store.master.distinct_posts()

        job = Job(tmp_path, f"none:?keywords=http://127.0.0.1:{port}")
        try:
            until(lambda: job.waits() > 0, "it says that it waits")
            assert held() == 0
            with service(port):
                until(lambda: held() == POSTS, "the posts of before are annotated")
            before = job.waits()
            with next(place.glob("*.jsonl")).open("ab") as segment:
                segment.writelines(line + b"\n" for line in posts(POSTS))
            until(lambda: job.waits() > before, "it says that it waits again")
            assert held() == POSTS
            with service(port):
                until(lambda: held() == 2 * POSTS, "those of the outage are annotated")
        finally:
            code = job.stop()
        found = [stored.post for stored in store.master.scan("tea", 0, NOON + DAY)]
        assert {post.id for post in found} == {f"x:{number}" for number in range(2 * POSTS)}
        assert all("copper kettle" in str(post.record["keywords"]) for post in found)
        assert {frozenset(post.record["models"]) for post in found} == {frozenset({"keywords"})}
        assert store.topic("tea").posts == 2 * POSTS  # type: ignore[union-attr]  # it is there
    assert code == 0
    assert not [line for line in job.said if "Traceback" in line or "Error" in line]
