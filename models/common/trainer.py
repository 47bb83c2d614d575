"""What Trainer and Tuner have in common: the sets that Transform wrote, and a search over a grid."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras_tuner
import tensorflow_transform as tft
from keras_tuner.engine import base_tuner, trial
from tfx import v1 as tfx

from models.common.transform import Labelled, read

Values = Mapping[str, float]
"""Hyperparameters by name."""
_SCORE = keras_tuner.Objective("score", "max")


def train_and_validation(arguments: tfx.components.FnArgs) -> tuple[dict[str, Labelled], dict[str, Labelled]]:
    """The sets of both splits."""
    spec = tft.TFTransformOutput(arguments.transform_graph_path).transformed_feature_spec()
    return read(arguments.train_files, spec), read(arguments.eval_files, spec)


def chosen(arguments: tfx.components.FnArgs) -> Values:
    """The Tuner's best, of this run or of the one whose file is in the repository."""
    found: Values = keras_tuner.HyperParameters.from_config(arguments.hyperparameters).values
    return found


class Grid(base_tuner.BaseTuner):
    """Every point of a grid once. Nothing is drawn by chance, and our models are none of Keras."""

    def __init__(self, space: keras_tuner.HyperParameters, judged: Callable[[Values], float], folder: str) -> None:
        oracle = keras_tuner.oracles.GridSearchOracle(objective=_SCORE, hyperparameters=space, tune_new_entries=False)
        super().__init__(oracle, directory=folder, project_name="grid", overwrite=True)
        self._judged = judged

    def run_trial(self, point: trial.Trial, *_arguments: Any, **_more: Any) -> dict[str, float]:
        return {_SCORE.name: self._judged(point.hyperparameters.values)}


def grid_search(
    space: Mapping[str, tuple[float, ...]], judged: Callable[[Values], float], arguments: tfx.components.FnArgs
) -> tfx.components.TunerFnResult:
    """What a `tuner_fn` gives; `judged` tells how good a point is, on validation."""
    points = keras_tuner.HyperParameters()
    for name, values in space.items():
        points.Choice(name, list(values))
    return tfx.components.TunerFnResult(Grid(points, judged, str(Path(arguments.working_dir))), fit_kwargs={})
