"""The Trainer and the Tuner of the emotion model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tfx import v1 as tfx

from models.common import calibration
from models.common.linear import Loss, Recipe, Texts, Weights, each, fit, one_of
from models.common.serving import save, scores, serve_all
from models.common.trainer import Values, chosen, grid_search, train_and_validation
from models.common.transform import Labelled
from models.emotion import measures
from models.emotion.model import WAYS, EmotionModel, Voice

Sets = Mapping[str, Labelled]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a voice is taught by.

    Attributes:
        rows: The sets, and what a row of each counts.
        judged: The set whose validation part its curves are fitted on.
        loss: Whether a row has one emotion, or any number.
        recipe: How it is fitted; its strength is a hyperparameter.
    """

    rows: Mapping[str, float]
    judged: str
    loss: Loss
    recipe: Recipe


LESSONS = {
    "diary": Lesson({"dair": 1.0}, "dair", one_of, Recipe((1 << 15, 1 << 16, 1 << 17), 2.5, 0.0, 40)),
    "tweet": Lesson(
        {"semeval": 3.0, "taught": 1.0}, "semeval", each, Recipe((1 << 16, 1 << 16, 1 << 17), 1.0, 0.5, 40)
    ),
    "comment": Lesson({"goemotions": 1.0}, "goemotions", each, Recipe((1 << 15, 1 << 16, 1 << 17), 1.0, 0.5, 40)),
}
NONE = {"goemotions": 1.0, "semeval": 1.0, "taught": 0.5}
NONE_RECIPE = Recipe((1 << 16, 1 << 16, 1 << 17), 0.5, 0.5, 40)
GATE = Recipe((1 << 13, 1 << 13, 1 << 15), 0.5, 0.5, 25)
GATED = {"dair": "diary", "semeval": "tweet", "taught": "tweet", "goemotions": "comment"}
SPACE = {
    "diary": (1.5, 2.5, 4.0),
    "tweet": (0.5, 1.0, 2.0),
    "comment": (0.5, 1.0, 2.0),
    "lean": (0.0, 1.0, 2.0),
}
"""The strength of each voice; what the gate leans to tweets, in log-odds: posts are what the model is for."""


def taught(way: str, sets: Sets, strength: float) -> Weights:
    lesson = LESSONS[way]
    recipe = replace(lesson.recipe, strength=strength)
    seen = Texts.joined([sets[name].texts for name in lesson.rows])
    targets = [sets[name].wanted for name in lesson.rows]
    if lesson.loss is one_of:
        whole = np.concatenate(targets)
        rarity = len(whole) / (whole.shape[1] * whole.sum(0))
        return fit(recipe, seen, whole, (whole @ rarity)[:, None], loss=one_of)
    counts = [weight * _rarity(of) for weight, of in zip(lesson.rows.values(), targets, strict=True)]
    return fit(recipe, seen, np.concatenate(targets), np.concatenate(counts), loss=each)


def _rarity(targets: np.ndarray) -> np.ndarray:
    """A rare label counts more where it is there; a teacher's doubts count as they are."""
    share = np.clip(targets.mean(0), 0.005, 0.995)
    hard = bool(np.isin(targets, (0, 1)).all())
    return np.where(targets == 1, np.sqrt((1 - share) / share), 1.0) if hard else np.ones_like(targets)


def bare(of: Labelled) -> np.ndarray:
    """The chance that none of the six is there."""
    found: np.ndarray = (1 - of.wanted).prod(1)
    return found


def none(sets: Sets, validation: Sets) -> Voice:
    """Whether there is no emotion: one for tweets and comments, so that the gate's doubt between them costs nothing."""
    targets = np.concatenate([bare(sets[name]) for name in NONE])
    counts = np.concatenate([np.full(len(sets[name].posts), weight) for name, weight in NONE.items()])
    seen = Texts.joined([sets[name].texts for name in NONE])
    weights = fit(NONE_RECIPE, seen, targets[:, None], counts[:, None], loss=each)
    judges = [validation["goemotions"], validation["semeval"]]
    logits = np.concatenate([weights.logits(of.texts)[:, 0] for of in judges])
    return Voice(weights, *calibration.platt(logits, np.concatenate([bare(of) for of in judges])))


def gate(sets: Sets) -> Weights:
    """Which way of writing a text is in, leaning to none."""
    ways = np.concatenate([np.full(len(sets[name].posts), WAYS.index(way)) for name, way in GATED.items()])
    seen = Texts.joined([sets[name].texts for name in GATED])
    return fit(GATE, seen, np.eye(len(WAYS))[ways], np.ones((len(ways), 1)), loss=one_of)


def leaning(weights: Weights, lean: float) -> Weights:
    return replace(weights, bias=weights.bias + lean * np.eye(len(WAYS))[WAYS.index("tweet")])


def voice(way: str, sets: Sets, validation: Sets, strength: float) -> Voice:
    """The weights with the line that makes them probabilities, by posts of their own way that taught them nothing."""
    weights, judge = taught(way, sets, strength), validation[LESSONS[way].judged]
    logits = weights.logits(judge.texts)
    hits = judge.wanted[np.arange(len(logits)), logits.argmax(1)]
    return Voice(weights, *calibration.platt(logits.max(1), hits))


class Fits:
    """The parts of models over the same sets: each is fitted once, though many models have it."""

    def __init__(self, sets: Sets, validation: Sets) -> None:
        self._voice = cache(lambda way, strength: voice(way, sets, validation, strength))
        self._none, self._gate = cache(lambda: none(sets, validation)), cache(lambda: gate(sets))

    def model(self, values: Values) -> EmotionModel:
        voices = {way: self._voice(way, values[way]) for way in WAYS}
        return EmotionModel(leaning(self._gate(), values["lean"]), voices, self._none())


def recipe(values: Values) -> dict[str, Any]:
    """For the card."""
    return {
        "gate": {"lean_to_tweets": values["lean"], **asdict(GATE)},
        "none": {"rows": NONE, **asdict(NONE_RECIPE)},
        **{
            way: {"rows": dict(lesson.rows), **asdict(lesson.recipe), "strength": values[way]}
            for way, lesson in LESSONS.items()
        },
    }


def run_fn(arguments: tfx.components.FnArgs) -> None:
    (sets, validation), values = train_and_validation(arguments), chosen(arguments)
    facts = {"recipe": recipe(values), "rows": {"train": {name: len(of.posts) for name, of in sets.items()}}}
    save(Fits(sets, validation).model(values), facts, Path(arguments.serving_model_dir))


def tuner_fn(arguments: tfx.components.FnArgs) -> tfx.components.TunerFnResult:
    sets, validation = train_and_validation(arguments)
    fits = Fits(sets, validation)
    return grid_search(SPACE, lambda values: judged(fits.model(values), validation), arguments)


def judged(model: EmotionModel, validation: Sets) -> float:
    """The mean of what the gate asks for on validation, but for the calibration, which needs no search."""
    found = {
        name: scores(serve_all(model.serve, of.posts, batch=2048), EmotionModel.labels)
        for name, of in validation.items()
    }
    asked = [bound for bound in measures.BOUNDS if not bound.less_is_better]
    return float(np.mean([bound.taken(validation[bound.of].wanted, found[bound.of]) for bound in asked]))
