"""The test suites: each package's own, and those of what no single package can show. Two run beside each other."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nox

from scripts.environments import PACKAGES, ROOT, SHARED, folder, path
from scripts.signals import stop_signals

SUITES = ("architecture", "release", "contract", "integration", "servers", "browser")
LONGEST_FIRST = ("servers", "integration", "dashboard", "sparkstream", "browser", "twitterhandler")
MARKED = {"integration": "not servers", "servers": "servers"}
"""The longest suite is two, by whether a test needs a real Kafka, Cassandra or Redis: each is a lane of its own."""
LOGS = SHARED.parent / "suites"
LANES = 2  # each uses the other's waiting; with more, the programs under test would wait for a core


@dataclass(frozen=True)
class Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    began: float


def run_suites(session: nox.Session, names: Sequence[str], options: Sequence[str]) -> list[str]:
    """Runs them to their ends; the names of those that failed. What a suite prints comes whole, when it is over."""
    waiting = sorted(names, key=lambda name: (*LONGEST_FIRST, name).index(name))
    failed, running = [], list[Running]()
    with _ended(running):
        while waiting or running:
            while waiting and len(running) < LANES:
                running.append(_start(waiting.pop(0), options))
                session.log(f"{running[-1].name}: started")
            for suite in [suite for suite in running if suite.process.poll() is not None]:
                running.remove(suite)
                print(suite.log.read_text(errors="replace"), flush=True)
                good = suite.process.returncode == 0
                session.log(f"{suite.name}: {'passed' if good else 'FAILED'} in {time.monotonic() - suite.began:.0f} s")
                failed += [] if good else [suite.name]
            time.sleep(0.1)
    return failed


def suite_command(name: str, options: Sequence[str]) -> list[str]:
    place = folder(name) if name in PACKAGES else ROOT / "tests" / ("integration" if name in MARKED else name)
    # Dash brings a plugin of its own into the environment: old-fashioned, and of no use here
    pytest = [str(SHARED / "bin" / "python"), "-m", "pytest", "-p", "no:dash"]
    marks = ["-m", MARKED[name]] if name in MARKED else []
    return [*pytest, str(place.relative_to(ROOT)), *options, *marks]


def _start(name: str, options: Sequence[str]) -> Running:
    log = LOGS / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    environment = {**os.environ, **path(SHARED / "bin")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            suite_command(name, options),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Running(name, process, log, time.monotonic())


@contextmanager
def _ended(running: list[Running]) -> Iterator[None]:
    """Whatever happens, no suite and nothing that it started goes on alone."""
    with stop_signals():
        try:
            yield
        finally:
            for suite in running:
                os.killpg(suite.process.pid, signal.SIGTERM)
                suite.process.wait()
