"""The data sets, read from a folder outside of the repository; no test text is left in what is trained on."""

import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""Of a classifier's set: the `text`, and how much of each label is `wanted`."""
Sets = Mapping[str, list[Row]]


def path(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl.gz"


def read(folder: Path, name: str) -> Iterator[Row]:
    with gzip.open(path(folder, name), "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def digest(files: Iterable[Path]) -> str:
    """Of the files' bytes: two runs with the same digest have seen the same data, or were made by the same code."""
    found = hashlib.blake2b(digest_size=16)
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


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


def soft_labelled(folder: Path, name: str) -> list[Row]:
    """Unlabelled posts, each with the probabilities that a larger model (the teacher) gave it."""
    soft = {row["id"]: row for row in read(folder, f"teacher_labels/{name}")}
    posts = (row["data"] for row in read(folder, "stream_posts/posts_v2"))
    found = {post["id"]: soft[post["id"]] | {"text": post["text"]} for post in posts if post["id"] in soft}
    return list(found.values())
