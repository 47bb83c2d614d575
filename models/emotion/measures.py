"""How good an emotion model is, and what it must reach to be used.

Of a model's answers, columns 0 to 5 are the probabilities of the six, 6 is that of none; from 7 on is what is said.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.common import calibration, data, scores
from models.common.judging import Bound
from models.common.serving import Answers
from models.common.serving import scores as laid_out
from models.emotion.model import NONE_FROM, EmotionModel
from models.emotion.sets import EMOTIONS

SIX = len(EMOTIONS)
WIDTH = len(EmotionModel.labels)
THREE = [EMOTIONS.index(emotion) for emotion in ("anger", "joy", "sadness")]


def accuracy_of_six(wanted: np.ndarray, found: np.ndarray) -> float:
    return float((found[:, :SIX].argmax(1) == wanted.argmax(1)).mean())


def macro_f1_of_six(wanted: np.ndarray, found: np.ndarray) -> float:
    """Over the emotions that were wanted: TweetEval has three of them."""
    there = np.flatnonzero(wanted.max(0)).tolist()
    return scores.macro_f1(wanted.argmax(1), found[:, :SIX].argmax(1), there)


def macro_f1_of_three(wanted: np.ndarray, found: np.ndarray) -> float:
    return scores.macro_f1(wanted[:, THREE].argmax(1), found[:, THREE].argmax(1), range(len(THREE)))


def none_f1(wanted: np.ndarray, found: np.ndarray) -> float:
    return scores.f1(wanted.max(1) == 0, found[:, SIX] >= NONE_FROM)


def calibration_error(wanted: np.ndarray, found: np.ndarray) -> float:
    """Of what was rated: how far the confidence is from how often what is said is there."""
    hits, confidence = _said(wanted, found)
    return calibration.expected_calibration_error(confidence, hits)


def _said(wanted: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the rated rows: 1 where the label is right, and its confidence."""
    there, said = np.concatenate([wanted, 1.0 - wanted.max(1, keepdims=True)], 1), found[:, WIDTH:]
    rated = said.max(1) > 0
    return there[np.arange(len(there)), said.argmax(1)][rated], said.max(1)[rated]


BOUNDS = (
    Bound(f"{__name__}.accuracy_of_six", "dair", 0.88),
    Bound(f"{__name__}.macro_f1_of_six", "dair", 0.83),
    Bound(f"{__name__}.macro_f1_of_three", "tweeteval", 0.80),
    Bound(f"{__name__}.none_f1", "goemotions", 0.62),
    Bound(f"{__name__}.calibration_error", "goemotions", 0.05, less_is_better=True),
    Bound(f"{__name__}.calibration_error", "semeval", 0.05, less_is_better=True),
)


def evaluate(sets: data.Sets, answers: Mapping[str, Answers]) -> dict[str, Any]:
    """For the card."""
    wanted = {name: np.array([row["wanted"] for row in rows], np.float32) for name, rows in sets.items()}
    found = {name: laid_out(answers[name], EmotionModel.labels) for name in sets}
    measured = {
        "dair6_accuracy": accuracy_of_six(wanted["dair"], found["dair"]),
        "dair6_macro_f1": macro_f1_of_six(wanted["dair"], found["dair"]),
        "tweeteval_macro_f1_of_three": macro_f1_of_three(wanted["tweeteval"], found["tweeteval"]),
        "tweeteval_macro_f1_of_six": macro_f1_of_six(wanted["tweeteval"], found["tweeteval"]),
        "goemotions_none_f1": none_f1(wanted["goemotions"], found["goemotions"]),
    }
    whole = {name: spoken(wanted[name], found[name]) for name in ("semeval", "goemotions")}
    return {name: round(value, 4) for name, value in measured.items()} | whole


def spoken(wanted: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """How often a label is given, how often it is right then, and how far its confidence is from that."""
    said = found[:, WIDTH:]
    rated, (hits, _) = said.max(1) > 0, _said(wanted, found)
    measured = {
        "rated": rated.mean(),
        "right_of_rated": hits.mean(),
        "none_of_rated": (said[rated].argmax(1) == SIX).mean(),
        "expected_calibration_error": calibration_error(wanted, found),
    }
    return {name: round(float(value), 4) for name, value in measured.items()}
