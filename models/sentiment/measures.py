"""How good a sentiment model is, and what it must reach to be used."""

from collections.abc import Mapping

import numpy as np

from models.common import calibration, data, scores
from models.common.judging import Bound
from models.common.serving import Answers
from models.common.serving import scores as laid_out
from models.sentiment.sets import LABELS, SEMEVAL

WIDTH = len(LABELS)


def macro_recall(wanted: np.ndarray, found: np.ndarray) -> float:
    return scores.macro_recall(wanted.argmax(1), found[:, :WIDTH].argmax(1), range(WIDTH))


def calibration_error(wanted: np.ndarray, found: np.ndarray) -> float:
    """Of what was rated: how far the confidence is from how often it is right."""
    said = found[:, WIDTH:]
    rated = said.max(1) > 0
    hits = (said.argmax(1) == wanted.argmax(1))[rated]
    return calibration.expected_calibration_error(said.max(1)[rated], hits)


BOUNDS = (
    Bound(f"{__name__}.macro_recall", SEMEVAL, 0.66),
    Bound(f"{__name__}.calibration_error", SEMEVAL, 0.05, less_is_better=True),
)


def evaluate(sets: data.Sets, answers: Mapping[str, Answers]) -> dict[str, float]:
    """For the card."""
    wanted = np.array([row["wanted"] for row in sets[SEMEVAL]])
    found = laid_out(answers[SEMEVAL], LABELS)
    gold, best, rated = wanted.argmax(1), found[:, :WIDTH].argmax(1), found[:, WIDTH:].max(1) > 0
    measured = {
        "macro_recall": macro_recall(wanted, found),
        "accuracy": float((gold == best).mean()),
        "rated": float(rated.mean()),
        "macro_recall_of_rated": scores.macro_recall(gold[rated], best[rated], range(WIDTH)),
        "expected_calibration_error": calibration_error(wanted, found),
    }
    return {name: round(value, 4) for name, value in measured.items()}
