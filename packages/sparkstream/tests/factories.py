"""Made-up records, posts and stores; what a test does not name does not matter to it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from sparkstream.annotation import AnnotatedPost, annotate, from_record
from sparkstream.batch import BatchLayer
from sparkstream.cleaning import message_key
from sparkstream.layers import apply_batch
from sparkstream.rollups import fold_minutes
from sparkstream.schema import Post, parse
from sparkstream.stage import Line, PartitionResult, run_stage
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.testing import KnownAnnotator
from sparkstream.times import MINUTE, format_time, parse_time

NOON = parse_time("2026-11-22T12:00:00Z")
STATUS = JobStatus(run="run", batch=0, updated_at=NOON, rate=1.5, lag=1200, models={"sentiment": "known"})


def record(post_id: str = "x:1", at: int = NOON, **changes: Any) -> dict[str, Any]:
    """A post as it stands in the queue; `at` is its created_at."""
    author = changes.pop("author", "ada")
    return {
        "schema": 1,
        "event": "post",
        "id": post_id,
        "version": 0,
        "network": "x",
        "topics": ["tea"],
        "created_at": format_time(at),
        "received_at": format_time(at + 900),
        "author": {"id": f"x:{author}", "handle": author, "name": author.title()},
        "text": "A kettle sings",
        "lang": "en",
        "kind": "original",
        "refers_to": None,
        "hashtags": [],
        "mentions": [],
        "urls": [],
        "permalink": f"https://x.com/{author}/status/1",
    } | changes


def edit(post_id: str = "x:1", version: int = 1, at: int = NOON, **changes: Any) -> dict[str, Any]:
    """A later version of a post; `at` is the created_at of the first."""
    return record(post_id, at, **{"event": "edit", "version": version, "text": f"version {version}", **changes})


def delete(post_id: str = "x:1", at: int = NOON) -> dict[str, Any]:
    return {"schema": 1, "event": "delete", "id": post_id, "network": "x", "received_at": format_time(at)}


def topic_event(slug: str = "tea", **changes: Any) -> dict[str, Any]:
    event = {"schema": 1, "event": "topic", "id": slug, "query": "tea", "state": "started", "at": format_time(NOON)}
    return event | changes


def gap(start: int, end: int, **changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "event": "gap",
        "id": f"gap:{start}",
        "network": "x",
        "topics": ["tea"],
        "from": format_time(start),
        "to": format_time(end),
        "reason": "disconnected",
        "filled": False,
    } | changes


def encode(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def lines(values: Iterable[dict[str, Any] | bytes], place: str = "spool") -> list[Line]:
    encoded = [value if isinstance(value, bytes) else encode(value) for value in values]
    return [Line(f"{place}:{number}", value) for number, value in enumerate(encoded)]


def annotated(post_id: str = "x:1", at: int = NOON, **changes: Any) -> AnnotatedPost:
    """A post as the master set holds it; keywords as texts, entities as `TYPE:text`."""
    sentiment, emotion = changes.pop("sentiment", "neutral"), changes.pop("emotion", "none")
    keywords, entities = changes.pop("keywords", []), changes.pop("entities", [])
    found = {name: changes.pop(name, []) for name in ("words", "domains", "emoji")}
    whole = record(post_id, at, **changes)
    return from_record(
        whole
        | found
        | {
            "sentiment": {"label": sentiment, "confidence": 0.5},
            "emotion": {"label": emotion, "confidence": 0.5},
            "keywords": [{"text": text, "score": 0.1} for text in keywords],
            "entities": [dict(zip(("type", "text"), entity.split(":", 1), strict=True)) for entity in entities],
            "message_key": message_key(whole["text"]),
            "models": {"sentiment": "known"},
        },
        at,
        at + 900,
    )


def deltas(posts: Iterable[tuple[str, AnnotatedPost]]) -> list[Delta]:
    by_topic: dict[str, list[AnnotatedPost]] = {}
    for topic, post in posts:
        by_topic.setdefault(topic, []).append(post)
    return [
        Delta(topic, minute, rollup)
        for topic, some in by_topic.items()
        for minute, rollup in fold_minutes(some).items()
    ]


def keep(store: LayeredStore, posts: Iterable[tuple[str, AnnotatedPost]], batch: int = 0, run: str = "run") -> None:
    """What a job does with annotated posts that are new."""
    pairs, stamp = list(posts), Stamp(run, batch)
    store.master.begin(stamp)
    store.master.write(pairs, stamp)
    apply_batch(store, stamp, deltas(pairs), STATUS)


def feed(
    store: LayeredStore, values: Iterable[dict[str, Any] | bytes], batch: int = 0, run: str = "run"
) -> PartitionResult:
    """What a job does with one micro-batch of records."""
    stamp = Stamp(run, batch)
    store.master.begin(stamp)
    result = run_stage(lines(values, place=f"spool:{batch}"), stamp, store.master, KnownAnnotator(), now=NOON)
    apply_batch(store, stamp, result.deltas, STATUS)
    return result


def two_layers(
    path: Path,
    posts: Iterable[tuple[str, AnnotatedPost]],
    *,
    border: int,
    now: int,
    more: Sequence[dict[str, Any]] = (),
) -> SqliteStore:
    """A store with these posts, and `more` records: batch views up to `border`, and a job that was heard of `now`."""
    store = SqliteStore(str(path))
    keep(store, posts)
    if more:
        feed(store, more, 1)
    BatchLayer(store, lambda: now).run(end=border)
    store.speed.heartbeat(replace(STATUS, updated_at=now))
    return store


def some_day(seed: int = 7, *, posts: int = 400, hours: int = 26) -> list[dict[str, Any]]:
    """Posts of two topics, some in both, over a day and more, with everything that is counted in them."""
    random = Random(seed)
    words = ["kettle", "Ceylon", "steam", "leaf", "Assam", "biscuit", "spoon", "pot", "cup", "sugar", "Kyoto", "lemon"]
    values = []
    for number in range(posts):
        text = " ".join(random.choices(words, k=random.randint(1, 6))) + random.choice(
            ["", " 🎉", " ☕", " https://a.b/c"]
        )
        values.append(
            record(
                f"x:{number:04d}",
                NOON + random.randrange(hours * 60 * MINUTE),
                topics=random.choice([["tea"], ["tea"], ["coffee"], ["tea", "coffee"]]),
                author=random.choice(["ada", "bob", "cyd", "dee", "eve"]),
                text=text,
                lang=random.choice(["en", "en", "de", "und"]),
                kind=random.choice(["original", "repost", "quote", "reply"]),
                hashtags=random.sample(["Tea", "TeaTime", "München", "茶"], k=random.randint(0, 2)),
                mentions=random.sample(["Ada", "bob"], k=random.randint(0, 1)),
                urls=random.sample(["https://www.example.org/a", "https://example.net/b"], k=random.randint(0, 2)),
            )
        )
    return values


def annotated_posts(**day: int) -> list[tuple[str, AnnotatedPost]]:
    """(topic, post) pairs of `some_day`, as the master set holds them."""
    read = [parse(line.value, place=line.place, now=NOON) for line in lines(some_day(**day))]
    found = annotate([post for post in read if isinstance(post, Post)], KnownAnnotator())
    return [(topic, post) for post in found for topic in post.record["topics"]]
