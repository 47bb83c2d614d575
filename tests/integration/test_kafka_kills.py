"""kill -9 with Kafka between: of the broker, of the collector that writes. Of the job that reads: test_servers_day."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kafka_topics
from servers import Kafka

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = 30


def until(condition: Callable[[], bool], what: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def write_messages(file: Path, numbers: range) -> None:
    """One a second in X's form; the same few ids again and again, so that an order can be seen."""
    with file.open("w") as messages:
        for number in numbers:
            at = (NOON + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
            data = {"id": f"{number % KEYS + 1}", "text": f"{number}", "created_at": at}
            messages.write(json.dumps({"data": data, "matching_rules": [{"tag": "tea"}]}) + "\n")


def by_key(lines: Iterable[bytes]) -> dict[str, list[int]]:
    """The numbers of each id in the order in which they came the first time."""
    found: dict[str, list[int]] = {}
    for line in lines:
        record = json.loads(line)
        if record["event"] == "post":
            found.setdefault(record["id"], []).append(int(record["text"]))
    return {key: list(dict.fromkeys(numbers)) for key, numbers in found.items()}


def numbers(lines: Iterable[bytes]) -> set[int]:
    return {number for found in by_key(lines).values() for number in found}


@contextmanager
def collector(folder: Path, url: str, file: Path, speed: int) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TWITTERHANDLER_SINK": url, "TWITTERHANDLER_SPILL": str(folder / "spill")}
    command = [sys.executable, "-m", "twitterhandler", "run", "replay", str(file), "--speed", str(speed)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def spilled(folder: Path) -> list[bytes]:
    files = sorted((folder / "spill").glob("*.jsonl"))
    return [
        line for line in b"".join(file.read_bytes() for file in files).splitlines(keepends=True) if line[-1:] == b"\n"
    ]


def test_of_the_broker_and_of_the_collector_in_mid_stream_what_is_sent_later_is_there_in_its_order(
    kafka_server: Kafka, kafka_url: str, tmp_path: Path
) -> None:
    kafka_topics.make(kafka_url, partitions=3)
    write_messages(tmp_path / "first.jsonl", range(100_000))
    with collector(tmp_path, kafka_url, tmp_path / "first.jsonl", speed=100) as first:
        until(lambda: len(kafka_topics.lines(kafka_url)) > 200, "posts arrive")
        kafka_server.kill()
        until(lambda: len(spilled(tmp_path)) > 100, "posts wait on the disk")
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
    waiting = numbers(spilled(tmp_path))
    kafka_server.restart()
    before = numbers(kafka_topics.lines(kafka_url))

    write_messages(tmp_path / "second.jsonl", range(100_000, 102_000))
    with collector(tmp_path, kafka_url, tmp_path / "second.jsonl", speed=200) as second:
        until(lambda: 100_300 in numbers(kafka_topics.lines(kafka_url)), "the second goes on")
        kafka_server.kill()
        kafka_server.restart()
        assert second.stderr is not None
        said = second.stderr.read()
        assert second.wait() == 0, said
    assert "go out first" in said
    assert "Traceback" not in said

    write_messages(
        tmp_path / "third.jsonl", range(102_000, 102_010)
    )  # the stream may have ended before the broker was back
    with collector(tmp_path, kafka_url, tmp_path / "third.jsonl", speed=100) as third:
        assert third.stderr is not None
        said = third.stderr.read()
        assert third.wait() == 0, said
        assert "next start" not in said

    arrived = by_key(kafka_topics.lines(kafka_url))
    assert all(found == sorted(found) for found in arrived.values())
    there = {number for found in arrived.values() for number in found}
    assert before | waiting | set(range(100_000, 102_010)) <= there
    for key in range(KEYS):  # across partitions the broker may have the later one of two
        kept = [number for number in waiting - before if number % KEYS == key]
        assert not kept or max(number for number in before if number % KEYS == key) < min(kept)
    assert set(range(max(waiting))) <= there  # not one was lost between the broker and the disk
