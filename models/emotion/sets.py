"""The emotion data sets under one scheme: six emotions, each there or not; none of them is `none`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from models.common import data

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
_LOVE = {"love", "caring"}
_OTHER_JOY = {
    "admiration", "amusement", "approval", "desire", "excitement", "gratitude", "joy", "optimism", "pride", "relief",
}  # fmt: skip


def _row(text: str, labels: Iterable[str]) -> data.Row:
    return {"text": text, "wanted": [float(emotion in labels) for emotion in EMOTIONS]}


def dair(folder: Path, part: str) -> list[data.Row]:
    return [_row(row["text"], [row["label"]]) for row in data.read(folder, f"emotion_dair6/{part}")]


def semeval(folder: Path, part: str) -> list[data.Row]:
    return [_row(row["text"], row["labels"]) for row in data.read(folder, f"emotion_semeval2018_ec/{part}")]


def tweeteval(folder: Path, part: str) -> list[data.Row]:
    """Anger, joy and sadness; optimism has no place in the scheme."""
    rows = data.read(folder, f"tweeteval_emotion/{part}")
    return [_row(row["text"], [row["label"]]) for row in rows if row["label"] != "optimism"]


def goemotions(folder: Path, part: str) -> list[data.Row]:
    """Ekman's labels, with love and caring (joy there) as love; disgust alone and neutral are none."""
    return list(_goemotions(folder, part))


def _goemotions(folder: Path, part: str) -> Iterator[data.Row]:
    coarse, fine = (data.read(folder, f"emotion_goemotions/{kind}_{part}") for kind in ("ekman", "original"))
    for ekman, original in zip(coarse, fine, strict=True):
        labels, details = set(ekman["labels"]), set(original["labels"])
        if details & _LOVE:
            labels.add("love")
            if not details & _OTHER_JOY:
                labels.discard("joy")
        yield _row(ekman["text"], labels)


def taught(folder: Path) -> list[data.Row]:
    """Unlabelled posts with a teacher's probability for each emotion."""
    rows = data.soft_labelled(folder, "emotion")
    return [{"text": row["text"], "wanted": [row[emotion] for emotion in EMOTIONS]} for row in rows]


READERS: Mapping[str, Callable[[Path, str], list[data.Row]]] = {
    "dair": dair,
    "semeval": semeval,
    "goemotions": goemotions,
}
"""The sets that teach; TweetEval, whose labels are others, only judges."""
SOURCES = (
    *(f"emotion_{name}/{part}" for name in ("dair6", "semeval2018_ec") for part in ("train", "val", "test")),
    *(f"emotion_goemotions/{kind}_{part}" for kind in ("ekman", "original") for part in ("train", "val", "test")),
    *(f"tweeteval_emotion/{part}" for part in ("val", "test")),
    "teacher_labels/emotion",
    "stream_posts/posts_v2",
)


def rows(folder: Path, split: str) -> data.Sets:
    """The sets of a split; no text of validation or test is in train."""
    if split != "train":
        part = {"validation": "val", "test": "test"}[split]
        return {name: reader(folder, part) for name, reader in {**READERS, "tweeteval": tweeteval}.items()}
    held = (rows(folder, split) for split in ("validation", "test"))
    held_out = [row for sets in held for found in sets.values() for row in found]
    found = {name: reader(folder, "train") for name, reader in READERS.items()} | {"taught": taught(folder)}
    return {name: data.without(of, held_out) for name, of in found.items()}
