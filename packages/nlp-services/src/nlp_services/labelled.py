"""Labelled posts to measure against: files of lines that hold a text and what is right about it."""

import gzip
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nlp_services.annotations import CLASSES
from nlp_services.entities import plain_name
from nlp_services.errors import InputError

Kind = Literal["sentiment", "emotion", "entities", "keywords"]
_TYPES = {
    "PER": "PERSON", "person": "PERSON", "PERSON": "PERSON",
    "LOC": "PLACE", "location": "PLACE", "GPE": "PLACE", "PLACE": "PLACE",
    "ORG": "ORG", "corporation": "ORG", "group": "ORG",
}  # fmt: skip
"""Those that all public sets agree on; another one says nothing about us."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text with what is right about it.

    Attributes:
        labels: The labels that are there; several for emotions, none when nothing is.
        single: Whether the set allows one label only, so that a choice among its labels is what it asks for.
        names: Names with their types, each once, but for user names.
    """

    text: str
    language: str
    labels: frozenset[str] = frozenset()
    single: bool = False
    names: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """Posts of one time, and the topic that they share."""

    topic: str
    texts: tuple[str, ...]


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, `.gz` or not.

    Raises:
        InputError: It cannot be read, or a line is no object.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise InputError(f"{file}, line {number}: no JSON object; give one a line")
                yield found
    except OSError as exc:
        raise InputError(f"cannot read {file} ({exc.strerror or exc}); give a JSONL file with labels") from exc
    except (json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise InputError(f"{file} is no JSONL in UTF-8; give one JSON object a line") from exc


def kind_of(row: dict[str, Any]) -> Kind:
    """What a line is labelled for.

    Raises:
        InputError: For nothing that is known here.
    """
    if "topic" in row and isinstance(row.get("texts"), list):
        return "keywords"
    if "ents" in row or "entities" in row:
        return "entities"
    if "labels" in row or row.get("label") in CLASSES["emotion"]:
        return "emotion"
    if "label" in row:
        return "sentiment"
    raise InputError("a line has no `label`, `labels`, `ents` or `topic`: give each what is right about its text")


def labelled(row: dict[str, Any]) -> Labelled:
    """A line with a `text`, and `label`, `labels` or `ents`; `lang` where it is not English."""
    try:
        text, language = html.unescape(html.unescape(row["text"])), str(row.get("lang") or "en")
        if "ents" in row or "entities" in row:
            return Labelled(row["text"], language, names=frozenset(_names(row)))
        single = "label" in row
        labels = [row["label"]] if single else row["labels"]
        return Labelled(text, language, labels=frozenset(map(str, labels)), single=single)
    except (KeyError, TypeError) as exc:
        raise InputError(f"a labelled line lacks or misuses {exc}; see `nlp-services evaluate --help`") from exc


def window(row: dict[str, Any]) -> Window:
    return Window(str(row["topic"]), tuple(map(str, row["texts"])))


def _follows_at(text: str, start: int) -> bool:
    """Some sets mark the name in `@ada` without its sign; it is a user name all the same."""
    return start > 0 and text[start - 1] == "@"


def _names(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in row["ents"] if "ents" in row else row["entities"]:
        type_ = _TYPES.get(name["label3"] if "label3" in name else name.get("label", name.get("type")))
        if type_ and not name.get("on_mention") and not _follows_at(row["text"], name.get("start", 0)):
            yield plain_name(name["text"]) or name["text"], type_
