from __future__ import annotations

from pathlib import Path

import pytest
from dashboard.testing.chromium import find_chromium, open_chromium


def program(folder: Path, name: str) -> str:
    file = folder / name
    file.touch(mode=0o755)
    return str(file)


def test_the_one_without_windows_is_taken_before_the_other(tmp_path: Path) -> None:
    assert find_chromium({"PATH": str(tmp_path)}) is None
    whole = program(tmp_path, "chromium")
    assert find_chromium({"PATH": str(tmp_path)}) == whole
    shell = program(tmp_path, "chromium-headless-shell")
    assert find_chromium({"PATH": str(tmp_path)}) == shell


def test_one_that_is_named_is_taken_or_none(tmp_path: Path) -> None:
    named, _ = program(tmp_path, "mine"), program(tmp_path, "chromium")
    assert find_chromium({"PATH": str(tmp_path), "CHROMIUM": named}) == named
    assert find_chromium({"PATH": str(tmp_path), "CHROMIUM": "gone"}) is None


def test_without_any_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(FileNotFoundError, match="apt-get install -y chromium-headless-shell"), open_chromium():
        pass
