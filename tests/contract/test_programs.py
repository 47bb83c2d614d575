"""What all programs and services have in common, held to each of them."""

import json
import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

TOKEN = "a-token-for-this-test-alone"
SECONDS = 60.0
PREFIXES = ("DASHBOARD_", "NLP_SERVICES_", "SPARKSTREAM_", "TRENDING_", "TWITTERHANDLER_")


@dataclass(frozen=True)
class Program:
    name: str
    commands: tuple[tuple[str, ...], ...]
    guarded: str  # METHOD PATH that wants the token
    failing: tuple[str, ...]  # a call that fails though it is rightly put
    listing: tuple[str, ...] | None = None  # prints JSON with --json
    serve: tuple[str, ...] = ("serve",)
    typer: str = "app"  # its name in the module `cli`

    @property
    def prefix(self) -> str:
        return self.name.upper().replace("-", "_") + "_"

    def __str__(self) -> str:
        return self.name


PROGRAMS = (
    Program(
        "twitterhandler",
        (("run",), ("run", "simulator"), ("run", "replay"), ("topics", "add"), ("query", "explain"), ("serve",)),
        "POST /v1/topics",
        ("run", "replay", "nowhere.jsonl"),
        ("topics", "list"),
        ("serve", "--hours", "0.01"),
    ),
    Program(
        "sparkstream", (("run",), ("serve",), ("dead",)), "GET /v1/topics", ("dead", "--store", "sqlite:/proc/x/y")
    ),
    Program(
        "nlp-services",
        (("analyze",), ("serve",), ("models",)),
        "POST /v1/keywords",
        ("analyze", "nowhere.jsonl"),
        ("models",),
        ("serve", "--only", "keywords"),
    ),
    Program("trending", (("emerging",), ("serve",)), "GET /v1/emerging/tea", ("emerging", "tea")),
    Program("dashboard", (("serve",),), "GET /", ("serve", "--host", "192.0.2.1"), typer="program"),
)
each = pytest.mark.parametrize("program", PROGRAMS, ids=str)


def environment(**settings: str) -> dict[str, str]:
    """Ours without the settings of any program; nobody answers where they would ask."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    nobody = {"TRENDING_VIEWS_URL": "http://127.0.0.1:9", "DASHBOARD_VIEWS_URL": "http://127.0.0.1:9"}
    return {**inherited, **nobody, "PATH": path, "COLUMNS": "200", "TERM": "dumb", **settings}


def call(
    program: Program, *words: str, folder: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (program.name, *words),
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def assert_one_line(program: Program, done: subprocess.CompletedProcess[str], code: int) -> None:
    assert done.returncode == code, done
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{program.name}: "), line


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A program and all its commands; a group that only holds others stands for nothing."""
    below = getattr(command, "commands", {})
    if not words or not below:
        yield words, command
    for name, one in below.items():
        yield from commands(one, (*words, name))


def parse(command: Any, name: str, words: list[str]) -> None:
    """Raises where a call is not understood; runs nothing."""
    context = command.make_context(name, list(words))
    if rest := [*context._protected_args, *context.args] if getattr(command, "commands", None) else []:
        following, below, left = command.resolve_command(context, rest)
        parse(below, following, left)


@each
class TestProgram:
    def test_says_its_version(self, program: Program) -> None:
        done = call(program, "--version")
        assert done.returncode == 0
        assert done.stdout.split()[-1].count(".") == 2

    def test_every_command_explains_itself(self, program: Program) -> None:
        for words in ((), *program.commands):
            done = call(program, *words, "--help")
            assert done.returncode == 0
            sentences = [line for line in done.stdout.splitlines() if line.strip() and "Usage:" not in line]
            assert len(sentences[0].split()) > 3, words

    def test_every_command_shows_a_call_that_it_takes(self, program: Program) -> None:
        """Whatever commands there are: a new one without an example fails here."""
        root = get_command(import_module(f"{program.name.replace('-', '_')}.cli").__dict__[program.typer])
        for words, command in commands(root):
            name = " ".join((program.name, *words))
            assert command.epilog, f"`{name} --help` shows no example; give the command epilog='Example: {name} …'"
            first, *example = shlex.split(command.epilog.removeprefix("Example: "))
            assert (first, tuple(example[: len(words)])) == (program.name, words), command.epilog
            parse(root, program.name, example)
            assert command.epilog in call(program, *words, "--help").stdout

    def test_wrong_use_is_one_line_and_2(self, program: Program) -> None:
        assert_one_line(program, call(program, "nonsense"), 2)
        assert_one_line(program, call(program, *program.commands[-1], "--nonsense"), 2)

    def test_a_failure_is_one_line_and_1(self, program: Program, tmp_path: Path) -> None:
        token = {f"{program.prefix}TOKEN": TOKEN}
        assert_one_line(program, call(program, *program.failing, folder=tmp_path, **token), 1)

    def test_what_lists_lists_json(self, program: Program, tmp_path: Path) -> None:
        if program.listing:
            done = call(program, *program.listing, "--json", folder=tmp_path)
            assert isinstance(json.loads(done.stdout), list)

    def test_a_taken_port_is_one_line_and_1(self, program: Program, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = {f"{program.prefix}PORT": str(taken.getsockname()[1])}
            assert_one_line(program, call(program, *program.serve, folder=tmp_path, **port), 1)

    def test_beyond_loopback_without_a_token_is_one_line_and_2(self, program: Program, tmp_path: Path) -> None:
        done = call(program, *program.serve, folder=tmp_path, **{f"{program.prefix}HOST": "0.0.0.0"})
        assert_one_line(program, done, 2)
        assert f"{program.prefix}TOKEN" in done.stderr


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: str


@contextmanager
def serving(program: Program, folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    settings = {f"{program.prefix}PORT": port, f"{program.prefix}TOKEN": TOKEN}
    process = subprocess.Popen(
        (program.name, *program.serve), cwd=folder, env=environment(**settings), stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + SECONDS
        while ask(f"http://127.0.0.1:{port}", "GET /healthz").status != 200:
            assert process.poll() is None, f"{program} ended"
            assert time.monotonic() < deadline, f"{program} did not start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(SECONDS)


def ask(address: str, route: str, *, token: str | None = None) -> Answer:
    method, path = route.split()
    request = urllib.request.Request(address + path, b"{}" if method == "POST" else None, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answer(answer.status, answer.headers.get_content_type(), answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get_content_type(), error.read().decode())
    except OSError:
        return Answer(0, "", "")


@each
def test_a_service_keeps_the_rules_of_all(program: Program, tmp_path: Path) -> None:
    with serving(program, tmp_path) as address:
        metrics = ask(address, "GET /metrics", token=TOKEN)
        assert (metrics.status, metrics.kind) == (200, "text/plain")
        assert "# TYPE " in metrics.body

        ready = ask(address, "GET /readyz")
        assert ready.kind == ("application/json" if ready.status == 200 else "application/problem+json"), ready

        closed = ask(address, program.guarded)
        assert (closed.status, closed.kind) == (401, "application/problem+json"), closed
        if program.name != "dashboard":  # its other paths are the page's, and closed without the token
            unknown = ask(address, "GET /v2/nothing")
            assert (unknown.status, unknown.kind) == (404, "application/problem+json"), unknown
            assert set(json.loads(unknown.body)) >= {"type", "title", "status", "detail"}
