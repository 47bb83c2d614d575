"""The programs of the pipeline as a benchmark starts them: in a folder of their own, measured from outside."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any


def settings(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **os.environ,
        "TWITTERHANDLER_SINK": f"spool:{folder / 'spool'}",
        "TWITTERHANDLER_TOPICS": f"sqlite:{folder / 'topics.db'}",
        "SPARKSTREAM_QUEUE": f"spool:{folder / 'spool'}",
        "SPARKSTREAM_STORE": f"sqlite:{folder / 'views.db'}",
        "SPARKSTREAM_CHECKPOINT": str(folder / "checkpoint"),
        "SPARKSTREAM_PORT": str(port),
    }


@contextmanager
def program(*command: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def replayer(file: Path, environment: dict[str, str], folder: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return program(
        "twitterhandler",
        "run",
        "replay",
        str(file),
        "--speed",
        "max",
        environment=environment,
        log=folder / "replay.log",
    )


def memory(pid: int) -> int:
    """Bytes of a process and all below it, what they share counted once (PSS)."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        children += [
            child
            for task in Path(f"/proc/{pid}/task").iterdir()
            if task.name != str(pid)
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return total
    return total + sum(memory(int(child)) for child in children)


def fetch(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def until(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.2)


def report(name: str, seconds: float, posts: int) -> None:
    figure(name, f"{posts / seconds:,.0f} posts/s ({posts:,} in {seconds:.1f} s)")


def figure(name: str, value: str) -> None:
    print(f"  {name:<52}{value}", flush=True)


def quantile(ascending: Sequence[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] if ascending else math.nan
