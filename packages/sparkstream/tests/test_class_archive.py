"""What Spark loads as it starts, put by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sparkstream.class_archive import archive_of, flags, record
from sparkstream.errors import JavaError

SESSION = "from sparkstream.session import start_session; start_session('local[1]').range(1).count()"


@pytest.fixture
def broken_java(tmp_path, monkeypatch):
    """A Java that says its version and can do nothing else; whose home it is."""
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text('#!/bin/sh\n[ "$1" = -version ] && echo \'openjdk version "17.0.1"\' >&2 && exit\nexit 1\n')
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    return tmp_path / "jdk"


def test_each_java_and_each_spark_has_its_own(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for home, build in ((one, "17.0.1"), (other, "17.0.1")):
        home.mkdir()
        (home / "release").write_text(build)
    first = archive_of(one, tmp_path)
    assert archive_of(one, tmp_path) == first
    assert archive_of(other, tmp_path) != first
    (one / "release").write_text("17.0.2")
    assert archive_of(one, tmp_path) != first


def test_one_that_is_not_there_is_not_named(tmp_path):
    archive = tmp_path / "spark.jsa"
    assert flags(archive) == ""
    archive.touch()
    assert f"-XX:SharedArchiveFile={archive}" in flags(archive)


def test_a_session_takes_its_classes_from_the_archive_which_is_made_once(tmp_path):
    archive, _ = record()
    assert record() == (archive, False)
    loads = tmp_path / "loads.log"
    environment = {**os.environ, "SPARK_SUBMIT_OPTS": f"-Xlog:class+load:file={loads}"}
    subprocess.run([sys.executable, "-c", SESSION], env=environment, check=True, capture_output=True)
    lines = loads.read_text().splitlines()
    spark = [line for line in lines if " org.apache.spark." in line and "Lambda" not in line]
    assert len(spark) > 1_000
    assert sum("shared objects file (top)" in line for line in spark) > 0.8 * len(spark)


def test_a_java_that_makes_none_is_told_in_a_line_and_leaves_nothing(tmp_path, broken_java):
    cache = tmp_path / "cache"
    with pytest.raises(JavaError, match=r"this Java makes no archive .*; jobs run without"):
        record(cache)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told_in_a_line(tmp_path, broken_java):
    (tmp_path / "file").touch()
    with pytest.raises(JavaError, match="cannot be written: Not a directory; jobs run without"):
        record(tmp_path / "file" / "cache")


def test_the_command_says_where_it_is(tmp_path):
    said = subprocess.run(
        [sys.executable, "-m", "sparkstream", "prepare"], capture_output=True, text=True, check=True
    ).stdout
    assert Path(said.split("  ")[0]) == record()[0]
