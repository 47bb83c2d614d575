"""From a trained model to a SavedModel that takes raw posts."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from models.common.text import Features, TextFeatures

NOT_RATED = "not_rated"
FACTS = "assets.extra/training.json"
"""Beside the SavedModel: what the fit found, for the card. TensorFlow Serving reads past it."""
Answers = Mapping[str, np.ndarray]


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

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def judge(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """For the Evaluator, which has examples and wants one tensor: what `serve` answers, as `scores` lays it out."""
        text = tf.io.parse_example(examples, {"text": tf.io.FixedLenFeature([], tf.string)})["text"]
        answer = self.serve(text)
        spoken = tf.cast(tf.equal(answer["label"][:, None], tf.constant(self.labels)[None]), tf.float32)
        return {"scores": tf.concat([answer["probabilities"], spoken * answer["confidence"][:, None]], 1)}

    def answer(self, features: Features) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Index of the label, its confidence, all probabilities, and whether that is sure enough to be said."""
        raise NotImplementedError


def save(model: PostModel, facts: Mapping[str, Any], folder: Path) -> None:
    """The SavedModel with a signature to serve and one to be judged by."""
    signatures = {"serving_default": model.serve, "judge": model.judge}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # a random number; nothing needs it
    file = folder / FACTS
    file.parent.mkdir()
    file.write_text(json.dumps(facts, indent=2), encoding="utf-8")


def loaded(folder: Path) -> Callable[[Sequence[str] | Sequence[bytes]], Answers]:
    """What a user gets: a SavedModel's answers to raw texts, through its serving signature."""
    model = tf.saved_model.load(str(folder))

    def answers(texts: Sequence[str] | Sequence[bytes]) -> Answers:
        return serve_all(lambda text: model.signatures["serving_default"](text=text), texts)

    return answers


def serve_all(
    serve: Callable[[tf.Tensor], Mapping[str, tf.Tensor]], texts: Sequence[str] | Sequence[bytes], *, batch: int = 256
) -> Answers:
    answers = [serve(tf.constant(texts[at : at + batch])) for at in range(0, len(texts), batch)]
    return {name: np.concatenate([answer[name].numpy() for answer in answers]) for name in answers[0]}


def scores(answers: Answers, labels: Sequence[str]) -> np.ndarray:
    """[texts, 2 x labels]: each label's probability, then the confidence of the label that was said, 0 of the others.

    A row whose second half is all 0 was not rated.
    """
    said = answers["label"][:, None] == np.array([label.encode() for label in labels])[None]
    return np.concatenate([answers["probabilities"], said * answers["confidence"][:, None]], 1)
