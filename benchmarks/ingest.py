"""Claim: on one core the collector takes 5,000 posts a second from X to the queue, twenty times what X delivers, and
its memory stays flat; plain tweepy, which sends each post by itself, is measured beside it in the same run.

    nox -s bench -- ingest [--posts N] [--rate R] [--kafka kafka://HOST:PORT] [--skip-ladder]

A fake X in a process of its own (and on a core of its own, where there are two) streams made-up posts over a real
socket to `twitterhandler run x`, which writes the spool and, where a broker is given, Kafka. Nothing may be lost; the
ladder says at which rate something would be. Exit 1 when a number is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
from measuring.arrivals import Arrivals, kafka_arrivals, spool_arrivals
from measuring.feed import messages
from measuring.programs import figure, memory, program
from twitterhandler import parse_message
from twitterhandler.sources import default_topics
from twitterhandler.testing.xserver import FakeX
from twitterhandler.testing.xserver.projection import Selection
from twitterhandler.topics import TopicRegistry

HERE = Path(__file__).parent
WINDOW = 100_000
PATIENCE = 60.0
"""Seconds without an arrival after which a run is over."""
LADDER = (7_500, 10_000, 15_000, 20_000, 30_000)
LADDER_SECONDS = 10
AIM_PARSING, AIM_GROWTH = 40_000, 20 * 2**20


def main() -> None:
    arguments = argparse.ArgumentParser("nox -s bench -- ingest")
    arguments.add_argument("--posts", type=int, default=1_000_000)
    arguments.add_argument("--rate", type=int, default=5_000, help="posts a second that X sends")
    arguments.add_argument("--plain-posts", type=int, default=100_000, help="posts for tweepy alone")
    arguments.add_argument("--kafka", help="a broker, kafka://HOST:PORT; topics are made on it")
    arguments.add_argument("--skip-ladder", action="store_true", help="only the rate itself")
    asked = arguments.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    try:
        right = [parsing_alone()]
        sinks = ["spool", *([asked.kafka.rstrip("/")] if asked.kafka else [])]
        for sink in sinks:
            name = sink.partition(":")[0]
            run = collect(folder / name, sink, asked.posts, asked.rate)
            right.append(run.judge(f"{name}, {asked.rate:,} posts/s offered"))
            if not asked.skip_ladder:
                ladder(folder, sink)
            plain(folder / f"plain-{name}", sink, asked.plain_posts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if all(right) else 1)


def parsing_alone(repeats: int = 10) -> bool:
    """Lines as they come from X to posts, on one core, nothing else."""
    selection = Selection.parse(
        {
            "tweet.fields": "author_id,created_at,entities,lang,note_tweet,referenced_tweets",
            "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
        }
    )
    rules = [{"id": "1", "tag": "topic:all"}]
    written = [selection.project(message) for message in messages(FakeX())]
    lines = [orjson.dumps({**whole, "matching_rules": rules}) for whole in written]
    now, began = datetime.now(UTC), time.process_time()
    for _ in range(repeats):
        for line in lines:
            parse_message(line, now)
    rate = repeats * len(lines) / (time.process_time() - began)
    size = sum(map(len, lines)) / len(lines)
    figure("parsing alone", f"{rate:,.0f} posts/CPU-s ({size:,.0f} bytes a post)")
    return rate >= AIM_PARSING


# ── the collector ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Run:
    """Samples (posts arrived, CPU seconds, bytes of memory) of one run of the collector."""

    posts: int
    arrived: int = 0
    offered_seconds: float = 0.0
    samples: list[tuple[int, float, int]] = field(default_factory=list)

    @property
    def cpu_rate(self) -> float:
        """Posts for each second of CPU, from the first sample with posts to the last."""
        busy = [sample for sample in self.samples if sample[0]]
        if len(busy) < 2 or busy[-1][1] == busy[0][1]:
            return 0.0
        return (busy[-1][0] - busy[0][0]) / (busy[-1][1] - busy[0][1])

    @property
    def growth(self) -> int:
        window = min(WINDOW, self.posts // 2)
        first = [size for arrived, _, size in self.samples if 0 < arrived <= window]
        last = [size for arrived, _, size in self.samples if arrived > self.posts - window]
        return max(last, default=0) - max(first, default=0)

    def judge(self, name: str) -> bool:
        rate = self.posts / self.offered_seconds if self.offered_seconds else 0.0
        whole = "all" if self.arrived >= self.posts else f"ONLY {self.arrived:,}"
        figure(name, f"{whole} of {self.posts:,} arrived, sent at {rate:,.0f}/s")
        figure("  of one core", f"{self.cpu_rate:,.0f} posts/CPU-s")
        peak = max((size for _, _, size in self.samples), default=0)
        figure("  memory", f"{peak / 2**20:,.0f} MB at most, {self.growth / 2**20:+,.1f} MB from first to last")
        return self.arrived >= self.posts and self.growth < AIM_GROWTH


def collect(folder: Path, sink: str, posts: int, rate: int) -> Run:
    """One run: a fake X, the collector, and a count of what arrives."""
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(posts)
    with ExitStack() as running:
        x = running.enter_context(feed(folder, posts, rate))
        place, arrivals = destination(folder, sink)
        running.callback(arrivals.close)
        environment = {
            **os.environ,
            "TWITTERHANDLER_X_URL": x["url"],
            "TWITTERHANDLER_X_TOKEN": x["token"],
            "TWITTERHANDLER_SINK": place,
            "TWITTERHANDLER_SPILL": str(folder / "spill"),
            "TWITTERHANDLER_TOPICS": f"sqlite:{folder / 'topics.db'}",
        }
        registry = TopicRegistry(folder / "topics.db")
        for topic in default_topics():
            registry.add(topic)
        collector = running.enter_context(
            program("twitterhandler", "run", "x", environment=environment, log=folder / "run.log")
        )
        pin(collector.pid, 0)
        watch(run, collector, arrivals)
        run.arrived = arrivals.posts()
        run.offered_seconds = sent(folder)
    if not run.arrived:
        print((folder / "run.log").read_text()[-2_000:])
    shutil.rmtree(folder, ignore_errors=True)
    return run


def watch(run: Run, collector: subprocess.Popen[bytes], arrivals: Arrivals) -> None:
    """Takes samples until everything has arrived, or nothing comes any more."""
    last = time.monotonic()
    while run.arrived < run.posts and time.monotonic() - last < PATIENCE and collector.poll() is None:
        time.sleep(0.1)
        arrived = arrivals.posts()
        if arrived > run.arrived:
            last, run.arrived = time.monotonic(), arrived
        run.samples.append((arrived, cpu_seconds(collector.pid), memory(collector.pid)))


def ladder(folder: Path, sink: str) -> None:
    """Short runs, each at a higher rate, until something is lost."""
    highest = 0
    for rate in LADDER:
        run = collect(folder / "ladder", sink, rate * LADDER_SECONDS, rate)
        reached = run.posts / run.offered_seconds if run.offered_seconds else 0.0
        if run.arrived < run.posts or reached < 0.9 * rate:
            break
        highest = rate
    figure("  highest rate of the ladder without loss", f"{highest:,} posts/s for {LADDER_SECONDS} s")


def destination(folder: Path, sink: str) -> tuple[str, Arrivals]:
    if sink == "spool":
        return f"spool:{folder / 'spool'}", spool_arrivals(folder / "spool")
    place = f"{sink}/ingest-{time.time_ns()}"
    return place, kafka_arrivals(place)


# ── tweepy alone ────────────────────────────────────────────────────────────────────────────────────────────────────


def plain(folder: Path, sink: str, posts: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    place = str(folder / "posts.jsonl") if sink == "spool" else f"{sink}/plain-{time.time_ns()}"
    if sink != "spool":
        kafka_arrivals(place).close()  # the topic has to be there
    with feed(folder, posts, 0) as x:
        command = (sys.executable, str(HERE / "measuring" / "plain.py"), x["url"], x["token"], str(posts), place)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            pin(process.pid, 0)
            said = process.communicate()[0].strip()
    if not said:
        figure("plain tweepy, one send a post", "it ended before all posts came")
        return
    told = json.loads(said)
    wall, cpu = told["posts"] / told["seconds"], told["posts"] / told["cpu"]
    how = "each flushed to a file" if sink == "spool" else "each acknowledged"
    figure(f"plain tweepy, one send a post, {how}", f"{wall:,.0f} posts/s, {cpu:,.0f} posts/CPU-s")


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def feed(folder: Path, posts: int, rate: int) -> Iterator[dict[str, str]]:
    """A fake X that sends so many posts, at a rate or (0) as fast as they are read; its address and token."""
    command = [sys.executable, str(HERE / "measuring" / "feed.py"), "--posts", str(posts)]
    command += ["--rate", str(rate)] if rate else []
    log = folder / "feed.log"
    with program(*command, environment=dict(os.environ), log=log) as process:
        pin(process.pid, 1)
        deadline = time.monotonic() + 60
        while not (lines := log.read_text().splitlines()):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the fake X does not start")
            time.sleep(0.05)
        yield json.loads(lines[0])


def sent(folder: Path) -> float:
    """Seconds in which the fake X sent everything; 0 when it did not."""
    lines = (folder / "feed.log").read_text().splitlines()
    return float(json.loads(lines[1])["seconds"]) if len(lines) > 1 else 0.0


def pin(pid: int, core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core]})


def cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
