"""Claim: a month of posts is as easy to ask as the last minute: of 30 days of 5,000,000 posts summaries, series and
tops come within 300 ms (p95), pages of posts within 100 ms, and the view API stays as large as it is.

    nox -s bench -- history [--posts N] [--on cassandra] [--keep FOLDER] [--requests N]

Makes the posts up (always the same), folds them with `sparkstream batch`, starts `sparkstream serve`, and asks it over
HTTP, one question after the other: topics, periods and filters by chance, so that no answer is there already. A kept
FOLDER is used again. Exit 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from measuring.asking import Asker, Question, questions, report
from measuring.past import END, TOPICS, Past
from measuring.programs import fetch, figure, memory, program, settings, until
from sparkstream import open_store
from sparkstream.layers import rebuild
from sparkstream.schema import TopicEvent
from sparkstream.stores.base import Stamp

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from servers import Cassandra

RUN = "history"
LIMITS = {"summary": 300, "series": 300, "top": 300, "posts": 100}
"""Milliseconds, p95, of each way to ask."""
GROWTH = 64 * 2**20
"""Bytes that the view API may grow from the first tenth of the questions to the last."""


def main() -> None:
    arguments = argparse.ArgumentParser("nox -s bench -- history")
    arguments.add_argument("--posts", type=int, default=5_000_000)
    arguments.add_argument("--on", choices=("sqlite", "cassandra"), default="sqlite", help="where they are kept")
    arguments.add_argument("--keep", type=Path, help="work in this folder and leave it")
    arguments.add_argument("--requests", type=int, default=100, help="of each kind of question")
    asked = arguments.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="history-"))
    try:
        with store(asked.on, folder) as (url, speed):
            environment = settings(folder) | {"SPARKSTREAM_STORE": url, "SPARKSTREAM_SPEED": speed}
            make(url, speed, asked.posts, folder)
            fold(environment, folder)
            right = ask(environment, folder, asked.requests)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


@contextmanager
def store(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of the master set with the batch views, and of the speed views, which hold the last hour."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite:{folder / 'views.db'}", f"sqlite:{folder / 'views.db'}"
        return
    with Cassandra(folder / "cassandra") as server:
        yield server.url("history"), f"sqlite:{folder / 'speed.db'}"


# ── the store ───────────────────────────────────────────────────────────────────────────────────────────────────────


def make(url: str, speed: str, posts: int, folder: Path) -> None:
    """Write the posts, as the micro-batches of a job would, each of an hour; what is there already is left."""
    done = folder / "made.json"
    if done.exists():
        made = json.loads(done.read_text())["posts"]
        if made != posts:
            sys.exit(f"{folder} holds {made:,} posts; give --posts {made}, or another folder")
        return
    began, rows = time.monotonic(), 0
    with closing(open_store(url, speed)) as opened:
        events = [
            TopicEvent(topic, f'"w{number}" OR #Tag{number}', "started", 0) for number, topic in enumerate(TOPICS)
        ]
        opened.master.write_events(events, [], [])
        for batch, pairs in enumerate(Past(posts).hours()):
            stamp = Stamp(RUN, batch)
            opened.master.begin(stamp)
            opened.master.write(pairs, stamp)
            rows += len(pairs)
            if batch % 24 == 23:
                print(f"  {rows:,} rows, {rows / (time.monotonic() - began):,.0f}/s", flush=True)
        opened.speed.restore({RUN: batch})
    figure("posts made up and written", f"{posts:,} as {rows:,} rows in {time.monotonic() - began:,.0f} s")
    done.write_text(json.dumps({"posts": posts}))


def fold(environment: dict[str, str], folder: Path) -> None:
    """The batch views, then what is newer into the speed views."""
    done, log = folder / "folded.json", folder / "batch.log"
    if done.exists():
        return
    began = time.monotonic()
    with program("sparkstream", "batch", environment=environment, log=log) as batch:
        if batch.wait():
            sys.exit(f"the batch failed; {log} says why (--keep leaves it)")
    seconds = time.monotonic() - began
    with closing(open_store(environment["SPARKSTREAM_STORE"], environment["SPARKSTREAM_SPEED"])) as opened:
        applied = opened.speed.applied()
        rebuild(opened, in_flight=Stamp("none", 0))
        opened.speed.restore(applied)
        rows = sum(topic.posts for topic in opened.topics())
    figure("sparkstream batch over all of it", f"{rows:,} rows in {seconds:,.0f} s, {rows / seconds:,.0f}/s")
    done.write_text(json.dumps({"seconds": seconds}))


# ── the questions ───────────────────────────────────────────────────────────────────────────────────────────────────


def ask(environment: dict[str, str], folder: Path, requests: int) -> bool:
    port = int(environment["SPARKSTREAM_PORT"])
    with ExitStack() as held:
        log = folder / "api.log"
        api = held.enter_context(program("sparkstream", "serve", environment=environment, log=log))
        until(lambda: fetch(f"http://127.0.0.1:{port}/v1/topics") is not None, "the view API")
        asker = held.enter_context(closing(Asker(port)))
        kinds = questions(TOPICS, END, seed=11)
        warm = ask_some(asker, kinds, max(1, requests // 10))
        before = memory(api.pid)
        times = ask_some(asker, kinds, requests)
        after = memory(api.pid)
    right = report(times, LIMITS)
    asked = sum(map(len, times.values()))
    figure("memory of the view API (PSS)", f"{before / 2**20:,.0f} MB after {sum(map(len, warm.values())):,} questions")
    figure("", f"{after / 2**20:,.0f} MB after {asked:,} more; may grow {GROWTH / 2**20:,.0f} MB")
    return right and after - before <= GROWTH


def ask_some(asker: Asker, kinds: dict[str, Iterator[Question]], number: int) -> dict[str, list[float]]:
    """Seconds of each, by the kind of question; the kinds take turns."""
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(number):
        for name, some in kinds.items():
            times[name].append(asker.seconds(next(some)))
    return times


if __name__ == "__main__":
    main()
