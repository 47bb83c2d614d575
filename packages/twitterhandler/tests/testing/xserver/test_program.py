import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request

import pytest
from twitterhandler.testing.xserver import Fault


@pytest.fixture
def fake(eventually, tmp_path):
    """Starts the program with these options; its process, what it printed, and the address in it."""
    processes = []

    def start(*options):
        log = tmp_path / "fake.log"
        command = [sys.executable, "-m", "twitterhandler", "fake-x", "--port", "0", *options]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        processes.append(process)
        return process, log, eventually(lambda: re.search(r"http://[\d.:]+\d(?=.*\n)", log.read_text()))[0]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def ask(address, path, body=None, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{address}{path}", json.dumps(body).encode() if body else None, headers)
    return urllib.request.urlopen(request, timeout=20)


def test_it_says_how_to_use_it_and_streams_what_is_asked_for(fake, eventually):
    process, log, address = fake("--rate", "50")
    printed = eventually(lambda: log.read_text() if "curl" in log.read_text() else None)
    token = re.search(r"export TWITTERHANDLER_X_TOKEN=(\S+)", printed)[1]
    assert f"export TWITTERHANDLER_X_URL={address}\n" in printed
    query = re.search(r"topics add \S+ '(.+)' --start", printed)[1]
    rules = "/2/tweets/search/stream/rules"
    assert ask(address, rules, {"add": [{"value": query}]}, token).status == 201
    with ask(address, "/2/tweets/search/stream", token=token) as stream:
        lines = [json.loads(stream.readline()) for _ in range(5)]
        assert all(line["matching_rules"] for line in lines)
        ask(address, "/__control/faults", {"name": "disconnect"})
        assert '"errors"' in stream.read().decode().splitlines()[-1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_what_it_prints_brings_its_posts_to_the_queue(fake, eventually, tmp_path):
    _, log, _ = fake("--rate", "50")
    printed = eventually(lambda: log.read_text() if "run x" in log.read_text() else None)
    words = [shlex.split(line) for line in printed.splitlines() if line.startswith("  ")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TWITTERHANDLER_")}
    environment = {**clean, **dict(line[1].split("=", 1) for line in words if line[0] == "export")}
    add, collect = (line[1:] for line in words if line[0] == "twitterhandler")
    program = [sys.executable, "-m", "twitterhandler"]
    subprocess.run([*program, *add], env=environment, cwd=tmp_path, timeout=60, check=True)
    with subprocess.Popen([*program, *collect], env=environment, cwd=tmp_path) as collector:
        try:
            spool = tmp_path / "data" / "spool"
            eventually(lambda: b'"event":"post"' in b"".join(file.read_bytes() for file in spool.glob("*.jsonl")), 60)
        finally:
            collector.terminate()
    assert collector.returncode == 0


def test_with_trouble_connections_do_not_last(fake, eventually):
    _, log, address = fake("--rate", "50", "--trouble", "0.05")
    token = re.search(r"X_TOKEN=(\S+)", eventually(lambda: re.search(r"X_TOKEN=.+\n", log.read_text()))[0])[1]
    ask(address, "/2/tweets/search/stream/rules", {"add": [{"value": "the OR and OR is"}]}, token)

    def ended():
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(address, "/2/tweets/search/stream", token=token).close()
        connections = json.loads(ask(address, "/__control/connections").read())
        return {one["ended_by"] for one in connections} - {None, "client", "server"}

    assert eventually(ended) <= set(Fault.names())


def test_a_port_that_is_taken_is_one_line(fake):
    _, _, address = fake()
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "twitterhandler", "fake-x", "--port", port]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert re.fullmatch(rf"twitterhandler: cannot listen on port {port}: .*; set another by --port\n", result.stderr)
