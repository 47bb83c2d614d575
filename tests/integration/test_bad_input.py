"""Broken lines, hostile texts, a full disk, a held store: clear words, no traceback, and the good records stay."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient
from sparkstream import open_store
from sparkstream.api import create_app
from sparkstream.testing import write_spool
from sparkstream.times import MINUTE, Span
from twitterhandler.posts import Author, Post, encode
from twitterhandler.topics import TopicRegistry

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PERIOD = {"from": "2026-11-22T11:00:00Z", "to": "2026-11-22T13:00:00Z"}

MANY_EMOJI = "".join(map(chr, range(0x1F300, 0x1F600))) * 14  # over 10,000
TEXTS = {
    "html": '<b>tea</b> <img src=x onerror="alert(1)"> &lt;i&gt; &amp;amp; <!-- </body>',
    "script": "</script><script>alert('tea')</script> {{7*7}} ${7*7}",
    "overrides": "tea \u202e\u2066 gnihtyreve sesrever \u2069\u202c \u200b\u200d\ufeff \u0000 \u001b[31m",
    "emoji": MANY_EMOJI,
    "link": "javascript:alert(1) [tea](javascript:alert(1)) data:text/html,<script>alert(1)</script>",
    "quotes": '\'); drop table posts; -- "tea" \\u0041 \\',
}


def post(name: str, text: str = "a cup of tea", minute: int = 0) -> Post:
    at = NOON + timedelta(minutes=minute)
    links = ("javascript:alert(1)", "https://example.org/a?b=<c>")
    author = Author("x:1", "ada", '<b onmouseover="alert(1)">Ada</b>\u202e')
    tags = ("<script>", "x" * 5_000) if name in TEXTS else ()
    return Post(
        *(f"x:{name}", "x", ("tea",), at, at, author, text), urls=links, hashtags=tags, permalink="javascript:alert(1)"
    )


def without(line: bytes, field: str) -> bytes:
    return orjson.dumps({name: value for name, value in orjson.loads(line).items() if name != field})


BROKEN = {
    "not JSON: unexpected end": encode(post("torn"))[:100],
    "bytes, more than": encode(post("huge", "x" * (2 << 20))),
    "id is missing": without(encode(post("nameless")), "id"),
    "UTF-8": encode(post("latin")).replace(b"a cup of tea", "Café".encode("latin-1")),
    "schema 99": encode(post("newer")).replace(b'"schema":1', b'"schema":99'),
    "event 'applause'": encode(post("foreign")).replace(b'"event":"post"', b'"event":"applause"'),
}
GOOD = [post(f"good{number}", minute=number % 3) for number in range(len(BROKEN) + 1)]


def sparkstream(folder: Path, *arguments: str, spool: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sparkstream", *arguments],
        env=environment(folder, spool),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def environment(folder: Path, spool: Path | None = None) -> dict[str, str]:
    return {
        **os.environ,
        "SPARKSTREAM_QUEUE": f"spool:{spool or folder / 'spool'}",
        "SPARKSTREAM_STORE": f"sqlite:{folder / 'views.db'}",
        "SPARKSTREAM_CHECKPOINT": str(folder / "checkpoint"),
        "SPARKSTREAM_ANNOTATOR": "none:",
        "TWITTERHANDLER_SINK": f"spool:{folder / 'spool'}",
        "TWITTERHANDLER_TOPICS": f"sqlite:{folder / 'topics.db'}",
        "COLUMNS": "200",
    }


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job that has read good records with broken and hostile ones between them."""
    folder = tmp_path_factory.mktemp("bad")
    lines = [encode(GOOD[0])]
    for broken, good in zip(BROKEN.values(), GOOD[1:], strict=True):
        lines += [broken, encode(good)]
    lines += [encode(post(name, text, minute=5)) for name, text in TEXTS.items()]
    lines.append(encode(post("later", minute=20)))  # closes the minutes before
    write_spool(folder / "spool", lines)
    done = sparkstream(folder, "run", "--once")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def views(read: Path) -> Iterator[TestClient]:
    store = open_store(f"sqlite:{read / 'views.db'}")
    with TestClient(create_app(store)) as client:
        yield client
    store.close()


def test_each_broken_line_is_a_dead_letter_with_its_reason(read: Path) -> None:
    done = sparkstream(read, "dead", "--json")
    letters = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(letters) == len(BROKEN)
    for reason, line in BROKEN.items():
        (letter,) = (letter for letter in letters if reason in letter["reason"])
        assert letter["raw"] == line[: 64 << 10].decode(errors="replace")


def test_the_good_records_around_them_are_counted(views: TestClient) -> None:
    assert views.get("/v1/topics/tea/summary", params=PERIOD).json()["posts"] == len(GOOD) + len(TEXTS) + 1
    assert views.get("/v1/status").json()["job"]["dead_letters"] == len(BROKEN)


def test_a_text_is_answered_as_it_was_written(views: TestClient) -> None:
    answer = views.get("/v1/topics/tea/posts", params={**PERIOD, "limit": 100})
    assert answer.headers["content-type"] == "application/json"
    answered = {item["id"]: item for item in answer.json()["items"]}
    for name, text in TEXTS.items():
        written = json.loads(encode(post(name, text, minute=5)))
        found = answered[f"x:{name}"]
        assert found["text"].encode() == text.encode()
        assert {field: found[field] for field in written if field not in ("schema", "event")} == {
            field: value for field, value in written.items() if field not in ("schema", "event")
        }
        assert found["domains"] == ["example.org"]


def test_facets_stay_bounded(read: Path) -> None:
    store = open_store(f"sqlite:{read / 'views.db'}")
    start = round((NOON + timedelta(minutes=5)).timestamp() * 1000)
    sizes = {}
    for facet in ("keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"):
        found = store.top("tea", [Span(MINUTE, start, start + MINUTE)], facet, by="posts", limit=100_000)
        assert all(len(count.term) <= 200 for count in found)
        sizes[facet] = len(found)
    assert max(sizes.values()) == sizes["emoji"] == 200
    assert sizes["hashtag"] == 2
    store.close()


@contextmanager
def small_disk(folder: Path, options: str = "size=2m") -> Iterator[Path]:
    """A disk of 2 MB, over what the folder holds."""
    if not shutil.which("mount"):
        pytest.skip("a disk of 2 MB cannot be mounted here: there is no program `mount`")
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a disk of 2 MB cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_the_collector_with_a_line_and_leaves_whole_records(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        command = [sys.executable, "-m", "twitterhandler", "run", "simulator", "--hours", "1"]
        done = subprocess.run(command, env=environment(disk), capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            f"twitterhandler: cannot write the spool {disk / 'spool'}: No space left on device;"
            " free or choose another place"
        )
        assert "Traceback" not in done.stderr
        written = b"".join(path.read_bytes() for path in sorted((disk / "spool").glob("*.jsonl")))
        assert written.endswith(b"\n")
        assert len([json.loads(line) for line in written.splitlines()]) > 500


def test_a_full_disk_ends_the_job_with_a_line_and_with_room_it_goes_on(tmp_path: Path) -> None:
    posts = [post(f"{number}", f"tea {number} " * 60, minute=number % 50) for number in range(3_000)]
    write_spool(tmp_path / "spool", map(encode, posts))
    with small_disk(tmp_path / "disk") as disk:
        done = sparkstream(disk, "run", "--once", spool=tmp_path / "spool")
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.startswith("sparkstream: ")
        assert "the disk of" in last or "No space left on device" in last
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        again = sparkstream(disk, "run", "--once", spool=tmp_path / "spool")
        assert again.returncode == 0, again.stderr
        store = open_store(f"sqlite:{disk / 'views.db'}")
        known = store.topic("tea")
        assert known is not None
        assert (known.posts, store.master.distinct_posts(), store.dead_letter_count()) == (3_000, 3_000, 0)
        store.close()


def until(words: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines up to the first that says `words`; all of them when none does."""
    for line in lines:
        yield line
        if words in line:
            return


def test_a_store_that_is_held_when_the_job_starts_is_waited_for(tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", [encode(one) for one in GOOD])
    open_store(f"sqlite:{tmp_path / 'views.db'}").close()
    command = [sys.executable, "-m", "sparkstream", "run", "--once"]
    with closing(sqlite3.connect(tmp_path / "views.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        with subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as job:
            assert job.stderr is not None
            watchdog = threading.Timer(200, job.kill)
            watchdog.start()
            said = list(until("the job waits and tries again in 1 s", job.stderr))
            assert "views.db is held by another process; end it or wait" in said[-1]
            other.execute("rollback")
            rest = job.stderr.read()
            assert job.wait() == 0, rest
            watchdog.cancel()
    assert "Traceback" not in "".join(said) + rest
    store = open_store(f"sqlite:{tmp_path / 'views.db'}")
    assert store.master.distinct_posts() == len(GOOD)
    store.close()


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk that has become read-only, with a store and topics on it."""
    with small_disk(tmp_path_factory.mktemp("read_only") / "disk") as disk:
        open_store(f"sqlite:{disk / 'views.db'}").close()
        TopicRegistry(disk / "topics.db")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk


COLLECT = "twitterhandler run simulator --hours 0.1 --topics"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            f"{COLLECT} sqlite:{{own}}/t.db",
            "cannot write the spool {disk}/spool: Read-only file system; free or choose",
        ),
        (f"{COLLECT} sqlite:{{disk}}/new.db", "cannot use the topics' file {disk}/new.db: unable to open"),
        (f"{COLLECT} sqlite:{{disk}}/topics.db", "topics' file {disk}/topics.db: attempt to write a readonly database"),
        ("twitterhandler serve --port 0 --topics sqlite:{own}/t.db", "cannot write the spool {disk}/spool: Read-only"),
        (
            "twitterhandler topics add tea tea",
            "cannot use the topics' file {disk}/topics.db: attempt to write a readonly",
        ),
        (
            "sparkstream run --checkpoint {disk}/c",
            "checkpoint {disk}/c cannot be written: Read-only file system; choose",
        ),
        (
            "sparkstream run --checkpoint {own}/c",
            "{disk}/views.db cannot be opened for writing; check the path and its",
        ),
        ("sparkstream run --checkpoint {own}/d --store sqlite:{disk}/new/v.db", "the folder of {disk}/new/v.db cannot"),
        ("sparkstream serve --port 0", "{disk}/views.db cannot be opened for writing; check the path and its rights"),
        (
            "sparkstream serve --port 0 --store sqlite:{disk}/new.db",
            "{disk}/new.db cannot be opened for writing; check",
        ),
        ("sparkstream dead", "{disk}/views.db cannot be opened for writing; check the path and its rights"),
        ("sparkstream migrate", "{disk}/views.db cannot be opened for writing; check the path and its rights"),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_line(read_only: Path, tmp_path: Path, command: str, line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.format(disk=read_only, own=tmp_path).split()],
        env=environment(read_only),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert line.format(disk=read_only) in done.stderr


def test_a_spool_that_becomes_read_only_ends_the_collector_with_a_line(tmp_path: Path) -> None:
    """It holds its files open, so that no system lets its disk be made so: another lies over it from then on."""
    command = [sys.executable, "-m", "twitterhandler", "run", "simulator", "--hours", "240", "--rate", "50"]
    first = tmp_path / "spool" / f"{0:020d}.jsonl"
    with subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as collector:
        watchdog = threading.Timer(200, collector.kill)
        watchdog.start()
        while collector.poll() is None and not (first.exists() and first.stat().st_size):
            time.sleep(0.05)
        with small_disk(first.parent, "ro,size=2m"):
            assert collector.stderr is not None
            said = collector.stderr.read().splitlines()
            assert collector.wait() == 1
        watchdog.cancel()
    assert said[-1] == (
        f"twitterhandler: cannot write the spool {first.parent}: Read-only file system; free or choose another place"
    )
    assert "Traceback" not in "".join(said)
    assert first.read_bytes().endswith(b"\n")
