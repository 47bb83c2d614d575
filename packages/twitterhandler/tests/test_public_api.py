import importlib
import re
import threading
from pathlib import Path

import pytest
import twitterhandler
from twitterhandler import errors
from twitterhandler.testing import FakeJetstream, in_thread

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["", ".sinks", ".sources", ".simulation", ".testing", ".testing.xserver"])
def test_what_is_listed_is_there(name):
    module = importlib.import_module(f"twitterhandler{name}")
    assert all(hasattr(module, listed) for listed in module.__all__)


def test_every_error_is_drawn_in_the_tree():
    found = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert found == set(re.findall(r"\b\w+Error\b(?= |\n)", errors.__doc__.split("The message")[0])) - {
        "ValueError",
        "LookupError",
        "OSError",
    }
    assert all(issubclass(getattr(errors, name), errors.TwitterhandlerError) for name in found)


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == twitterhandler.__version__


@pytest.fixture
def bluesky():
    """The address of a network on which somebody talks of tea all the time."""
    fake, enough = FakeJetstream(), threading.Event()

    def talk():
        while not enough.wait(0.05):
            there(lambda: fake.post("tea, please"))

    with in_thread(fake) as there:
        talking = threading.Thread(target=talk)
        talking.start()
        yield fake.url
        enough.set()
        talking.join()


def test_the_readme_s_python_runs(tmp_path, monkeypatch, bluesky, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block.replace("JetstreamSource()", f"JetstreamSource({bluesky!r})"), "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("tea, please") == 3
    assert "('running',) " in printed
