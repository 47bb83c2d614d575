"""The jars of the servers and of Spark's Kafka connector, fetched by Maven once for each state of pom.xml."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from servers.process import ServerError

POM = Path(__file__).with_name("pom.xml")
PROFILES = ("kafka", "cassandra", "spark")
JAVA = "17"  # Cassandra 5.0's flags are those of this version


def folder() -> Path:
    """Where all of them are: TESTSERVERS_JARS, or a place in this checkout that git ignores."""
    return Path(os.environ.get("TESTSERVERS_JARS") or POM.parents[2] / ".cache" / "jars").absolute()


def fetch(*profiles: str) -> Path:
    """Makes sure that the jars of each profile are there; the folder of the last one.

    A stamp tells of which pom.xml they are: where it fits, nothing is started, since Maven takes 8 s to find out
    that it has nothing to do. A lock lets several test runs share the folder.
    """
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    with (place / "fetching.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for profile in profiles:
            stamp = place / f"{profile}.sha256"
            if not stamp.exists() or stamp.read_text() != wanted:
                _fetch(profile, place)
                stamp.write_text(wanted)
    return place / profiles[-1]


@cache
def java() -> str:
    """The program of a Java 17: TESTSERVERS_JAVA, the one on the PATH, one of Debian's."""
    named = os.environ.get("TESTSERVERS_JAVA")
    found = [named] if named else [shutil.which("java"), *map(str, Path("/usr/lib/jvm").glob("*-17-*/bin/java"))]
    for program in filter(None, found):
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        if re.search(rf'version "{JAVA}[."]', said.stderr):
            return program
    raise ServerError(f"no Java {JAVA}: apt-get install openjdk-{JAVA}-jre-headless, or name one by TESTSERVERS_JAVA")


def _fetch(profile: str, place: Path) -> None:
    if not shutil.which("mvn"):
        raise ServerError("no Maven, which fetches the servers' jars: apt-get install maven")
    print(f"servers: fetching the jars of {profile} into {place}", file=sys.stderr, flush=True)
    shutil.rmtree(place / profile, ignore_errors=True)  # jars of another version would stand beside the new ones
    command = ["mvn", "-q", "-B", "-f", str(POM), f"-P{profile}", f"-Djars={place}", "package"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise ServerError(f"Maven could not fetch the jars of {profile}:\n{done.stdout[-2_000:]}")
