import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from nlp_services import Analyzer
from nlp_services.api import create_app
from nlp_services.testing import served
from pydantic import SecretStr

PROGRAM = [sys.executable, "-m", "nlp_services"]


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def test_version():
    assert run("--version").stdout.startswith("nlp-services 0.")


def test_analyze_keeps_what_the_records_hold_and_takes_plain_lines(tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"id": "x:1", "text": "so happy 😍", "lang": "en"}\n\nGreat goal by Ada\n', encoding="utf-8")

    done = run("analyze", str(posts), "--only", "sentiment", "--only", "keywords")

    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert done.stderr == ""
    assert (first["id"], first["text"], first["sentiment"]["label"]) == ("x:1", "so happy 😍", "positive")
    assert set(second) == {"text", "keywords", "sentiment"}


def test_analyze_takes_csv_with_its_columns_and_texts_over_several_lines(tmp_path):
    posts = tmp_path / "posts.CSV"
    posts.write_bytes('id,text,lang\r\n1,"so happy,\r\ntoday 😍",en\r\n2,,en\r\n3,Qué golazo,es\r\n'.encode())

    first, second = (json.loads(line) for line in run("analyze", str(posts), "--only", "sentiment").stdout.splitlines())

    assert (first["id"], first["text"], first["sentiment"]["label"]) == ("1", "so happy,\r\ntoday 😍", "positive")
    assert (second["id"], second["sentiment"]["label"]) == ("3", "not_rated")


def test_analyze_takes_csv_from_stdin():
    done = run("analyze", "-", "--csv", "--only", "keywords", stdin="text\npenalty shootout\n")

    assert json.loads(done.stdout)["keywords"][0]["text"] == "penalty shootout"


def test_analyze_reads_stdin():
    assert json.loads(run("analyze", "-", "--only", "keywords", stdin="penalty shootout").stdout)["keywords"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["analyze", "no-such-file"], "", "cannot read no-such-file"),
        (["analyze", "-"], '{"text": "a"\n', "line 1 begins with { but is no JSON"),
        (["analyze", "-"], '\n{"body": "a"}\n', "line 2 has no `text`"),
        (["analyze", "-", "--csv"], "body\na\n", "the first row of the CSV names no column `text`"),
        (["analyze", "-", "--csv"], "", "the first row of the CSV names no column `text`"),
        (["analyze", "-", "--csv"], 'text\n"a"b\n', "the CSV is broken after line 1"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_code_1(arguments, stdin, message):
    done = run(*arguments, stdin=stdin)

    assert done.returncode == 1
    assert done.stderr.startswith(f"nlp-services: {message}")
    assert done.stderr.count("\n") == 1


def test_wrong_use_is_exit_code_2():
    assert run("analyze", "-", "--only", "weather").returncode == 2


def test_models_lists_versions_and_cards():
    assert run("models").stdout.startswith("entities 0.")
    assert [card["name"] for card in json.loads(run("models", "--json").stdout)] == ["entities", "sentiment", "emotion"]


def test_evaluate_measures_labelled_posts(tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"text": "so happy!", "label": "positive"}\n{"text": "I hate it", "label": "negative"}\n')

    assert "macro recall              1.000" in run("evaluate", str(posts)).stdout
    found = json.loads(run("evaluate", str(posts), "--json").stdout)
    assert (found["for"], found["measures"]["accuracy"]["value"]) == ("sentiment", 1.0)


def test_a_service_that_wants_a_token_gets_the_one_of_the_settings():
    token = "0123456789abcdef"
    keywords = Analyzer(entities=None, sentiment=None, emotion=None)
    with served(create_app(keywords, token=SecretStr(token))) as url:

        def analyze(**environment):
            asked = ("analyze", "-", "--only", "keywords")
            return run(*asked, stdin="penalty shootout", NLP_SERVICES_KEYWORDS=url, **environment)

        done, denied = analyze(NLP_SERVICES_BACKENDS_TOKEN=token), analyze()
    assert json.loads(done.stdout)["keywords"][0]["text"] == "penalty shootout"
    assert denied.returncode == 1
    assert denied.stderr.startswith(f"nlp-services: {url} wants a token")
    assert denied.stderr.count("\n") == 1


def test_evaluate_says_what_is_wrong_with_a_file():
    done = run("evaluate", "no-such-file")

    assert done.returncode == 1
    assert done.stderr == (
        "nlp-services: cannot read no-such-file (No such file or directory); give a JSONL file with labels\n"
    )


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"NLP_SERVICES_HOST": "0.0.0.0"}, "host 0.0.0.0 is open to others"),
        ({"NLP_SERVICES_TOKEN": "short"}, "NLP_SERVICES_TOKEN: give a token of at least 16"),
        ({"NLP_SERVICES_PORT": "many"}, "NLP_SERVICES_PORT: "),
        ({"NLP_SERVICES_ENTITIES": "ftp://there"}, "entities: no backend for 'ftp://there'"),
    ],
)
def test_unusable_settings_are_one_line_and_exit_code_2(environment, message):
    done = run("serve", **environment)

    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", NLP_SERVICES_PORT=str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert done.stderr.startswith("nlp-services: cannot listen on 127.0.0.1:")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_serve_answers_on_its_port_and_ends_on_a_signal(tmp_path: Path):
    port = _free_port()
    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen(
            [*PROGRAM, "serve", "--only", "keywords"], env={**os.environ, "NLP_SERVICES_PORT": str(port)}, stderr=log
        )
        try:
            assert _eventually(f"http://127.0.0.1:{port}/readyz") == {"status": "ready"}
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=30) in {0, -signal.SIGTERM}


def _eventually(url: str) -> object:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            assert time.monotonic() < deadline, f"{url} did not answer"


def test_analyze_shows_a_bar_on_a_terminal_and_the_records_stay_whole(tmp_path):
    posts = tmp_path / "posts.txt"
    posts.write_text("penalty shootout\n" * 600, encoding="utf-8")
    ours, theirs = os.openpty()

    with (tmp_path / "out.jsonl").open("w") as out:
        words = [*PROGRAM, "analyze", str(posts), "--only", "keywords"]
        done = subprocess.run(words, stdout=out, stderr=theirs, timeout=120, check=False)
    os.close(theirs)

    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert " 256 posts  " in shown
    assert "100%  600 posts  " in shown
    assert len([json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]) == 600
