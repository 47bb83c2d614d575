"""Claim: on two cores, with all four models, 250 posts a second (X's own delivery cap) are in the views within two
seconds of being in the queue (p99); a burst from 25 to 250 drains within twice its length; nothing is lost.

    nox -s bench -- stream [--parts latency,burst,redis,cassandra] [--on servers] [--rates 25,250] [--seconds S]

Real posts are written to the queue at a rate, and the store is asked from outside when each of them is counted. Stock
Spark, the same code without the package's settings, is measured beside it in the same run. By default on the spool and
SQLite; `--on servers` on real Kafka, Cassandra and Redis, which it starts. `redis` and `cassandra` compare the writes
of the two stores with a call an event and with a statement after the other. Exit 1 when something was lost.
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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from measuring.latency import Stretch, Watch, counted
from measuring.programs import fetch, figure, program, quantile, settings, until
from measuring.servers import Servers
from measuring.writes import cassandra_writes, redis_writes
from sparkstream.stores import LayeredStore, open_store

HERE = Path(__file__).parent
DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))
PARTS = ("latency", "burst", "redis", "cassandra")
WARM_UP = 10.0
"""Seconds at the first rate before anything is measured, once the workers have loaded their models."""
FIRST_ID = 1_800_000_000_000_000_000
WAYS = {"ours": ("sparkstream",), "stock": (sys.executable, str(HERE / "measuring" / "stock.py"))}


def main() -> None:
    arguments = argparse.ArgumentParser("nox -s bench -- stream")
    arguments.add_argument("--parts", default=",".join(PARTS), help="some of latency, burst, redis, cassandra")
    arguments.add_argument("--on", choices=("files", "servers"), default="files", help="where latency and burst run")
    arguments.add_argument("--rates", default="25,250", help="posts a second, one stretch after the other")
    arguments.add_argument("--seconds", type=float, default=60.0, help="of each stretch")
    arguments.add_argument("--ways", default="ours,stock", help="ours, stock or both")
    arguments.add_argument("--annotator", default="local:", help="none: leaves the models out")
    arguments.add_argument("--file", type=Path, default=DATA / "stream_posts" / "posts_v2.jsonl.gz")
    arguments.add_argument("--keep", type=Path, help="work in this folder and leave it")
    asked = arguments.parse_args()
    parts, rates = asked.parts.split(","), [float(rate) for rate in asked.rates.split(",")]
    if not set(parts) <= set(PARTS) or not set(asked.ways.split(",")) <= set(WAYS):
        sys.exit(f"--parts are some of {', '.join(PARTS)}, --ways some of {', '.join(WAYS)}")
    if not asked.file.exists():
        sys.exit(f"{asked.file} is not there; set DATA_DIR to the folder with the data sets")
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="stream-"))
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores", flush=True)
    right = True
    try:
        with Servers(folder / "servers") as servers:
            if {"latency", "burst"} & set(parts):
                right = stream(asked, parts, rates, servers, folder)
            if "redis" in parts:
                redis_writes(servers.redis(), asked.file)
            if "cassandra" in parts:
                cassandra_writes(servers.cassandra(), asked.file)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


# ── from the queue to the views ─────────────────────────────────────────────────────────────────────────────────────


def stream(asked: argparse.Namespace, parts: Sequence[str], rates: list[float], servers: Servers, folder: Path) -> bool:
    """Each way after the other, on places of its own."""
    plan = [*rates, rates[0]] if "burst" in parts else rates
    right, found = True, {}
    for way in asked.ways.split(","):
        environment = settings(folder / way) | {"SPARKSTREAM_ANNOTATOR": asked.annotator}
        if asked.on == "servers":
            environment |= servers.settings(way)
        trial = Trial(way, folder / way, environment)
        trial.run(asked.file, [(rate, asked.seconds) for rate in plan])
        print(f"{way}, {'Kafka, Cassandra and Redis' if asked.on == 'servers' else 'spool and SQLite'}", flush=True)
        if "latency" in parts:
            found[way] = [trial.latency(stretch) for stretch in trial.stretches[2 : 2 + len(rates)]]
        if "burst" in parts:
            trial.burst(trial.stretches[1 + len(rates)])
        trial.memory()
        right = trial.is_whole() and right
    if len(found) == 2:
        for rate, one, other in zip(rates, found["ours"], found["stock"], strict=True):
            shares = ", ".join(
                f"{name} {mine / its:.2f}" for name, mine, its in zip(("p50", "p99"), one, other, strict=True)
            )
            figure(f"ours of stock, {rate:,.0f} posts/s", shares)
    return right


class Trial:
    """One job that posts are written for, at one rate after the other."""

    def __init__(self, way: str, folder: Path, environment: dict[str, str]) -> None:
        self.way = way
        self._folder, self._environment = folder, environment
        self._log = folder / "job.log"
        self.stretches: list[Stretch] = []

    def run(self, file: Path, plan: Sequence[tuple[float, float]]) -> None:
        environment, views = self._environment, f"http://127.0.0.1:{self._environment['SPARKSTREAM_PORT']}/v1"
        with ExitStack() as programs:
            job = programs.enter_context(program(*WAYS[self.way], "run", environment=environment, log=self._log))
            until(lambda: job.poll() is None and "the job runs" in self._log.read_text(), "the job")
            serve = program("sparkstream", "serve", environment=environment, log=self._folder / "api.log")
            programs.enter_context(serve)
            until(lambda: fetch(f"{views}/topics") is not None, "the view API")
            store = open_store(environment["SPARKSTREAM_STORE"], environment.get("SPARKSTREAM_SPEED"))
            programs.callback(store.close)
            with Watch(store, job.pid, os.getpid()) as self.watch, reader(views):
                self.stretches = self._post(file, [(10, 1.0)])
                self._catch_up(store)  # the workers have loaded their models
                self.stretches += self._post(file, [(plan[0][0], WARM_UP), *plan])
                self._catch_up(store)
            self.counted = counted(store, self.watch.seen)
            self.views = sum(topic["posts"] for topic in fetch(f"{views}/topics")["items"])
            self.master = store.master.distinct_posts()

    def _post(self, file: Path, plan: Sequence[tuple[float, float]]) -> list[Stretch]:
        stretches = [f"{rate:g}x{seconds:g}" for rate, seconds in plan]
        first = str(FIRST_ID + sum(stretch.posts for stretch in self.stretches))
        command = [sys.executable, str(HERE / "measuring" / "posting.py"), str(file)]
        queue = self._environment["SPARKSTREAM_QUEUE"]
        said = subprocess.run(
            [*command, queue, first, *stretches], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        return [Stretch(**json.loads(line)) for line in said.splitlines()]

    def _catch_up(self, store: LayeredStore) -> None:
        """Until all is counted, or for twice as long as the posts took."""
        pairs = sum(stretch.pairs for stretch in self.stretches)
        took = (self.stretches[-1].ended - self.stretches[0].began) / 1000
        deadline = time.monotonic() + max(60.0, 2 * took)
        while sum(topic.posts for topic in store.topics()) < pairs and time.monotonic() < deadline:
            time.sleep(0.5)

    def latency(self, stretch: Stretch) -> tuple[float, float]:
        times = self.counted.within(stretch)
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        figure(
            f"{stretch.rate:,.0f} posts/s, from queue to view",
            f"p50 {p50:.2f} s, p99 {p99:.2f} s, {times[-1]:.2f} s at most",
        )
        posts = self.counted.seen_within(stretch.began, stretch.ended)
        spent = self.watch.cpu_between(stretch.began, stretch.ended)
        seconds = (stretch.ended - stretch.began) / 1000
        figure("  CPU of the job", f"{1000 * spent / max(posts, 1):,.1f} ms a post, {spent / seconds:.2f} cores")
        return p50, p99

    def burst(self, stretch: Stretch) -> None:
        length, drained = (stretch.ended - stretch.began) / 1000, self.counted.drained(stretch)
        figure(
            f"a burst of {stretch.rate:,.0f} posts/s, {length:.0f} s long",
            f"counted {drained:.1f} s after its start ({drained / length:.2f} of its length)",
        )

    def memory(self) -> None:
        peaks = ", ".join(f"{name} {size / 2**20:,.0f}" for name, size in self.watch.peaks.items())
        figure("memory of each process, peak of its PSS, MB", peaks)

    def is_whole(self) -> bool:
        """Whether all is counted; who is too slow has not lost anything yet, and that is said."""
        posts = sum(stretch.posts for stretch in self.stretches)
        pairs = sum(stretch.pairs for stretch in self.stretches)
        whole = self.views == pairs and self.master == posts
        figure(
            "counted in the views, held in the master set",
            f"{self.views:,} of {pairs:,}, {self.master:,} of {posts:,}" + ("" if whole else ": NOT ALL"),
        )
        return whole or self.way == "stock"


@contextmanager
def reader(views: str) -> Iterator[None]:
    """Somebody who looks at a topic, once a second."""
    over = Event()

    def look() -> None:
        while not over.wait(1.0):
            for topic in (fetch(f"{views}/topics") or {"items": []})["items"][:1]:
                fetch(f"{views}/topics/{topic['slug']}/summary")
                fetch(f"{views}/topics/{topic['slug']}/top?facet=word")

    thread = Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
