import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.__about__ import __version__
from twitterhandler.cursors import CursorFile
from twitterhandler.testing import FakeJetstream, FakeMastodon, in_thread
from twitterhandler.testing.xserver import FakeX
from twitterhandler.topics import TopicRegistry

MESSAGE = (
    '{"data": {"id": "%d", "text": "hi", "created_at": "2026-11-22T12:00:00Z"}, "matching_rules": [{"tag": "tea"}]}\n'
)


@pytest.fixture
def environment(tmp_path):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TWITTERHANDLER_")}
    return {
        **clean,
        "TWITTERHANDLER_SINK": f"spool:{tmp_path / 'spool'}",
        "TWITTERHANDLER_TOPICS": f"sqlite:{tmp_path / 'topics.db'}",
        "TWITTERHANDLER_PORT": "0",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }


@pytest.fixture
def program(environment):
    def run(*arguments, **more):
        command = [sys.executable, "-m", "twitterhandler", *arguments]
        return subprocess.run(
            command, env={**environment, **more}, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def service(environment, eventually, tmp_path):
    """Starts a service and waits for its address; ends whatever is left of it."""
    processes = []

    def start(*arguments, program=("-m", "twitterhandler"), **more):
        log = tmp_path / f"service{len(processes)}.log"
        with log.open("wb") as output:
            command = [sys.executable, *program, *arguments]
            process = subprocess.Popen(command, env={**environment, **more}, stderr=output, stdout=output)
        processes.append(process)
        address = eventually(lambda: re.search(r"http://[\d.:]+", log.read_text()))[0]
        return process, address, log

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def fake_x():
    """A fake X in real time, in a thread of its own, and the environment that leads there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def of_loop(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=20)

    x = FakeX()
    of_loop(x.start())
    yield x, {"TWITTERHANDLER_X_URL": x.url, "TWITTERHANDLER_X_TOKEN": x.token}
    of_loop(x.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def fetch(url, method="GET", body=None):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def spooled(tmp_path):
    """The whole lines, as a reader sees them while the writer goes on."""
    text = b"".join(path.read_bytes() for path in sorted((tmp_path / "spool").glob("*.jsonl")))
    return [json.loads(line) for line in text.rpartition(b"\n")[0].splitlines()]


def fails(result, code, pattern):
    assert result.returncode == code
    assert re.fullmatch(rf"twitterhandler: .*{pattern}.*\n", result.stderr), result.stderr


def pointed_at(result, pointer, pattern):
    assert (result.returncode, result.stderr[: len(pointer)]) == (1, pointer)
    assert re.fullmatch(rf"twitterhandler: .*{pattern}.*\n", result.stderr[len(pointer) :]), result.stderr


def test_version_and_help(program):
    assert program("--version").stdout == f"twitterhandler {__version__}\n"
    for arguments in ([], ["run"], ["run", "simulator"], ["run", "replay"], ["serve"], ["topics"], ["query"]):
        result = program(*arguments, "--help")
        assert result.returncode == 0
        assert "Usage: twitterhandler" in result.stdout.replace("python -m ", "")


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        (["serve"], ["127.0.0.1", "9001", "simulator", "spool:./data/spool", "sqlite:./data/topics.db", "20m", "max"]),
        (["run", "simulator"], ["7", "5", "0.02", "20m", "max"]),
        (["run", "mastodon"], ["public"]),
        (["query", "check"], ["all"]),
    ],
)
def test_help_says_what_is_taken_by_default(program, command, defaults):
    shown = program(*command, "--help", COLUMNS="160").stdout
    assert [default for default in defaults if f"(default: {default})" not in shown] == []


def test_a_stretch_of_the_simulator_is_the_same_twice(program, tmp_path):
    arguments = ["run", "simulator", "--hours", "0.2", "--rate", "2", "--start", "2026-11-22T18:00:00Z", "--seed", "5"]
    result = program(*arguments)
    assert result.returncode == 0
    first = spooled(tmp_path)
    posts = [record for record in first if record["event"] == "post"]
    assert f"{len(posts):,} posts, 0 dead lines" in result.stdout
    assert [record["id"] for record in first[:2]] == ["city-marathon", "film-festival"]
    program(*arguments)
    assert [record for record in spooled(tmp_path)[len(first) :] if record["event"] == "post"] == posts


def test_a_file_is_replayed_whole(program, tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(MESSAGE % number for number in range(2500)) + "torn\n")
    result = program("run", "replay", str(path), "--speed", "max")
    assert "2,500 posts, 1 dead lines" in result.stdout
    records = spooled(tmp_path)
    assert [record["event"] for record in records] == ["topic", *["post"] * 2500, "dead"]
    assert [record["id"] for record in records[1:-1]] == [f"x:{number}" for number in range(2500)]


def test_options_come_from_the_environment_too(program, tmp_path):
    result = program("run", "simulator", TWITTERHANDLER_HOURS="0.05", TWITTERHANDLER_SEED="9", TWITTERHANDLER_RATE="3")
    assert result.returncode == 0
    assert len(spooled(tmp_path)) > 100


@pytest.mark.parametrize(
    ("arguments", "more", "code", "pattern"),
    [
        (["run", "replay", "nope.jsonl"], {}, 1, "no file nope.jsonl"),
        (["run", "replay", __file__, "--retime"], {}, 2, "--retime"),
        (["run", "simulator", "--rate", "-1"], {}, 2, "rate"),
        (["run", "simulator", "--sink", "kafka://localhost"], {}, 2, "kafka://HOST:PORT/TOPIC"),
        (["run", "simulator", "--sink", "queue:x"], {}, 2, "spool:PATH or kafka:"),
        (["run", "simulator", "--speed", "fast"], {}, 2, "speed"),
        (["run", "simulator"], {"TWITTERHANDLER_HISTORY": "long"}, 2, "history"),
        (["run", "simulator", "--sink", f"spool:{__file__}"], {}, 1, "cannot write the spool"),
        (["serve", "--host", "0.0.0.0"], {}, 2, "TWITTERHANDLER_TOKEN"),
        (["serve", "--source", "replay"], {}, 2, "TWITTERHANDLER_FILE"),
        (["topics", "start", "nope"], {}, 1, "no topic 'nope'"),
        (["topics", "list", "--topics", f"sqlite:{__file__}"], {}, 1, "topics' file"),
        (["topics", "list", "--topics", f"sqlite:{__file__}/topics.db"], {}, 1, "topics' file"),
        (["topics", "list", "--topics", "sqlite:/proc/no/topics.db"], {}, 1, "topics' file"),
        (["run", "simulator", "--hours", "1", "--outages", "13"], {}, 2, "13 outages do not fit into 1:00:00; take at"),
        (["run", "simulator", "--dirty", "2"], {}, 2, "no share of dirty lines"),
    ],
)
def test_errors_are_one_line_and_a_code(program, arguments, more, code, pattern):
    fails(program(*arguments, **more), code, pattern)


def test_a_value_of_the_wrong_type_is_wrong_use(program):
    result = program("run", "simulator", "--rate", "x")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_topics_are_kept(program):
    assert program("topics", "add", "tea", 'tea OR "green tea"', "--language", "en", "--no-reposts").returncode == 0
    fails(program("topics", "add", "tea", "tea"), 1, "there already")
    pointed_at(program("topics", "add", "coffee", "日本 (coffee"), "日本 (coffee\n     ^\n", "never closed")
    assert program("topics", "change", "tea", "--query", 'tea OR "green tea" OR matcha').returncode == 0
    pointed_at(program("topics", "change", "tea", "--query", "tea )"), "tea )\n    ^\n", "closes nothing")
    fails(program("topics", "change", "tea"), 2, "nothing to change; name --query")
    fails(program("topics", "change", "tea", "--source", "myspace"), 2, "source 'myspace' is not known")
    assert program("topics", "start", "tea").returncode == 0
    found = {topic["slug"]: topic for topic in json.loads(program("topics", "list", "--json").stdout)}
    assert (found["tea"]["state"], found["tea"]["languages"], found["tea"]["reposts"]) == ("started", ["en"], False)
    assert program("topics", "change", "tea", "--language", "", "--reposts").returncode == 0
    (changed,) = (topic for topic in json.loads(program("topics", "list", "--json").stdout) if topic["slug"] == "tea")
    assert (changed["languages"], changed["reposts"], changed["state"]) == ([], True, "started")
    assert program("topics", "change", "tea", "--limit", "5", "--until", "2126-12-31").returncode == 0
    (limited,) = (topic for topic in json.loads(program("topics", "list", "--json").stdout) if topic["slug"] == "tea")
    assert (limited["limit"], limited["until"], limited["stopped_by"]) == (5, "2126-12-31T00:00:00.000Z", None)
    assert re.search(
        r"^tea +started .* \(--limit 5 --until 2126-12-31T00:00:00.000Z\)$",
        program("topics", "list").stdout,
        re.MULTILINE,
    )
    assert program("topics", "change", "tea", "--limit", "0", "--until", "").returncode == 0
    (free,) = (topic for topic in json.loads(program("topics", "list", "--json").stdout) if topic["slug"] == "tea")
    assert (free["limit"], free["until"]) == (None, None)
    fails(program("topics", "change", "tea", "--until", "2020-01-01"), 2, "2020-01-01 has passed; name a time")
    fails(program("topics", "change", "tea", "--language", "xx"), 2, "'xx' is no language: .*; 'xx' is of none")
    fails(program("topics", "change", "tea", "--until", "soon"), 2, "'soon' is no time; write 2026-12-31")
    assert program("topics", "stop", "tea").returncode == 0
    assert re.search(r"^tea +stopped +tea OR \"green tea\" OR matcha$", program("topics", "list").stdout, re.MULTILINE)
    assert program("topics", "rm", "tea").returncode == 0
    nothing = program("topics", "list")
    assert nothing.stdout == "", "topics of the simulated world come with the simulator only"
    assert "`twitterhandler topics add` makes one" in nothing.stderr


def test_a_topic_says_that_its_limit_stopped_it(program, eventually, tmp_path):
    assert program("topics", "add", "all", "the OR a OR of OR is", "--limit", "20", "--start").returncode == 0
    assert program("run", "simulator", "--hours", "1").returncode == 0
    assert re.search(
        r"^all +stopped +the OR.*\n +because its own limit of 20 posts is reached; raise --limit",
        program("topics", "list").stdout,
        re.MULTILINE,
    )
    kept = [record for record in spooled(tmp_path) if "all" in record.get("topics", ())]
    assert len(kept) == 20


def test_a_query_is_checked_and_explained(program):
    assert program("query", "check", "tea -coffee").stdout == "ok\n"
    pointed_at(program("query", "check", "tea (green"), "tea (green\n    ^\n", "never closed")
    assert program("query", "explain", "tea -coffee").stdout == "“tea” and not “coffee”\n"
    assert program("query", "check", "tea has:media", "--network", "x").stdout == "ok\n"
    pointed_at(program("query", "explain", "tea has:media"), "tea has:media\n    ^\n", "only X can answer `has:media`")
    fails(program("query", "check", "tea", "--network", "myspace"), 2, "network 'myspace' is not known; choose from x,")
    fails(program("query", "check", "-coffee tea"), 2, "write `--` before a query that begins with `-`")
    assert program("query", "check", "--", "-coffee tea").stdout == "ok\n"
    no_character = program("query", "explain", b"tea \xff".decode(errors="surrogateescape"))
    pointed_at(no_character, "tea  \n    ^\n", "write the query in UTF-8")


def test_what_a_query_would_cost_is_asked_of_x(program, fake_x):
    x, there = fake_x
    x.remember(*[x.posts.original("tea", at=x.now() - timedelta(hours=hours)) for hours in range(1, 71)])
    told = program("estimate", "tea", **there)
    assert re.search(r"^x +10 posts a day, 300 in 30 days; the price of a post is not set", told.stdout, re.MULTILINE)
    assert re.search(r"^bluesky +not known: the network gives no counts$", told.stdout, re.MULTILINE)
    priced = program("estimate", "tea", "--source", "x", **there, TWITTERHANDLER_X_PRICE="0.005")
    assert priced.stdout == "x  10 posts a day, 300 in 30 days; costs 0.05 a day, 1.50 in 30 days\n"
    (as_json,) = json.loads(program("estimate", "tea", "--source", "x", "--json", **there).stdout)
    assert (round(as_json["posts_a_day"]), sum(day["posts"] for day in as_json["days"])) == (10, 70)
    assert "set TWITTERHANDLER_X_TOKEN" in program("estimate", "tea").stdout
    fails(program("estimate", "tea", **{**there, "TWITTERHANDLER_X_TOKEN": "wrong"}), 1, "401.*TWITTERHANDLER_X_TOKEN")
    pointed_at(program("estimate", "tea to:ada"), "tea to:ada\n    ^\n", "only X can answer")


def test_the_doctor_says_what_is_wrong_and_what_to_do(program, fake_x):
    x, there = fake_x
    without = program("doctor", "--json")
    assert without.returncode == 0
    assert [(line["what"], line["level"]) for line in json.loads(without.stdout)] == [
        ("topics", "warn"),
        ("key", "warn"),
        ("queue", "ok"),
    ]
    assert program("topics", "add", "tea", "tea", "--start").returncode == 0
    found = program("doctor", **there)
    assert found.returncode == 0
    assert re.findall(r"^(\w+) +(\w+)  ", found.stdout, re.MULTILINE) == [
        ("ok", "topics"),
        ("warn", "budget"),
        ("ok", "key"),
        ("ok", "clock"),
        ("warn", "rules"),
        ("ok", "room"),
        ("ok", "connections"),
        ("ok", "queue"),
    ]
    assert x.token not in found.stdout + found.stderr
    wrong = program("doctor", **there, TWITTERHANDLER_SINK=f"spool:{__file__}")
    assert wrong.returncode == 1
    assert re.search(r"^fail  queue +cannot write the spool", wrong.stdout, re.MULTILINE)
    assert len(x.rules) == 0


def test_the_doctor_looks_at_the_networks_that_are_listened_to(program, networks, tmp_path):
    (_, on_bluesky), (mastodon, _), there = networks
    bluesky = networks[0][0]
    on_bluesky(lambda: bluesky.post("tea"))
    program("topics", "add", "tea", "tea", "--start")
    CursorFile(tmp_path / "topics.db", "bluesky").save(1)
    found = {
        line["what"]: (line["level"], line["message"])
        for line in json.loads(program("doctor", "--json", **there).stdout)
    }
    assert found["bluesky"] == ("ok", f"{bluesky.address} is heard")
    assert found["bluesky gap"][0] == "warn"
    assert found["mastodon"] == ("ok", f"{mastodon.address} is heard")
    assert found["mastodon gap"] == ("ok", "nothing was heard yet; the first run begins with what is new")
    wrong = program("doctor", **{**there, "TWITTERHANDLER_MASTODON_TOKEN": "s3cret"})
    assert wrong.returncode == 1
    assert re.search(r"^fail  mastodon +127.0.0.1:\d+ answers 401; ", wrong.stdout, re.MULTILINE)
    assert "s3cret" not in wrong.stdout + wrong.stderr
    half = program("doctor", **{**there, "TWITTERHANDLER_MASTODON_TOKEN": ""})
    assert re.search(r"^fail  mastodon +Mastodon needs TWITTERHANDLER_MASTODON_URL and", half.stdout, re.MULTILINE)


def test_the_doctor_takes_what_is_reserved_for_no_fact(program, tmp_path):
    program("topics", "add", "tea", "tea", "--start")
    assert re.search(r"^ok +budget +no posts of X in this month$", program("doctor").stdout, re.MULTILINE)
    TopicRegistry(tmp_path / "topics.db").spend({f"month:{datetime.now(UTC):%Y-%m}": 1_234})
    assert (
        "at most 1,234 posts of X in this month (a collector that runs counts up to 1,000 ahead"
        in program("doctor").stdout
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_live_run_ends_well_on_a_signal(environment, eventually, tmp_path, number):
    command = [sys.executable, "-m", "twitterhandler", "run", "simulator", "--rate", "50", "--history", "1m"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        eventually(lambda: (tmp_path / "spool").exists() and len(spooled(tmp_path)) > 100)
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    posts = [record for record in spooled(tmp_path) if record["event"] == "post"]
    assert process.returncode == 0
    assert output.startswith(f"{len(posts):,} posts, ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_carries_follows_its_topics_and_ends_well(service, eventually, tmp_path, number):
    process, address, log = service("serve", "--rate", "20", "--history", "1m")
    eventually(lambda: fetch(f"{address}/v1/status")["counts"]["posts"] > 100)
    fetch(f"{address}/v1/topics", "POST", {"slug": "everything", "query": "the OR a OR of OR is", "start": True})
    eventually(lambda: "everything" in fetch(f"{address}/v1/status")["counts"]["by_topic"])
    fetch(f"{address}/v1/topics/world-cup", "DELETE")
    eventually(lambda: any(record.get("state") == "deleted" for record in spooled(tmp_path)))
    records = spooled(tmp_path)
    gone = next(index for index, record in enumerate(records) if record.get("state") == "deleted")
    assert not any("world-cup" in record["topics"] for record in records[gone + 1 :] if record["event"] == "post")
    assert any("everything" in record["topics"] for record in records if record["event"] == "post")
    process.send_signal(number)
    assert process.wait(timeout=20) == 0
    assert "Traceback" not in log.read_text()


def test_the_service_outlives_its_source_and_tells_of_topics_then(service, eventually, tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text(MESSAGE % 1)
    _, address, _ = service("serve", "--source", "replay", "--file", str(path))
    eventually(lambda: fetch(f"{address}/v1/status")["state"] == "ended")
    assert fetch(f"{address}/readyz") == {"ready": True}
    fetch(f"{address}/v1/topics", "POST", {"slug": "tea", "query": "tea"})
    eventually(lambda: [record["id"] for record in spooled(tmp_path)] == ["tea", "x:1", "tea"])


def test_one_place_is_for_one(service, program, tmp_path):
    _, address, _ = service("serve", "--history", "1s")
    port = address.rpartition(":")[2]
    fails(
        program("serve", "--port", port, "--sink", f"spool:{tmp_path / 'other'}"),
        1,
        f"port {port}: Address already in use",
    )
    fails(program("run", "simulator", "--hours", "1"), 1, "has a writer already")


def test_a_token_is_not_told(service, eventually):
    _, address, log = service("serve", "--history", "1s", TWITTERHANDLER_TOKEN="s3cret")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        fetch(f"{address}/v1/topics", "POST", {"slug": "tea", "query": "tea"})
    assert "s3cret" not in log.read_text()


def push(x, *texts):
    fetch(f"{x.url}/__control/posts", "POST", [{"text": text} for text in texts])


def texts(tmp_path):
    return [record["text"] for record in spooled(tmp_path) if record["event"] == "post"]


def test_the_service_listens_to_x_while_there_is_a_topic(service, fake_x, eventually, tmp_path):
    x, there = fake_x
    process, address, log = service("serve", "--source", "x", **there)
    assert fetch(f"{address}/v1/status")["state"] == "running"
    fetch(f"{address}/v1/topics", "POST", {"slug": "tea", "query": "tea", "start": True})
    eventually(lambda: x.platform.open)
    push(x, "a tea", "a coffee")
    eventually(lambda: texts(tmp_path) == ["a tea"])
    fetch(f"{x.url}/__control/faults", "POST", {"name": "rst"})
    eventually(lambda: len(x.connections) == 2)
    push(x, "another tea")
    eventually(lambda: texts(tmp_path) == ["a tea", "another tea"])
    fetch(f"{address}/v1/topics/tea/stop", "POST")
    eventually(lambda: not x.platform.open and not len(x.rules))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "Traceback" not in log.read_text()
    assert x.token not in log.read_text()


def test_x_is_listened_to_until_a_signal(program, environment, fake_x, eventually, tmp_path):
    x, there = fake_x
    program("topics", "add", "tea", "tea", "--start")
    command = [sys.executable, "-m", "twitterhandler", "run", "x"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env={**environment, **there}, **pipes) as process:
        try:
            eventually(lambda: x.platform.open)
            program("topics", "add", "rain", "rain", "--start")
            eventually(lambda: len(x.rules) == 2)
            push(x, "tea", "rain")
            eventually(lambda: texts(tmp_path) == ["tea", "rain"])
        finally:
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=20)[0]
    assert process.returncode == 0
    assert "2 posts, " in output
    assert x.token not in output


def test_the_time_between_two_runs_is_a_gap_of_x(program, environment, fake_x, eventually, tmp_path):
    x, there = fake_x
    program("topics", "add", "tea", "tea", "--start")
    command = [sys.executable, "-m", "twitterhandler", "run", "x"]
    for run in (1, 2):
        with subprocess.Popen(command, env={**environment, **there}, stderr=subprocess.DEVNULL) as process:
            try:
                eventually(lambda: x.platform.open)
                push(x, f"tea {run}")
                eventually(lambda run=run: len(texts(tmp_path)) == run)
                eventually(lambda: kept(tmp_path))
            finally:
                process.kill()  # nothing is tidied up
        eventually(lambda: not x.platform.open)
        with contextlib.closing(sqlite3.connect(tmp_path / "topics.db")) as connection, connection:
            connection.execute("update cursors set position = position - 60e6 where network = 'x connections'")
    assert texts(tmp_path) == ["tea 1", "tea 2"]
    assert len(x.rules) == 1
    assert "the collector was not running" in [
        record["reason"] for record in spooled(tmp_path) if record["event"] == "gap"
    ]


def kept(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "topics.db")) as connection:
        return connection.execute("select position from cursors where network = 'x'").fetchall()


def test_x_wants_a_key_and_says_which(program, fake_x):
    fails(program("run", "x"), 2, "set TWITTERHANDLER_X_TOKEN")
    fails(program("run", "x", TWITTERHANDLER_X_TOKEN="two words"), 2, "copy it again")
    _, there = fake_x
    wrong = {**there, "TWITTERHANDLER_X_TOKEN": "AAAA-wrong"}
    result = program("run", "x", **wrong)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("twitterhandler: X answered 401 ")
    assert "AAAA-wrong" not in result.stderr + result.stdout


def test_a_key_that_x_refuses_is_told_by_the_service(service, fake_x, eventually):
    _, there = fake_x
    _, address, log = service("serve", "--source", "x", **{**there, "TWITTERHANDLER_X_TOKEN": "AAAA-wrong"})
    status = eventually(lambda: (found := fetch(f"{address}/v1/status"))["state"] == "failed" and found)
    assert "set TWITTERHANDLER_X_TOKEN" in status["failure"]
    with pytest.raises(urllib.error.HTTPError, match="503"):
        fetch(f"{address}/readyz")
    assert "AAAA-wrong" not in log.read_text()


@pytest.fixture
def networks():
    """Bluesky and Mastodon in real time, each in a thread of its own, and the environment that leads there."""
    bluesky, mastodon = FakeJetstream(), FakeMastodon()
    with in_thread(bluesky) as on_bluesky, in_thread(mastodon) as on_mastodon:
        there = {"TWITTERHANDLER_BLUESKY_URL": bluesky.url, "TWITTERHANDLER_MASTODON_URL": mastodon.url}
        yield (bluesky, on_bluesky), (mastodon, on_mastodon), {**there, "TWITTERHANDLER_MASTODON_TOKEN": mastodon.token}


@contextlib.contextmanager
def running(environment, *arguments):
    """A program until the block ends; what it said is in the list."""
    command = [sys.executable, "-m", "twitterhandler", *arguments]
    said = []
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            said.append(process.communicate(timeout=20)[0])
    assert process.returncode == 0


def test_bluesky_is_listened_to_and_goes_on_where_it_was(program, environment, eventually, tmp_path):
    bluesky = FakeJetstream()
    program("topics", "add", "tea", "tea -coffee", "--start")
    with in_thread(bluesky) as there:
        environment["TWITTERHANDLER_BLUESKY_URL"] = bluesky.url
        with running(environment, "run", "bluesky") as said:
            eventually(lambda: bluesky.listeners)
            there(lambda: [bluesky.post(text) for text in ("a tea", "a coffee", "tea or coffee", "more tea")])
            eventually(lambda: texts(tmp_path) == ["a tea", "more tea"])
            position = CursorFile(tmp_path / "topics.db", "bluesky")
            eventually(position.load)
        assert said[0].startswith("2 posts, 0 dead lines, 2 that no topic wants")
        there(lambda: bluesky.post("tea while nobody listened"))
        with running(environment, "run", "bluesky"):
            eventually(lambda: "tea while nobody listened" in texts(tmp_path))
    assert {record["topics"][0] for record in spooled(tmp_path) if record["event"] == "post"} == {"tea"}


def test_several_networks_are_listened_to_at_once_and_one_may_fail(service, networks, eventually, tmp_path):
    (bluesky, on_bluesky), (mastodon, on_mastodon), there = networks
    process, address, log = service("serve", "--source", "bluesky", "--source", "mastodon", **there)
    fetch(f"{address}/v1/topics", "POST", {"slug": "tea", "query": "tea", "start": True})
    eventually(lambda: bluesky.listeners and mastodon.listeners)
    eventually(lambda: [record["id"] for record in spooled(tmp_path)] == ["tea"])
    on_bluesky(lambda: bluesky.post("tea on bluesky"))
    eventually(lambda: len(texts(tmp_path)) == 1)
    on_mastodon(lambda: mastodon.post("tea on mastodon"))
    eventually(lambda: texts(tmp_path) == ["tea on bluesky", "tea on mastodon"])
    found = {source["source"]: source["counts"]["posts"] for source in fetch(f"{address}/v1/status")["sources"]}
    assert found == {"bluesky": 1, "mastodon": 1}
    on_mastodon(lambda: (mastodon.refuse(401), mastodon.drop()))
    eventually(lambda: fetch(f"{address}/v1/status")["state"] == "failed")
    on_bluesky(lambda: bluesky.post("tea goes on"))
    eventually(lambda: texts(tmp_path)[-1] == "tea goes on")
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        fetch(f"{address}/readyz")
    assert json.load(refused.value)["detail"].startswith("mastodon: ")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert mastodon.token not in log.read_text()
    assert "Traceback" not in log.read_text()


BROKEN = """
import sys
import twitterhandler.sources.mastodon
from twitterhandler.cli import main
twitterhandler.sources.mastodon.parse_event = lambda *_: {}["words of a post"]
main()
"""
"""The program with a fault that nobody has found yet."""


def test_a_fault_of_the_program_ends_one_network_and_is_told(service, networks, eventually, tmp_path):
    (bluesky, on_bluesky), (mastodon, on_mastodon), there = networks
    process, address, log = service(
        "serve", "--source", "bluesky", "--source", "mastodon", program=("-c", BROKEN), **there
    )
    fetch(f"{address}/v1/topics", "POST", {"slug": "tea", "query": "tea", "start": True})
    eventually(lambda: bluesky.listeners and mastodon.listeners)
    eventually(lambda: spooled(tmp_path))
    on_mastodon(lambda: mastodon.post("tea on mastodon"))
    status = eventually(lambda: (found := fetch(f"{address}/v1/status"))["state"] == "failed" and found)
    assert re.fullmatch(r"mastodon: a fault of the program \(KeyError in .*\); start it again, .*", status["failure"])
    [gap] = eventually(lambda: [record for record in spooled(tmp_path) if record["event"] == "gap"])
    assert (gap["network"], gap["topics"], f"mastodon: {gap['reason']}") == ("mastodon", ["tea"], status["failure"])
    on_bluesky(lambda: bluesky.post("tea goes on"))
    eventually(lambda: texts(tmp_path) == ["tea goes on"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    said = log.read_text()
    assert f"{status['failure']}; the service stays up" in said
    assert not re.search("Traceback|words of a post", said)


def test_a_fault_of_the_program_ends_a_run_in_one_line_with_an_exit_code(environment, networks, eventually):
    _, (mastodon, on_mastodon), there = networks
    subprocess.run(
        [sys.executable, "-m", "twitterhandler", "topics", "add", "tea", "tea", "--start"], env=environment, check=True
    )
    command = [sys.executable, "-c", BROKEN, "run", "mastodon"]
    with subprocess.Popen(command, env={**environment, **there}, stderr=subprocess.PIPE, text=True) as process:
        eventually(lambda: mastodon.listeners)
        on_mastodon(lambda: mastodon.post("tea"))
        said = process.communicate(timeout=20)[1].splitlines()
    assert process.returncode == 1
    assert re.fullmatch(r"twitterhandler: a fault of the program \(KeyError in .*", said[-1])
    assert [line for line in said[:-1] if "WARNING" not in line] == []


@pytest.mark.parametrize(
    ("arguments", "more", "pattern"),
    [
        (["run", "mastodon"], {}, "TWITTERHANDLER_MASTODON_URL and TWITTERHANDLER_MASTODON_TOKEN; set both"),
        (["run", "mastodon", "--url", "tea"], {"TWITTERHANDLER_MASTODON_TOKEN": "s3cret"}, "https://HOST"),
        (["run", "bluesky"], {"TWITTERHANDLER_BLUESKY_URL": "https://bsky.app"}, "wss://HOST"),
        (["serve", "--source", "myspace"], {}, "source"),
        (["serve", "--source", "bluesky", "--source", "bluesky"], {}, "named once"),
        (["serve"], {"TWITTERHANDLER_SOURCE": "simulator, myspace"}, "source"),
        (["serve"], {"TWITTERHANDLER_SOURCE": "simulator,bluesky,simulator"}, "named once"),
    ],
)
def test_a_network_that_cannot_be_listened_to_says_what_to_do(program, arguments, more, pattern):
    result = program(*arguments, **more)
    fails(result, 2, pattern)
    assert "s3cret" not in result.stderr
