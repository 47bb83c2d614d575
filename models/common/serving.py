"""From trained weights to a SavedModel that takes raw posts, and its card."""

import hashlib
import json
import platform
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from models.common.bag import Weights
from models.common.text import TextFeatures

NOT_RATED = "not_rated"
PACKAGE_DATA = Path(__file__).parents[2] / "packages/nlp-services/src/nlp_services/data"
LARGEST = 6_000_000
"""Bytes that one model may have."""


class PostModel(tf.Module):
    """Raw texts to logits; what becomes of the logits is a subclass's `answer`.

    The weights are kept in half precision. A text without words, or mostly in another script than Latin, is not rated.
    """

    labels: tuple[str, ...]

    def __init__(self, features: TextFeatures, weights: Weights) -> None:
        super().__init__()
        self._features = features
        self._table = tf.Variable(weights.table.astype(np.float16), trainable=False)
        self._bias = tf.constant(weights.bias, tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self._features(text)
        weights = tf.cast(tf.gather(self._table, found.ids), tf.float32)
        total = tf.math.unsorted_segment_sum(weights, found.rows, found.rows_count)
        count = tf.math.unsorted_segment_sum(tf.ones_like(found.ids, tf.float32), found.rows, found.rows_count)
        logits = total / tf.sqrt(tf.maximum(count, 1.0))[:, None] + self._bias
        ratable = tf.logical_and(count > 0, found.latin >= found.foreign)
        chosen, confidence, probabilities, sure = self.answer(logits)
        rated = tf.logical_and(ratable, sure)
        return {
            "label": tf.where(rated, tf.gather(tf.constant(self.labels), chosen), NOT_RATED),
            "confidence": tf.where(rated, confidence, 0.0),
            "probabilities": probabilities,
        }

    def answer(self, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Index of the label, its confidence, all probabilities, and whether that is sure enough to be said."""
        raise NotImplementedError


def serve_all(model: PostModel, texts: list[str], *, batch: int = 256) -> dict[str, np.ndarray]:
    """The model's answers through its serving signature, as a user gets them."""
    answers = [model.serve(tf.constant(texts[at : at + batch])) for at in range(0, len(texts), batch)]
    return {name: np.concatenate([answer[name].numpy() for answer in answers]) for name in answers[0]}


def publish(model: PostModel, name: str, card: dict[str, Any]) -> Path:
    """Writes the SavedModel and card.json where the wheel takes them from, in place of what was there."""
    folder = PACKAGE_DATA / name
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serve})
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # a random number; nothing needs it
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    if size > LARGEST:
        raise SystemExit(f"models: {name} has {size} bytes, more than {LARGEST}; take fewer buckets")
    made_with = {"python": platform.python_version(), "tensorflow": tf.__version__}
    digests = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    whole = {"name": name, **card, "bytes": size, "made_with": made_with, "sha256": digests}
    (folder / "card.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder
