"""Claim: a real file of posts, replayed at full speed through the whole pipeline, is counted exactly, twice.

    nox -s bench -- replay [--file FILE] [--limit N] [--keep FOLDER] [--skip-stages]

Starts the collector, the job and the view API as programs on an empty folder, replays the file, and compares `posts`
of every topic in `GET /v1/topics` with the lines that carry its tag; then replays it again. Prints the rate end to end,
the rate of each stage alone, and the memory of each program. Exit 1 when a number is wrong.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from contextlib import ExitStack
from pathlib import Path

from measuring.programs import fetch, figure, memory, program, replayer, report, settings, until
from nlp_services import Analyzer
from sparkstream import open_store

DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))
PATIENCE = 3_600.0
"""Seconds for one replay."""


def main() -> None:
    arguments = argparse.ArgumentParser("nox -s bench -- replay")
    arguments.add_argument("--file", type=Path, default=DATA / "stream_posts" / "posts_v2.jsonl.gz")
    arguments.add_argument("--limit", type=int, help="only the first N lines")
    arguments.add_argument("--keep", type=Path, help="work in this folder and leave it")
    arguments.add_argument("--skip-stages", action="store_true", help="only end to end")
    asked = arguments.parse_args()
    if not asked.file.exists():
        sys.exit(f"{asked.file} is not there; set DATA_DIR to the folder with the data sets")
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="replay-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        file = head(asked.file, asked.limit, folder) if asked.limit else asked.file
        expected, ids = carried_tags(file)
        right = end_to_end(file, folder / "whole", expected, ids)
        if not asked.skip_stages:
            stages(file, folder / "stages", ids)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


# ── what is true of the file ────────────────────────────────────────────────────────────────────────────────────────


def head(file: Path, lines: int, folder: Path) -> Path:
    short = folder / "head.jsonl"
    with gzip.open(file, "rt", encoding="utf-8") as whole, short.open("w", encoding="utf-8") as part:
        part.writelines(itertools.islice(whole, lines))
    return short


def carried_tags(file: Path) -> tuple[dict[str, int], int]:
    """Lines by slug of the tags they carry, and the number of distinct posts."""
    opener = gzip.open if file.suffix == ".gz" else open
    tags: collections.Counter[str] = collections.Counter()
    ids = set()
    with opener(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            ids.add(message["data"]["id"])
            tags.update({slug(rule["tag"]) for rule in message["matching_rules"]})
    return dict(tags), len(ids)


def slug(tag: str) -> str:
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", tag).casefold()).strip("-")


# ── end to end ──────────────────────────────────────────────────────────────────────────────────────────────────────


def end_to_end(file: Path, folder: Path, expected: dict[str, int], posts: int) -> bool:
    environment = settings(folder)
    views = f"http://127.0.0.1:{environment['SPARKSTREAM_PORT']}/v1"
    with ExitStack() as programs:
        job = programs.enter_context(program("sparkstream", "run", environment=environment, log=folder / "job.log"))
        api = programs.enter_context(program("sparkstream", "serve", environment=environment, log=folder / "api.log"))
        until(lambda: fetch(f"{views}/topics") is not None, "the view API")
        until(lambda: "the job runs" in (folder / "job.log").read_text(), "the job")
        begun = time.monotonic()
        replay = programs.enter_context(replayer(file, environment, folder))
        seconds, peaks = wait_for_counts(
            views,
            sum(expected.values()),
            begun,
            {"twitterhandler": replay, "sparkstream run": job, "sparkstream serve": api},
        )
        report("first replay", seconds, posts)
        figure(
            "memory, peak of the sum over its processes (PSS)",
            ", ".join(f"{name} {peak / 2**20:,.0f} MB" for name, peak in peaks.items()),
        )
        right = check("first replay", views, expected, folder, posts)
        with replayer(file, environment, folder) as again:
            again.wait(PATIENCE)
        drained(folder)
        return check("second replay", views, expected, folder, posts) and right


def wait_for_counts(
    views: str, total: int, begun: float, programs: dict[str, subprocess.Popen[bytes]]
) -> tuple[float, dict[str, int]]:
    """Seconds until as many posts are in the views, and the highest memory seen of each program."""
    peaks = dict.fromkeys(programs, 0)
    shown = 0.0
    while True:
        counted = sum(topic["posts"] for topic in (fetch(f"{views}/topics") or {"items": []})["items"])
        seconds = time.monotonic() - begun
        for name, process in programs.items():
            peaks[name] = max(peaks[name], memory(process.pid))
        if counted >= total:
            return seconds, peaks
        if programs["sparkstream run"].poll() is not None or programs["twitterhandler"].poll() or seconds > PATIENCE:
            sys.exit(f"{counted:,} of {total:,} posts after {seconds:.0f} s; the logs say why (--keep leaves them)")
        if seconds - shown > 20:
            shown = seconds
            print(f"  {counted:,} of {total:,} posts, {counted / seconds:.0f}/s", flush=True)
        time.sleep(1)


def drained(folder: Path) -> None:
    """Wait until the job has committed all that the spool holds."""

    def done() -> bool:
        segments = sorted((folder / "spool").glob("*.jsonl"))
        end = int(segments[-1].stem) + segments[-1].stat().st_size
        offsets = sorted((folder / "checkpoint" / "spark" / "commits").glob("[0-9]*"), key=lambda path: int(path.name))
        if not offsets:
            return False
        log = (folder / "checkpoint" / "spark" / "offsets" / offsets[-1].name).read_text().splitlines()
        return bool(json.loads(log[-1])["position"] >= end)

    until(done, "the spool to be read", PATIENCE)


def check(name: str, views: str, expected: dict[str, int], folder: Path, posts: int) -> bool:
    counted = {topic["slug"]: topic["posts"] for topic in fetch(f"{views}/topics")["items"]}
    wrong = {slug: (counted.get(slug), count) for slug, count in expected.items() if counted.get(slug) != count}
    wrong |= {slug: (count, 0) for slug, count in counted.items() if slug not in expected}
    master = distinct_posts(folder)
    dead = fetch(f"{views}/status")["job"]["dead_letters"]
    exact = f"{len(expected) - len(wrong)} of {len(expected)} tags exact"
    print(f"{name}: {exact}, {master:,} of {posts:,} distinct posts in the master set, {dead} dead letters")
    for slug_, (got, want) in wrong.items():
        print(f"  WRONG {slug_}: {got} in the views, {want} lines carry it")
    return not wrong and master == posts and dead == 0


def distinct_posts(folder: Path) -> int:
    store = open_store(f"sqlite:{folder / 'views.db'}")
    try:
        return store.master.distinct_posts()
    finally:
        store.close()


# ── each stage alone ────────────────────────────────────────────────────────────────────────────────────────────────


def stages(file: Path, folder: Path, posts: int) -> None:
    environment = settings(folder)
    begun = time.monotonic()
    with replayer(file, environment, folder) as replay:
        replay.wait(PATIENCE)
    report("replay to spool alone", time.monotonic() - begun, posts)
    log = folder / "job.log"
    with program("sparkstream", "run", "--annotator", "none:", environment=environment, log=log):
        until(lambda: "the job runs" in log.read_text(), "the job")
        begun = time.monotonic()
        drained(folder)
        report("spool to views alone, without annotation", time.monotonic() - begun, posts)
    views = [float(found) for found in re.findall(r"views ([\d.]+) s", log.read_text())]
    figure("of it the views, driver", f"{posts / sum(views):,.0f} posts/s, longest {max(views) * 1000:.0f} ms a batch")
    annotation_alone(folder)


def annotation_alone(folder: Path, sample: int = 4_000) -> None:
    store = open_store(f"sqlite:{folder / 'views.db'}")
    topics = sorted(store.topics(), key=lambda topic: topic.posts)
    scans = (itertools.islice(store.master.scan(topic.slug, 0, 1 << 62), 400) for topic in topics)
    found = [stored.post for stored in itertools.chain.from_iterable(scans)][:sample]
    store.close()
    texts, languages = [str(post.record["text"]) for post in found], [post.lang for post in found]
    kinds = ("entities", "keywords", "sentiment", "emotion")
    for name, chosen in [("all four", kinds), *((kind, (kind,)) for kind in kinds)]:
        analyzer = Analyzer(**{kind: "local:" if kind in chosen else None for kind in kinds})
        analyzer.warm_up()
        begun = time.process_time()
        for start in range(0, len(texts), 256):
            analyzer.analyze(texts[start : start + 256], languages[start : start + 256])
        rate = len(texts) / (time.process_time() - begun)
        figure(f"annotation alone, {name}, one process", f"{rate:,.0f} posts/CPU-s")


if __name__ == "__main__":
    main()
