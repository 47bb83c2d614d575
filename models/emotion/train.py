"""Trains the emotion model: `python -m models.emotion.train`, from the root of the repository."""

from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.common import calibration, data, scores
from models.common.bag import Recipe, Weights, featurise, fit, logits, weights_of
from models.common.serving import PostModel, publish, serve_all
from models.emotion import sets
from models.emotion.features import FEATURES
from models.emotion.sets import EMOTIONS, texts, wanted

VERSION = "0.1.0"
LEAST_CONFIDENCE = 0.40
"""Below it the label is `not_rated`: neither an emotion nor its absence is likely."""
RECIPE = Recipe(buckets=FEATURES.buckets, outputs=len(EMOTIONS), epochs=5, learning_rate=0.01, dropout=0.2)
ROW_WEIGHTS = {"dair": 3.0, "semeval": 3.0, "goemotions": 1.0, "taught": 1.0}
LOVE_OR_JOY = 0.3
"""What a missing `love` counts beside a `joy`, and the reverse, where only one label was allowed (dair)."""
THREE = [EMOTIONS.index(emotion) for emotion in ("anger", "joy", "sadness")]
Parts = dict[str, list[data.Row]]


class EmotionModel(PostModel):
    """Six emotions, each there or not; the strongest is the label, unless it is likelier that there is none.

    Args:
        weights: What was trained.
        likelihoods: Slope and offset a label, from its logit to its probability.
        right: The same, from the highest logit to the probability that this emotion is there.
        none: The same, to the probability that there is no emotion.
    """

    labels = (*EMOTIONS, "none")

    def __init__(self, weights: Weights, likelihoods: np.ndarray, right: np.ndarray, none: np.ndarray) -> None:
        super().__init__(FEATURES, weights)
        self._likelihoods, self._right, self._none = (tf.constant(x, tf.float32) for x in (likelihoods, right, none))

    def answer(self, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        highest = tf.reduce_max(logits, 1)
        some = tf.sigmoid(self._right[0] * highest + self._right[1])
        none = tf.sigmoid(self._none[0] * highest + self._none[1])
        chosen = tf.where(none > some, tf.constant(len(EMOTIONS), tf.int64), tf.argmax(logits, 1))
        each = tf.sigmoid(logits * self._likelihoods[:, 0] + self._likelihoods[:, 1])
        confidence = tf.maximum(some, none)
        return chosen, confidence, tf.concat([each, none[:, None]], 1), confidence >= LEAST_CONFIDENCE


def multi_label_loss(target: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of each label; the target's second half says how much each of them counts."""
    labels, counts = target[:, : len(EMOTIONS)], target[:, len(EMOTIONS) :]
    return tf.reduce_mean(counts * tf.nn.sigmoid_cross_entropy_with_logits(labels, found), -1)


def counts(parts: Parts) -> np.ndarray:
    """How much each label of each row counts: by its set, and more where a rare label is there."""
    hard = np.concatenate([wanted(parts[name]) for name in ("dair", "semeval", "goemotions")])
    share = hard.mean(0)
    rarity = np.where(hard > 0, np.sqrt((1 - share) / share), 1.0)
    joy, love = EMOTIONS.index("joy"), EMOTIONS.index("love")
    single = slice(0, len(parts["dair"]))
    rarity[single, joy] *= np.where(hard[single, love] > 0, LOVE_OR_JOY, 1.0)
    rarity[single, love] *= np.where(hard[single, joy] > 0, LOVE_OR_JOY, 1.0)
    both = np.concatenate([rarity, np.ones((len(parts["taught"]), len(EMOTIONS)))])
    return both * np.concatenate([np.full(len(rows), ROW_WEIGHTS[name]) for name, rows in parts.items()])[:, None]


def train(parts: Parts, validation: Parts) -> keras.Model:
    rows = [row for part in parts.values() for row in part]
    inputs = {name: featurise(FEATURES, texts(part)) for name, part in validation.items()}

    def watch(model: keras.Model) -> float:
        found = {name: logits(model, ids) for name, ids in inputs.items()}
        return float(
            np.mean([benchmark(name, wanted(validation[name]), found[name]) for name in ("dair", "tweeteval")])
        )

    targets = np.concatenate([wanted(rows), counts(parts)], 1).astype(np.float32)
    return fit(RECIPE, featurise(FEATURES, texts(rows)), targets, loss=multi_label_loss, watch=watch)


def benchmark(name: str, gold: np.ndarray, found: np.ndarray) -> float:
    """Macro F1 among the labels of the set: dair6's six, or anger, joy and sadness of TweetEval."""
    among = list(range(len(EMOTIONS))) if name == "dair" else THREE
    return scores.macro_f1(gold[:, among].argmax(1), found[:, among].argmax(1), range(len(among)))


def calibrated(trained: keras.Model, validation: Parts) -> EmotionModel:
    """Probabilities for posts as they come: fitted on SemEval (tweets) and GoEmotions (a third without emotion)."""
    rows = validation["semeval"] + validation["goemotions"]
    found, gold = logits(trained, featurise(FEATURES, texts(rows))), wanted(rows)
    highest, best = found.max(1), found.argmax(1)
    likelihoods = np.array([calibration.platt(found[:, label], gold[:, label]) for label in range(len(EMOTIONS))])
    right = np.array(calibration.platt(highest, gold[np.arange(len(gold)), best]))
    none = np.array(calibration.platt(highest, 1.0 - gold.max(1)))
    return EmotionModel(weights_of(trained), likelihoods, right, none)


def evaluate(trained: keras.Model, model: EmotionModel, parts: Parts) -> dict[str, Any]:
    found = {name: logits(trained, featurise(FEATURES, texts(rows))) for name, rows in parts.items()}
    answers = {name: serve_all(model, texts(rows)) for name, rows in parts.items()}
    gold = {name: wanted(rows) for name, rows in parts.items()}
    dair, tweets = gold["dair"].argmax(1), gold["tweeteval"].argmax(1)
    none = answers["goemotions"]["label"] == b"none"
    metrics: dict[str, Any] = {
        "dair6_accuracy": float((found["dair"].argmax(1) == dair).mean()),
        "dair6_macro_f1": benchmark("dair", gold["dair"], found["dair"]),
        "tweeteval_macro_f1_of_three": benchmark("tweeteval", gold["tweeteval"], found["tweeteval"]),
        "tweeteval_macro_f1_of_six": scores.macro_f1(tweets, found["tweeteval"].argmax(1), THREE),
        "goemotions_none_f1": scores.f1(gold["goemotions"].max(1) == 0, none),
    }
    for name in ("semeval", "goemotions"):
        metrics[name] = spoken(answers[name], gold[name])
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in metrics.items()}


def spoken(answers: dict[str, np.ndarray], gold: np.ndarray) -> dict[str, float]:
    """How often a label is given, how often it is right then, and how far its confidence is from that."""
    names = [label.decode() for label in answers["label"]]
    rated = np.array([name != "not_rated" for name in names])
    there = np.concatenate([gold, 1.0 - gold.max(1, keepdims=True)], 1)
    places = [EmotionModel.labels.index(name) if name in EmotionModel.labels else 0 for name in names]
    hits, confidence = there[np.arange(len(gold)), places][rated], answers["confidence"][rated]
    return {
        "rated": round(float(rated.mean()), 4),
        "right_of_rated": round(float(hits.mean()), 4),
        "none_of_rated": round(float(np.mean([name == "none" for name in names])), 4),
        "expected_calibration_error": round(calibration.expected_calibration_error(confidence, hits), 4),
    }


def card(rows: dict[str, int], metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "labels": [*EmotionModel.labels, "not_rated"],
        "languages": ["en"],
        "outputs": {"probabilities": list(EmotionModel.labels)},
        "data": {
            "train": "dair-ai/emotion, SemEval-2018 E-c, GoEmotions (Ekman labels, love and caring as love), "
            "and posts with the probabilities of a fine-tuned MiniLM teacher",
            "test": "the test parts of those, and of TweetEval emotion without optimism",
            "rows": rows,
            "terms": "dair-ai/emotion and the tweets are for research; no text of validation or test is in train",
        },
        "recipe": asdict(RECIPE) | {"row_weights": ROW_WEIGHTS},
        "calibration": {"fitted_on": "validation of E-c and GoEmotions", "not_rated_below": LEAST_CONFIDENCE},
        "metrics": metrics,
        "command": "DATA_DIR=../shared/data python -m models.emotion.train",
    }


def main() -> None:
    readers = {"dair": sets.dair, "semeval": sets.semeval, "goemotions": sets.goemotions}
    held = {
        part: {name: read(part) for name, read in [*readers.items(), ("tweeteval", sets.tweeteval)]}
        for part in ("val", "test")
    }
    held_out = [row for parts in held.values() for rows in parts.values() for row in rows]
    parts = {name: data.without(read("train"), held_out) for name, read in readers.items()}
    parts["taught"] = data.without(sets.taught(), held_out)
    trained = train(parts, held["val"])
    model = calibrated(trained, held["val"])
    metrics = {"validation": evaluate(trained, model, held["val"]), "test": evaluate(trained, model, held["test"])}
    folder = publish(model, "emotion", card({name: len(rows) for name, rows in parts.items()}, metrics))
    print(folder, metrics, sep="\n")


if __name__ == "__main__":
    main()
