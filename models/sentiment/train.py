"""The Trainer and the Tuner of the sentiment model."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tfx import v1 as tfx

from models.common import calibration, scores
from models.common.linear import Recipe, Texts, Weights, fit, one_of
from models.common.serving import save
from models.common.trainer import Values, chosen, grid_search, train_and_validation
from models.common.transform import Labelled
from models.sentiment.model import SentimentModel
from models.sentiment.sets import LABELS, SEMEVAL, TAUGHT

RECIPE = Recipe(sizes=(1 << 17, 1 << 18, 1 << 18), strength=0.25)
SPACE = {"strength": (0.125, 0.25, 0.5), "taught": (1.0, 2.0, 3.0)}
"""The inverse of the weight decay; what a post that the teacher labelled counts beside one that people labelled."""


def train(sets: Mapping[str, Labelled], values: Values) -> Weights:
    """Labelled posts weigh by the rarity of their label, those that a teacher labelled by its square root."""
    hard, soft = sets[SEMEVAL], sets[TAUGHT]
    labels, guessed = hard.wanted.argmax(1), soft.wanted.astype(float)
    rarity = len(labels) / (len(LABELS) * np.bincount(labels))
    return fit(
        replace(RECIPE, strength=values["strength"]),
        Texts.joined([hard.texts, soft.texts]),
        np.concatenate([np.eye(len(LABELS))[labels], guessed]),
        np.concatenate([rarity[labels], values["taught"] * (guessed @ np.sqrt(rarity))])[:, None],
        loss=one_of,
    )


def fitted(
    sets: Mapping[str, Labelled], validation: Mapping[str, Labelled], values: Values
) -> tuple[SentimentModel, dict[str, Any]]:
    """The calibrated model, and what the card says of how it was made."""
    weights, judge = train(sets, values), validation[SEMEVAL]
    heat = calibration.temperature(weights.logits(judge.texts), judge.wanted.argmax(1))
    facts = {
        "recipe": asdict(RECIPE) | dict(values),
        "temperature": round(heat, 4),
        "rows": {"train": {name: len(of.posts) for name, of in sets.items()}},
    }
    return SentimentModel(weights, heat), facts


def run_fn(arguments: tfx.components.FnArgs) -> None:
    model, facts = fitted(*train_and_validation(arguments), chosen(arguments))
    save(model, facts, Path(arguments.serving_model_dir))


def tuner_fn(arguments: tfx.components.FnArgs) -> tfx.components.TunerFnResult:
    sets, validation = train_and_validation(arguments)
    return grid_search(SPACE, partial(judged, sets, validation[SEMEVAL]), arguments)


def judged(sets: Mapping[str, Labelled], by: Labelled, values: Values) -> float:
    """Macro recall on validation; no temperature changes it."""
    found = train(sets, values).logits(by.texts)
    return scores.macro_recall(by.wanted.argmax(1), found.argmax(1), range(len(LABELS)))
