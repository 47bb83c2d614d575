"""Claim: all batch views of a real file of posts are folded from the master set in less than a minute, and are right.

    nox -s bench -- rebuild [--file FILE] [--limit N] [--on cassandra] [--keep FOLDER] [--annotator none:]

Annotates the file once and keeps it in the master set, as the job would. Then folds it three times: in one process, a
post after the other into each of its sums, which is what the rules of counting say, without writing anything; by
`BatchLayer` in one process; and by the program `sparkstream batch`, with Spark. `sparkstream audit` holds what that one
wrote against the posts. A kept FOLDER is used again. Exit 1 when it takes longer than a minute on SQLite, or a number
is wrong.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from measuring.programs import figure, program, settings
from sparkstream import open_store
from sparkstream.annotation import annotate
from sparkstream.annotators import annotator_factory
from sparkstream.batch import BatchLayer
from sparkstream.layers import rebuild
from sparkstream.rollups import Rollup
from sparkstream.schema import Post, parse
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Stamp
from sparkstream.times import STORED_STEPS, floor
from twitterhandler.posts import encode
from twitterhandler.x_messages import parse_message

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from servers import Cassandra

DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))
LIMIT = 60.0
"""Seconds on SQLite."""
RUN, AT_ONCE = "rebuild", 256


def main() -> None:
    arguments = argparse.ArgumentParser("nox -s bench -- rebuild")
    arguments.add_argument("--file", type=Path, default=DATA / "stream_posts" / "posts_v2.jsonl.gz")
    arguments.add_argument("--limit", type=int, help="only the first N lines")
    arguments.add_argument("--on", choices=("sqlite", "cassandra"), default="sqlite", help="where they are kept")
    arguments.add_argument("--keep", type=Path, help="work in this folder and leave it")
    arguments.add_argument("--annotator", default="local:", help="local: or none:")
    asked = arguments.parse_args()
    if not asked.file.exists():
        sys.exit(f"{asked.file} is not there; set DATA_DIR to the folder with the data sets")
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {asked.on}")
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="rebuild-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        annotated = folder / "annotated.db"
        if not annotated.exists():
            keep_annotated(asked.file, asked.limit, asked.annotator, annotated)
        right = measure(asked.on, annotated, folder)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


# ── the master set ──────────────────────────────────────────────────────────────────────────────────────────────────


def keep_annotated(file: Path, limit: int | None, annotator: str, store: Path) -> None:
    """Under another name until it is whole."""
    began, half = time.monotonic(), store.with_suffix(".half")
    half.unlink(missing_ok=True)
    analyzer = annotator_factory(annotator)()
    with gzip.open(file) as lines, closing(open_store(f"sqlite:{half}")) as opened:
        posts = (post(line) for line in itertools.islice(lines, limit))
        for batch in itertools.count():
            if not (some := list(itertools.islice(posts, AT_ONCE))):
                break
            stamp = Stamp(RUN, batch)
            opened.master.begin(stamp)
            pairs = [(topic, one) for one in annotate(some, analyzer) for topic in one.record["topics"]]
            opened.master.write(pairs, stamp)
        opened.speed.restore({RUN: batch - 1})
    half.rename(store)
    figure("annotated and kept, once", f"{time.monotonic() - began:,.0f} s")


def post(line: bytes) -> Post:
    message = parse_message(line.strip(), datetime.now(UTC))
    found = parse(encode(message), place="", now=0)
    assert isinstance(found, Post)
    return found


@contextmanager
def copy(kind: str, annotated: Path, folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """The URLs of a store with the same posts and no views."""
    if kind == "sqlite":
        file = folder / f"{name}.db"
        for old in folder.glob(f"{name}.db*"):
            old.unlink()
        shutil.copy(annotated, file)
        yield f"sqlite:{file}", f"sqlite:{file}"
        return
    shutil.rmtree(folder / name, ignore_errors=True)
    with Cassandra(folder / name) as server:
        url, speed = server.url("rebuild"), f"sqlite:{folder / name / 'speed.db'}"
        with closing(open_store(f"sqlite:{annotated}")) as old, closing(open_store(url, speed)) as new:
            batches = itertools.count()
            for topic in old.topics():
                posts = (stored.post for stored in old.master.scan(topic.slug, 0, 1 << 44))
                while some := list(itertools.islice(posts, 1_000)):
                    stamp = Stamp(RUN, next(batches))
                    new.master.begin(stamp)
                    new.master.write([(topic.slug, one) for one in some], stamp)
            new.speed.restore({RUN: next(batches) - 1})
        yield url, speed


# ── the folds ───────────────────────────────────────────────────────────────────────────────────────────────────────


def measure(kind: str, annotated: Path, folder: Path) -> bool:
    with copy(kind, annotated, folder, "alone") as (url, speed), closing(open_store(url, speed)) as opened:
        posts = report("each post into each of its sums, nothing written", lambda: one_by_one(opened))
        report("BatchLayer in one process", lambda: sum(done.posts for done in BatchLayer(opened).run()))
    with copy(kind, annotated, folder, "program") as (url, speed):
        environment = settings(folder) | {"SPARKSTREAM_STORE": url, "SPARKSTREAM_SPEED": speed}
        began, log = time.monotonic(), folder / "batch.log"
        with program("sparkstream", "batch", environment=environment, log=log) as batch:
            failed = batch.wait()
        seconds = time.monotonic() - began
        limit = f", limit {LIMIT:.0f} s" if kind == "sqlite" else ""
        figure(
            "sparkstream batch, from its start to its end", f"{seconds:.1f} s, {posts / seconds:,.0f} posts/s{limit}"
        )
        with closing(open_store(url, speed)) as opened:
            fold_what_is_after_the_border(opened)
        audit = subprocess.run(["sparkstream", "audit"], env=environment, capture_output=True, text=True, check=False)
        said = (audit.stdout or audit.stderr).strip().splitlines()[-1]
        figure("sparkstream audit", said)
    return not failed and not audit.returncode and (kind != "sqlite" or seconds <= LIMIT)


def report(name: str, work: Callable[[], int]) -> int:
    began, cpu = time.monotonic(), time.process_time()
    posts = work()
    seconds, busy = time.monotonic() - began, time.process_time() - cpu
    figure(name, f"{seconds:.1f} s, {busy:.1f} s of CPU, {posts / seconds:,.0f} posts/s")
    return posts


def fold_what_is_after_the_border(store: LayeredStore) -> None:
    """The last hour of each topic is the speed layer's, which no job has filled here."""
    applied = store.speed.applied()
    rebuild(store, in_flight=Stamp("", 0))
    store.speed.restore(dict(applied))


def one_by_one(store: LayeredStore) -> int:
    posts = 0
    for topic in store.topics():
        sums: dict[tuple[int, int], Rollup] = {}
        for stored in store.master.scan(topic.slug, 0, 1 << 44):
            posts += 1
            for step in STORED_STEPS:
                sums.setdefault((step, floor(stored.post.event_time, step)), Rollup()).add(stored.post)
    return posts


if __name__ == "__main__":
    main()
