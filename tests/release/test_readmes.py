"""What the READMEs show, works: every Python block runs, every command is one that the programs know."""

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from sparkstream import open_store
from sparkstream.testing import write_spool
from twitterhandler.testing import FakeJetstream, in_thread, simulated_day

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]
PROGRAMS = ("dashboard", "nlp-services", "sparkstream", "trending", "twitterhandler")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUICK = ("twitterhandler query", "twitterhandler topics", "nlp-services models", "sparkstream dead")
"""Commands that are run as they stand; of the others the help has to know every word."""
SECONDS = 120
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("SPARKSTREAM_", "TWITTERHANDLER_"))},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "200",
    "TERM": "dumb",
}


def blocks(readme: Path, language: str) -> list[str]:
    return [code for found, code in BLOCK.findall(readme.read_text(encoding="utf-8")) if found == language]


def commands(readme: Path) -> Iterator[tuple[str, ...]]:
    """The calls of our programs, with the comment as the last word."""
    for block in blocks(readme, "sh"):
        for line in block.splitlines():
            code, _, comment = line.partition(" # ")
            for part in code.split(" | "):
                words = shlex.split(part)
                if words and words[0] in PROGRAMS:
                    yield (*words, comment.strip())


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@lru_cache
def help_of(*words: str) -> str | None:
    done = run(ROOT, *words, "--help")
    return done.stdout if done.returncode == 0 else None


@pytest.fixture(scope="module")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    write_spool(folder / "data" / "spool", simulated_day(seed=7, posts=60).lines)
    open_store(f"sqlite:{folder / 'data' / 'views.db'}").close()
    return folder


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: str(readme.relative_to(ROOT)))
class TestReadme:
    def test_each_block_says_its_language(self, readme: Path) -> None:
        drawing = {"README.md"}
        unnamed = blocks(readme, "")
        assert len(unnamed) == (readme.relative_to(ROOT).as_posix() in drawing), unnamed

    def test_its_links_and_pictures_are_there(self, readme: Path) -> None:
        text = readme.read_text(encoding="utf-8")
        named = re.findall(r'\]\(([^)#]+)\)|src(?:set)?="([^"]+)"', text)
        places = [place for pair in named for place in pair if place and "://" not in place]
        assert [place for place in places if not (readme.parent / place).exists()] == []

    def test_its_commands_are_known(self, readme: Path) -> None:
        for *words, _ in commands(readme):
            depth = next((size for size in (3, 2, 1) if help_of(*words[:size]) is not None), 0)
            assert depth >= 2 or words[-1] == "--version", words
            options = {word.split("=")[0] for word in words if re.match(r"--[a-z]", word)}
            text = help_of(*words[:depth]) or ""
            assert {option for option in options if option not in text} == set(), words


def quick(*paths: Path) -> list[tuple[str, ...]]:
    return [found for path in paths for found in commands(path) if " ".join(found).startswith(QUICK)]


def test_the_quick_commands_do_what_they_say(made_data: Path) -> None:
    assert len(quick(*READMES)) >= 6
    for *words, comment in quick(*READMES):
        done = run(made_data, *words)
        assert done.returncode == (1 if "(exit 1)" in comment else 0), (words, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def bluesky() -> Iterator[str]:
    """The address of a network on which somebody talks of tea all the time."""
    fake, enough = FakeJetstream(), threading.Event()

    def talk() -> None:
        while not enough.wait(0.1):
            there(lambda: fake.post("tea, please"))

    with in_thread(fake) as there:
        talking = threading.Thread(target=talk)
        talking.start()
        yield fake.url
        enough.set()
        talking.join()


@pytest.mark.parametrize("readme", READMES[1:], ids=lambda readme: readme.parent.name)
def test_its_python_runs(readme: Path, made_data: Path, bluesky: str) -> None:
    shown = blocks(readme, "python")
    assert shown
    for block in shown:
        block = block.replace("JetstreamSource()", f"JetstreamSource({bluesky!r})")
        done = run(made_data, sys.executable, "-c", block)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
