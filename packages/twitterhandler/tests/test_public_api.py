import importlib
import re
from pathlib import Path

import pytest
import twitterhandler
from twitterhandler import errors

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


def test_the_readme_s_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
