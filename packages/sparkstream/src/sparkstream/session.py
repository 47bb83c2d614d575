"""The Spark session: settings for small, frequent micro-batches, each with its reason."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sparkstream import errors
from sparkstream.class_archive import archive_of, cache_folder, flags
from sparkstream.errors import JobError, JobInterruptedError, SettingsError, SparkstreamError
from sparkstream.java import find_java_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CHECKPOINTING: Final = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"

SETTINGS: Final = {
    # Half the latency of a micro-batch: the default manager shells out for each of its files. Safe where rename is
    # atomic, as on a local disk.
    "spark.sql.streaming.checkpointFileManagerClass": _CHECKPOINTING,
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",  # plans of a thousand rows gain nothing from being changed half way
    "spark.speculation": "false",  # a task writes to the master set; twice at once would only cost
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.streaming.minBatchesToRetain": "10",
    "spark.sql.streaming.numRecentProgressUpdates": "10",
    "spark.sql.streaming.stopTimeout": "30s",
}
_OURS: Final = "sparkstream.errors."
_GONE: Final = "Spark's JVM is gone; start the job again, it goes on where it was"
JVM_FLAGS: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Half the CPU of starting up, and of a short job: little runs long enough for the second compiler."""


def start_session(
    master: str,
    *,
    driver_memory: str = "1g",
    connector: str | None = None,
    jars: Path | None = None,
    cache: Path | None = None,
) -> SparkSession:
    """Start a JVM and a session in it, or return the one that this process has.

    A `connector` comes from Maven Central, or, where there is no way to it, from the folder `jars`.

    Raises:
        SettingsError: there are no jars in the folder.
        JavaError: there is no Java to run it on.
        JobError: it does not start.
    """
    folder = cache or cache_folder()
    java_home = find_java_home(os.environ, folder)
    os.environ["JAVA_HOME"] = str(java_home)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession  # noqa: PLC0415 - takes a second, and needs JAVA_HOME

    with as_file(files("sparkstream") / "log4j2.properties") as logging:
        options = f"{JVM_FLAGS} {flags(archive_of(java_home, folder))} -Dlog4j2.configurationFile={logging}"
        builder = SparkSession.builder.appName("sparkstream").master(master)
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        for name, value in _packages(connector, jars).items():
            builder = builder.config(name, value)
        builder = builder.config("spark.driver.memory", driver_memory).config("spark.driver.extraJavaOptions", options)
        with spark_errors():
            session = builder.getOrCreate()
    # We use no accumulators; on a stop the JVM may go before their server, which would print a trace of that.
    session.sparkContext._accumulatorServer.handle_error = lambda *_: None
    return session


def _packages(connector: str | None, jars: Path | None) -> dict[str, str]:
    if connector is None:
        return {}
    if jars is None:
        return {"spark.jars.packages": connector}
    found = sorted(str(jar.absolute()) for jar in jars.glob("*.jar"))
    if not found:
        raise SettingsError(f"there are no jars in {jars}; put Spark's connector there, or unset SPARKSTREAM_JARS")
    return {"spark.jars": ",".join(found)}


def _nothing(message: str) -> SparkstreamError | None:
    return None


@contextmanager
def spark_errors(explain: Callable[[str], SparkstreamError | None] = _nothing) -> Iterator[None]:
    """Spark's errors, and those of the bridge to its JVM, as ours: of pages of stack the line that says what is wrong.

    `explain` is asked first: a queue knows what the errors of its own connector mean.

    Raises:
        JobError: in their place; JobInterruptedError when one of ours that is retriable has caused it.
    """
    from py4j.protocol import Py4JError, Py4JNetworkError  # noqa: PLC0415 - as pyspark
    from pyspark.errors import PySparkException  # noqa: PLC0415 - needs JAVA_HOME

    try:
        yield
    except (Py4JNetworkError, ConnectionError) as error:
        raise JobError(_GONE) from error
    except (Py4JError, PySparkException) as error:
        try:
            message = str(error)  # asks the JVM, which may be gone by now: a stop ends both at once
        except (Py4JError, ConnectionError):
            raise JobError(_GONE) from error
        if (meant := explain(message)) is not None:
            raise meant from error
        failure = JobInterruptedError if may_pass(message) else JobError
        raise failure(f"Spark: {cause(message)}") from error


def may_pass(message: str) -> bool:
    """Whether the last of our errors in it is retriable, or a busy machine was slow to start a worker."""
    if "Python worker failed to connect back" in message:
        return True
    names = re.findall(rf"^\s*{re.escape(_OURS)}(\w+): ", message, re.MULTILINE)
    return bool(names) and bool(getattr(getattr(errors, names[-1], None), "retriable", False))


def cause(message: str) -> str:
    """The line that names one of our errors, the last of several; else the first that names a Java one."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(_OURS)]
    java = [line.removeprefix(": ") for line in lines if line.startswith(": ")]
    return (ours[-1:] or java[:1] or lines[:1] or ["it says no reason"])[0]
