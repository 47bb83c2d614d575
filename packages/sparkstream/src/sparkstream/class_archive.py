"""An archive of the classes that a job loads: with one, Spark's JVM starts in half the time, and for half the CPU.

It is Java's own, "application class data sharing" (JEP 350). A JVM looks at what it was made of, and goes without where
that has changed. `record` makes one, once for each Java and each Spark, as a job ends that reads one line.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sparkstream.errors import JavaError
from sparkstream.java import find_java_home

PATIENCE: Final = 600
"""Seconds for the job and for writing what it loaded; both take a minute where something else runs."""
_QUIET: Final = "-Xlog:cds=off -Xlog:cds+dynamic=off"
"""Else it says of every class why it is not in there, and of an archive why it is not used."""


def cache_folder() -> Path:
    return Path.home() / ".cache" / "sparkstream"


def archive_of(java_home: Path, cache: Path) -> Path:
    """Where the archive of this Java with the installed Spark is, or would be."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    jars, release = Path(spec.origin).parent / "jars", java_home / "release"
    made_of = (
        *(str(java_home.resolve()), release.read_text() if release.exists() else ""),
        *(str(jars), jars.stat().st_mtime_ns),  # the same Spark, installed anew, is another one to Java
    )
    digest = hashlib.blake2b(repr(made_of).encode(), digest_size=8).hexdigest()
    return cache / f"spark-{version('pyspark')}-{digest}.jsa"


def flags(archive: Path) -> str:
    """Of a JVM that is to use it; none where it is not there: Java would go without the archive of its own, too."""
    return f"-XX:SharedArchiveFile={archive} {_QUIET}" if archive.exists() else ""


def record(cache: Path | None = None) -> tuple[Path, bool]:
    """Make the archive unless it is there; its path, and whether it is new. Takes about half a minute.

    Raises:
        JavaError: this Java makes none; jobs run all the same.
    """
    folder = cache or cache_folder()
    archive = archive_of(find_java_home(os.environ, folder), folder)
    if archive.exists():
        return archive, False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as place:  # whole or not there: with half an archive a JVM dies
            made = Path(place, "spark.jsa")
            _run_job(Path(place), made)
            made.replace(archive)
    except OSError as error:
        raise JavaError(f"{archive} cannot be written: {error.strerror}; jobs run without, and start later") from error
    return archive, True


def _run_job(place: Path, archive: Path) -> None:
    """In a process of its own, as a process has one JVM for good; its output ends with that of the JVM."""
    environment = {**os.environ, "SPARK_SUBMIT_OPTS": f"-XX:ArchiveClassesAtExit={archive} {_QUIET}"}
    command = [sys.executable, "-m", "sparkstream.class_archive", str(place)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise JavaError(f"no archive after {PATIENCE} s; jobs run without, and start later") from error
    if done.returncode or not archive.exists():
        said = (done.stderr.strip().splitlines() or ["it says no reason"])[-1]
        raise JavaError(f"this Java makes no archive ({said}); jobs run without, and start later")


def _job(place: Path) -> None:
    from sparkstream.job import StreamJob  # noqa: PLC0415 - the job's session looks here

    spool = place / "spool"
    spool.mkdir()
    (spool / "spool.json").write_text('{"spool": "rehearsal", "format": 1}')
    (spool / f"{0:020d}.jsonl").write_bytes(b"{}\n")
    store = f"sqlite:{place / 'views.db'}"
    with StreamJob(queue=f"spool:{spool}", store=store, checkpoint=place / "checkpoint") as job:
        job.start(once=True)
        while not job.wait(1.0):
            pass


if __name__ == "__main__":
    _job(Path(sys.argv[1]))
