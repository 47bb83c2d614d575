"""The entity data sets under one scheme: persons, organisations, places; user names are none of them."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import names
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from models.common import data

TYPES = {"PER": "PERSON", "ORG": "ORG", "LOC": "GPE"}
"""Of the sets' common labels, as the English pipeline that is trained further calls them."""
TRAIN = ("btc/train", "wnut17/train", "tweebank/train")
VALIDATION = ("btc/dev", "tweebank/dev")
_FULL, _FIRST = 0.4, 0.5
"""How often a person of one word gets two, and how often the one word is a first name."""
_SHORTEST = 15
"""Letters of a post from which a teacher may learn something."""
TEST = ("btc/test", "wnut17/test", "tweebank/test")


def rows(folder: Path, name: str) -> list[data.Row]:
    return list(data.read(folder, f"ner_{name}"))


def _is_user_name(text: str, name: data.Row) -> bool:
    """Some sets mark the name in `@ada` without its sign."""
    return bool(name["on_mention"]) or text[max(0, name["start"] - 1) : name["start"]] == "@"


def labelled(folder: Path) -> list[data.Row]:
    """What people labelled, without the texts of the tests."""
    held_out = (row for part in TEST for row in rows(folder, part))
    return data.without((row for part in TRAIN for row in rows(folder, part)), held_out)


def unlabelled(folder: Path, count: int, seed: int) -> list[str]:
    """Posts in English, each text once, none of validation or test."""
    held_out = (row for part in (*TEST, *VALIDATION, "wnut17/dev") for row in rows(folder, part))
    seen, found = {data.fingerprint(row["text"]) for row in held_out}, []
    posts = (row["data"] for row in data.read(folder, "stream_posts/posts_v2"))
    for post in (post for post in posts if post["lang"] in {"en", "und"}):
        mark = data.fingerprint(post["text"])
        if len(mark) >= _SHORTEST and mark not in seen:
            seen.add(mark)
            found.append(post["text"])
    random.Random(seed).shuffle(found)
    return found[:count]


def documents(found: Iterable[data.Row], nlp: Language) -> Iterator[Doc]:
    """Each text with its names; a name that does not end where a word does is cut back to the words inside it."""
    for row in found:
        document = nlp.make_doc(row["text"])
        spans = [
            document.char_span(name["start"], name["end"], label=TYPES[name["label3"]], alignment_mode="contract")
            for name in row["ents"]
            if name["label3"] and not _is_user_name(row["text"], name)
        ]
        document.ents = spacy.util.filter_spans([span for span in spans if span])
        yield document


def renamed(found: Iterable[Doc], nlp: Language, chance: random.Random) -> Iterator[Doc]:
    """The texts with other names for their persons, from the lists of a census: rare names are names too."""
    random.seed(chance.random())  # the package of names draws from the common source
    for document in found:
        text, at, places = "", 0, []
        for entity in document.ents:
            said = _other_name(entity, chance) if entity.label_ == TYPES["PER"] else entity.text
            text += document.text[at : entity.start_char]
            places.append((len(text), len(text) + len(said), entity.label_))
            text, at = text + said, entity.end_char
        whole = nlp.make_doc(text + document.text[at:])
        spans = [whole.char_span(start, end, label=label) for start, end, label in places]
        if all(spans):
            whole.ents = spans
            yield whole


def _other_name(entity: Span, chance: random.Random) -> str:
    if len(entity) > 1 or chance.random() < _FULL:
        return str(names.get_full_name())
    return str(names.get_first_name() if chance.random() < _FIRST else names.get_last_name())
