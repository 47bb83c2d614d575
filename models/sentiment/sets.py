"""The sets of the sentiment model: what is wanted of each post is how likely each of three labels is."""

from pathlib import Path

from models.common import data

LABELS = ("negative", "neutral", "positive")
SEMEVAL, TAUGHT = "semeval2017", "taught"
SOURCES = (
    *(f"sentiment_semeval2017/{part}" for part in ("train", "val", "test")),
    "teacher_labels/sentiment",
    "stream_posts/posts_v2",
)


def rows(folder: Path, split: str) -> data.Sets:
    """The sets of a split; no text of validation or test is in train."""
    if split == "validation":
        return {SEMEVAL: labelled(folder, "val")}
    if split == "test":
        return {SEMEVAL: labelled(folder, "test")}
    held_out = labelled(folder, "val") + labelled(folder, "test")
    return {
        SEMEVAL: data.without(labelled(folder, "train"), held_out),
        TAUGHT: data.without(taught(folder), held_out),
    }


def labelled(folder: Path, part: str) -> list[data.Row]:
    found = data.read(folder, f"sentiment_semeval2017/{part}")
    return [{"text": row["text"], "wanted": [float(row["label"] == label) for label in LABELS]} for row in found]


def taught(folder: Path) -> list[data.Row]:
    """Unlabelled posts with a teacher's probability for each label."""
    found = data.soft_labelled(folder, "sentiment")
    return [{"text": row["text"], "wanted": [row[label] for label in LABELS]} for row in found]
