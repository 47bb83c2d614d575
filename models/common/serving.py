"""From a trained model to a SavedModel that takes raw posts, and its card."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from models.common.cards import PACKAGE_DATA, write_card
from models.common.text import Features, TextFeatures

NOT_RATED = "not_rated"


class PostModel(tf.Module):
    """Raw texts to labels; what a subclass makes of the features is its `answer`.

    A text without words, or mostly in another script than Latin, is not rated.
    """

    labels: tuple[str, ...]

    def __init__(self, features: TextFeatures) -> None:
        super().__init__()
        self._features = features

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self._features(text)
        chosen, confidence, probabilities, sure = self.answer(found)
        rated = tf.logical_and(sure, tf.logical_and(found.words() > 0, found.latin >= found.foreign))
        return {
            "label": tf.where(rated, tf.gather(tf.constant(self.labels), chosen), NOT_RATED),
            "confidence": tf.where(rated, confidence, 0.0),
            "probabilities": probabilities,
        }

    def answer(self, features: Features) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
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
    write_card(folder, name, card, made_with={"tensorflow": tf.__version__})
    return folder
