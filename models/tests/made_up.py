"""Data sets of made-up posts, in the files and columns of the real ones: small, and easy enough to be learnt."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MOODS = {
    "negative": ("awful", "terrible", "sad", "a disaster", "boring"),
    "neutral": ("on at eight", "in the main hall", "about trains", "by the river", "in two parts"),
    "positive": ("great", "wonderful", "a delight", "brilliant", "the best ever"),
}
FEELINGS = {
    "sadness": "i feel so sad and lonely about",
    "joy": "so happy and glad about",
    "love": "in love, with all my heart, with",
    "anger": "furious, this makes me so angry:",
    "fear": "terrified, i am so afraid of",
    "surprise": "what a surprise, amazed by",
}
THINGS = ("concert", "match", "film", "parade", "lecture", "market", "play", "regatta")
PERSONS = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Kurt", "Emmy Noether", "Ada")
PLACES = ("London", "Paris", "Oslo", "New York")


def write(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    file = folder / f"{name}.jsonl.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def numbered(chance: random.Random) -> str:
    """No two posts are alike, or one would be left out as another's copy."""
    return f"{chance.choice(THINGS)} {''.join(chance.choices('bcdfglmnprst', k=6))}"


def sentiment_sets(folder: Path, *, rows: int = 240) -> Path:
    chance = random.Random(0)

    def posts() -> Iterator[dict[str, Any]]:
        for at in range(rows):
            label = tuple(MOODS)[at % 3]
            yield {"text": f"The {numbered(chance)} is {chance.choice(MOODS[label])} &amp; on", "label": label}

    for part in ("train", "val", "test"):
        write(folder, f"sentiment_semeval2017/{part}", posts())
    taught = [row | {"id": str(at)} for at, row in enumerate(posts())]
    write(folder, "stream_posts/posts_v2", ({"data": {**row, "lang": "en"}} for row in taught))
    soft = [{"id": row["id"], **{mood: 0.8 if mood == row["label"] else 0.1 for mood in MOODS}} for row in taught]
    write(folder, "teacher_labels/sentiment", soft)
    return folder


def emotion_sets(folder: Path, *, rows: int = 240) -> Path:
    chance = random.Random(0)

    def posts(*, bare: bool = False) -> Iterator[tuple[str, str]]:
        for at in range(rows):
            feeling = tuple(FEELINGS)[at % 6]
            yield (f"{FEELINGS[feeling]} the {numbered(chance)}", feeling)
            if bare:
                yield (f"The {numbered(chance)} is {chance.choice(MOODS['neutral'])}", "neutral")

    for part in ("train", "val", "test"):
        write(folder, f"emotion_dair6/{part}", ({"text": f"i feel {text}", "label": one} for text, one in posts()))
        write(folder, f"emotion_semeval2018_ec/{part}", ({"text": f"{t} #on", "labels": [one]} for t, one in posts()))
        three = [(text, one) for text, one in posts() if one in {"anger", "joy", "sadness"}]
        write(folder, f"tweeteval_emotion/{part}", ({"text": f"@user {t}", "label": one} for t, one in three))
        comments = list(posts(bare=True))
        for kind in ("ekman", "original"):  # love is no label of Ekman's
            said = {"love": "joy"} if kind == "ekman" else {}
            labelled = ({"text": f"well, {t}", "labels": [said.get(one, one)]} for t, one in comments)
            write(folder, f"emotion_goemotions/{kind}_{part}", labelled)
    taught = [{"id": str(at), "text": text, "is": one} for at, (text, one) in enumerate(posts(bare=True))]
    write(folder, "stream_posts/posts_v2", ({"data": {**row, "lang": "en"}} for row in taught))
    soft = [{"id": row["id"], **{of: 0.85 if of == row["is"] else 0.03 for of in FEELINGS}} for row in taught]
    write(folder, "teacher_labels/emotion", soft)
    return folder


def entity_sets(folder: Path, *, rows: int = 60) -> Path:
    chance = random.Random(0)

    def posts() -> Iterator[dict[str, Any]]:
        for _ in range(rows):
            person, place = chance.choice(PERSONS), chance.choice(PLACES)
            text = f"{person} is in {place} for the {numbered(chance)}"
            at = text.index(f" in {place}") + 4
            names = ((0, len(person), "PER"), (at, at + len(place), "LOC"))
            ents = [{"start": start, "end": end, "label3": kind, "on_mention": False} for start, end, kind in names]
            yield {"text": text, "ents": ents}

    for name in ("btc/train", "btc/dev", "btc/test", "wnut17/train", "wnut17/dev", "wnut17/test"):
        write(folder, f"ner_{name}", posts())
    for name in ("tweebank/train", "tweebank/dev", "tweebank/test"):
        write(folder, f"ner_{name}", posts())
    write(folder, "stream_posts/posts_v2", ({"data": {"text": row["text"], "lang": "en"}} for row in posts()))
    return folder
