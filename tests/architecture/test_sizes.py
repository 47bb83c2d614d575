"""What ruff and mypy do not count: the size of a module, and promises without a date."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    ROOT / "noxfile.py",
    *(
        file
        for folder in ("packages/*/src", "models", "benchmarks", "scripts")
        for file in ROOT.glob(f"{folder}/**/*.py")
    ),
]
TESTS = [*ROOT.glob("packages/*/tests/**/*.py"), *ROOT.glob("tests/**/*.py")]
LONGEST_MODULE = 300
PROMISE = re.compile(r"#.*\b(T[O]DO|FI[X]ME|XX[X])\b")  # in brackets, so as not to find itself


def test_modules_are_short() -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_nothing_is_promised_in_a_comment() -> None:
    promises = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in (*SOURCES, *TESTS)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if PROMISE.search(line)
    ]
    assert promises == []
