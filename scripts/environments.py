"""The five packages, and the environment that `demo`, `tests` and `bench` share (.nox/shared).

Spark and TensorFlow are more than a gigabyte, so they are resolved and unpacked once. A stamp in it tells what was
installed from what, and a warm start asks pip nothing.
"""

import hashlib
import itertools
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent.parent
SHARED = ROOT / ".nox" / "shared"
PACKAGES = ("twitterhandler", "nlp-services", "sparkstream", "trending", "dashboard")  # in the order of the data
EXTRAS = {"sparkstream": "nlp", "twitterhandler": "kafka"}  # what the whole system needs beyond the bare packages
RUN_TOOLS = ("honcho>=2", "hatchling>=1.27")  # hatchling builds a changed package without an isolated environment
SERVERS = ("cassandra-driver>=3.30", "redis>=8")  # clients of what tests/servers starts
TEST_TOOLS = ("pytest>=9", "playwright>=1.65", "nox>=2025.2.9", "httpx2>=2", *SERVERS)


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
    asked = fingerprint(Path(__file__), *(folder(package) / "pyproject.toml" for package in PACKAGES))
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
        session.run(str(python), "-m", "sparkstream", "prepare")  # a hundred jobs start in them: half of their CPU
    stamp.write_text(json.dumps(installed))
    return SHARED / "bin"


def path(programs: Path) -> dict[str, str]:
    """As if the environment were activated."""
    return {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
