"""The emotion data sets under one scheme: six emotions, each there or not; none of them is `none`."""

from collections.abc import Iterable, Iterator

import numpy as np

from models.common import data

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
_LOVE = {"love", "caring"}
_OTHER_JOY = {
    "admiration", "amusement", "approval", "desire", "excitement", "gratitude", "joy", "optimism", "pride", "relief",
}  # fmt: skip


def _row(text: str, labels: Iterable[str]) -> data.Row:
    return {"text": text, "wanted": [float(emotion in labels) for emotion in EMOTIONS]}


def dair(part: str) -> list[data.Row]:
    return [_row(row["text"], [row["label"]]) for row in data.read(f"emotion_dair6/{part}")]


def semeval(part: str) -> list[data.Row]:
    return [_row(row["text"], row["labels"]) for row in data.read(f"emotion_semeval2018_ec/{part}")]


def tweeteval(part: str) -> list[data.Row]:
    """Anger, joy and sadness; optimism has no place in the scheme."""
    rows = data.read(f"tweeteval_emotion/{part}")
    return [_row(row["text"], [row["label"]]) for row in rows if row["label"] != "optimism"]


def goemotions(part: str) -> list[data.Row]:
    """Ekman's labels, with love and caring (joy there) as love; disgust alone and neutral are none."""
    return list(_goemotions(part))


def _goemotions(part: str) -> Iterator[data.Row]:
    coarse, fine = data.read(f"emotion_goemotions/ekman_{part}"), data.read(f"emotion_goemotions/original_{part}")
    for ekman, original in zip(coarse, fine, strict=True):
        labels, details = set(ekman["labels"]), set(original["labels"])
        if details & _LOVE:
            labels.add("love")
            if not details & _OTHER_JOY:
                labels.discard("joy")
        yield _row(ekman["text"], labels)


def taught() -> list[data.Row]:
    """Unlabelled posts with a teacher's probability for each emotion."""
    rows = data.soft_labelled("emotion")
    return [{"text": row["text"], "wanted": [row[emotion] for emotion in EMOTIONS]} for row in rows]


def texts(rows: Iterable[data.Row]) -> list[str]:
    return [data.as_collected(row["text"]) for row in rows]


def wanted(rows: Iterable[data.Row]) -> np.ndarray:
    return np.array([row["wanted"] for row in rows], np.float32)
