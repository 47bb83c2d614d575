"""The five programs of compose/Procfile, on this machine, until their page is live."""

import contextlib
import itertools
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nox

from scripts.environments import ROOT

PORTS = {"TWITTERHANDLER_PORT": 9001, "SPARKSTREAM_PORT": 9002, "TRENDING_PORT": 9003, "DASHBOARD_PORT": 8050}
START_LIMIT = 180.0  # seconds from the start of the programs to the first posts in the views


def demo_environment(session: nox.Session, data: Path) -> dict[str, str]:
    """Everything under `data`, every service where the others look for it."""
    ports = {name: os.environ.get(name, str(port)) for name, port in PORTS.items()}
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(port)))
            except OSError:
                session.error(f"port {port} is in use: stop what listens there, or choose another by {name}")
    return {
        **os.environ,
        **ports,
        "PYTHONUNBUFFERED": "1",
        "TWITTERHANDLER_SINK": f"spool:{data / 'spool'}",
        "TWITTERHANDLER_TOPICS": f"sqlite:{data / 'topics.db'}",
        "SPARKSTREAM_QUEUE": f"spool:{data / 'spool'}",
        "SPARKSTREAM_STORE": f"sqlite:{data / 'views.db'}",
        "SPARKSTREAM_CHECKPOINT": str(data / "checkpoint"),
        "SPARKSTREAM_ANNOTATOR": "local:",
        "TRENDING_VIEWS_URL": f"http://127.0.0.1:{ports['SPARKSTREAM_PORT']}",
        "DASHBOARD_VIEWS_URL": f"http://127.0.0.1:{ports['SPARKSTREAM_PORT']}",
        "DASHBOARD_TRENDING_URL": f"http://127.0.0.1:{ports['TRENDING_PORT']}",
        "DASHBOARD_TWITTERHANDLER_URL": f"http://127.0.0.1:{ports['TWITTERHANDLER_PORT']}",
    }


def source_options(words: Sequence[str], here: Path) -> tuple[str, list[str]]:
    """The source, and the words of `replay FILE --speed max` as options of `twitterhandler serve`."""
    named = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
    source, *files = named or ["simulator"]
    return source, ["--source", source, *(f"--file={here / file}" for file in files), *words[len(named) :]]


@contextlib.contextmanager
def honcho(programs: Path, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The five programs, in a session of their own: Ctrl-C reaches nox alone, which stops honcho, which stops them."""
    command = [str(programs / "honcho"), "--no-colour", "-f", "compose/Procfile", "-e", os.devnull, "start"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for_posts(session: nox.Session, process: subprocess.Popen[bytes], ports: Mapping[str, str], log: Path) -> None:
    """Until a batch more is done than when the view API first answered: what an earlier run left is not live."""
    views = f"http://127.0.0.1:{ports['SPARKSTREAM_PORT']}/v1"
    page = f"http://127.0.0.1:{ports['DASHBOARD_PORT']}/healthz"
    begun, batches = time.monotonic(), []
    for turn in itertools.count():
        job = fetch(f"{views}/status").get("job")
        batches += [-1 if job["batch"] is None else job["batch"]] if job else []
        posts = sum(topic["posts"] for topic in fetch(f"{views}/topics").get("items", []))
        if posts and job and job["state"] == "running" and batches[-1] > batches[0] and fetch(page):
            return
        waited = time.monotonic() - begun
        if process.poll() is not None or waited > START_LIMIT:
            session.error(f"no new posts on the page after {waited:.0f} s; {log} ends with:\n{tail(log)}")
        if turn % 10 == 0:
            session.log(f"starting, {waited:.0f} s: {posts:,} posts so far, {job['state'] if job else 'no'} job")
        time.sleep(0.5)


def fetch(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError):
        return {}


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
