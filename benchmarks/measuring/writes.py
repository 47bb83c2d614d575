"""How the stores take what a micro-batch gives them, beside the naive way: real servers, the same real posts.

- Redis: the sums of a micro-batch in one script, beside one call for each event: a post that counts for a label or a
  term of its minute, its hour and its day. Both begin with the posts; our way keeps sketches and stamps as well.
- Cassandra: the posts of a micro-batch as the master set writes them, beside one prepared statement after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import redis
from cassandra.cluster import Cluster
from measuring.posting import renumbered
from measuring.programs import figure
from nlp_services import Analyzer
from sparkstream.annotation import AnnotatedPost, annotate
from sparkstream.rollups import DIMENSIONS, RATED, fold_minutes
from sparkstream.schema import Post, parse
from sparkstream.stage import ANNOTATED_AT_ONCE
from sparkstream.stores import open_master, open_speed
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.times import STORED_STEPS, floor
from twitterhandler.posts import encode

BATCH = 1_000
BATCHES = 10
RATE = 250
NAIVE_POSTS = 50
"""Of each batch: a call an event takes a hundred times as long."""
TOPIC = "measured"
BUCKET = 300_000
TABLE = """
create table if not exists plain (
  topic text, bucket bigint, event_time bigint, id text, received_at bigint, sentiment text, record text,
  primary key ((topic, bucket), event_time, id)
) with clustering order by (event_time desc, id asc)
"""
BY_ID = "create table if not exists plain_by_id (id text, topic text, event_time bigint, primary key (id, topic))"
INSERT = (
    "insert into plain (topic, bucket, event_time, id, received_at, sentiment, record) values (?, ?, ?, ?, ?, ?, ?)"
)
INSERT_ID = "insert into plain_by_id (id, topic, event_time) values (?, ?, ?)"


def redis_writes(url: str, file: Path) -> None:
    posts, ours, naive = annotated(file), Taken(), Taken()
    with closing(open_speed(url)) as speed, closing(redis.Redis.from_url(url)) as client:
        for batch, some in enumerate(batches(posts)):
            with ours.running(sum(1 for post in some for _ in events(post))):
                deltas = [Delta(TOPIC, minute, rollup) for minute, rollup in fold_minutes(some).items()]
                speed.apply(Stamp("measured", batch), deltas, JobStatus("measured", batch, _now(), 0.0, None, {}))
            few = some[:NAIVE_POSTS]
            with naive.running(sum(1 for post in few for _ in events(post))):
                for post in few:
                    for key, member in events(post):
                        client.zincrby(key, 1, member)
    compare("Redis, a script for 1,000 posts", ours, "  a call an event", naive, "events")


def cassandra_writes(url: str, file: Path) -> None:
    posts, ours, naive = annotated(file), Taken(), Taken()
    master, views = open_master(url)
    address = urlsplit(url)
    with closing(master), closing(views), Cluster([address.hostname], port=address.port) as cluster:
        session = cluster.connect(address.path.strip("/"))
        session.execute(TABLE)
        session.execute(BY_ID)
        statements = session.prepare(INSERT), session.prepare(INSERT_ID)
        for batch, some in enumerate(batches(posts)):
            master.held([post.id for post in some])  # the stage's look-up; the naive way has none
            pairs, few = [(TOPIC, post) for post in some], some[:NAIVE_POSTS]
            with ours.running(len(some)) if batch else nullcontext():  # the server has just started
                for start in range(0, BATCH, ANNOTATED_AT_ONCE):
                    master.write(pairs[start : start + ANNOTATED_AT_ONCE], Stamp("measured", batch))
            with naive.running(len(few)) if batch else nullcontext():
                one_after_the_other(session, statements, few)
    compare("Cassandra, as the master set writes", ours, "  a statement after the other", naive, "posts")


def one_after_the_other(session: Any, statements: tuple[Any, Any], posts: Sequence[AnnotatedPost]) -> None:
    insert, insert_id = statements
    for post in posts:
        place = (TOPIC, floor(post.event_time, BUCKET), post.event_time, post.id)
        record = orjson.dumps(post.record).decode()
        session.execute(insert, (*place, post.received_at, post.sentiment, record))
        session.execute(insert_id, (post.id, TOPIC, post.event_time))


def batches(posts: Sequence[AnnotatedPost]) -> Iterator[Sequence[AnnotatedPost]]:
    """The naive way has some of each after our way had all of it: what else the machine does slows both."""
    return (posts[start : start + BATCH] for start in range(0, BATCH * BATCHES, BATCH))


class Taken:
    """What the writing of so many took on the side of who writes."""

    def __init__(self) -> None:
        self.number = 0
        self.wall = self.cpu = 0.0

    @contextmanager
    def running(self, number: int) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall, self.cpu = self.wall + time.perf_counter() - wall, self.cpu + time.process_time() - cpu
        self.number += number


def compare(name: str, ours: Taken, naive_name: str, naive: Taken, what: str) -> None:
    for title, taken in ((name, ours), (naive_name, naive)):
        wall, cpu = taken.number / taken.wall, taken.number / taken.cpu
        figure(title, f"{wall:,.0f} {what}/s, {cpu:,.0f} {what} a second of the writer's CPU")
    wall = ours.number / ours.wall * naive.wall / naive.number
    cpu = ours.number / ours.cpu * naive.cpu / naive.number
    figure("  times as many", f"{wall:,.1f} a second, {cpu:,.1f} a second of CPU")


def events(post: AnnotatedPost) -> Iterator[tuple[str, str]]:
    """What a post counts for: (sorted set, member)."""
    column = post.sentiment if post.sentiment in RATED else None
    labels = zip(DIMENSIONS, (post.sentiment, post.emotion, post.kind, post.lang), strict=True)
    counted = [("posts", "all"), *labels]
    for facet, terms in post.terms.items():
        for term in terms:
            counted.append((facet, term))
            if column:
                counted.append((f"{facet}:{column}", term))
    for step in STORED_STEPS:
        place = f"naive:{step}:{floor(post.event_time, step)}"
        yield from ((f"{place}:{name}", member) for name, member in counted)


def annotated(file: Path) -> list[AnnotatedPost]:
    """Posts as they are heard at RATE, so that most of a micro-batch falls into one minute."""
    start, posts = datetime.now(UTC), islice(renumbered(file, 1), BATCH * BATCHES)
    times = (start + timedelta(seconds=number / RATE) for number in count())
    lines = (encode(replace(post, created_at=at, received_at=at)) for post, at in zip(posts, times, strict=False))
    records = [parse(line, place=str(number), now=_now()) for number, line in enumerate(lines)]
    posts = [record for record in records if isinstance(record, Post)]
    analyzer = Analyzer()
    return [one for start in range(0, len(posts), BATCH) for one in annotate(posts[start : start + BATCH], analyzer)]


def _now() -> int:
    return time.time_ns() // 1_000_000
