"""The data sets, read from a folder outside of the repository; no test text is left in what is trained on."""

import gzip
import html
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def data_dir() -> Path:
    folder = Path(os.environ.get("DATA_DIR", "../shared/data"))
    if not folder.is_dir():
        raise SystemExit(f"models: no data in {folder}; set DATA_DIR to the folder with the data sets")
    return folder


def read(name: str) -> Iterator[Row]:
    with gzip.open(data_dir() / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def as_collected(text: str) -> str:
    """The text as a collector hands it on: without HTML entities (some sets hold them doubled)."""
    return html.unescape(html.unescape(text))


def fingerprint(text: str) -> str:
    """Equal for texts that differ by case, addresses, user names or punctuation only."""
    text = re.sub(r"https?://\S+|www\.\S+|@\w+", " ", as_collected(text).lower())
    return re.sub(r"[\W_]+", " ", text).strip()


def without(rows: Iterable[Row], held_out: Iterable[Row]) -> list[Row]:
    """The rows whose text is not among those held out."""
    taken = {fingerprint(row["text"]) for row in held_out}
    return [row for row in rows if fingerprint(row["text"]) not in taken]


def soft_labelled(name: str) -> list[Row]:
    """Unlabelled posts, each with the probabilities that a larger model (the teacher) gave it."""
    soft = {row["id"]: row for row in read(f"teacher_labels/{name}")}
    posts = (row["data"] for row in read("stream_posts/posts_v2"))
    found = {post["id"]: soft[post["id"]] | {"text": post["text"]} for post in posts if post["id"] in soft}
    return list(found.values())
