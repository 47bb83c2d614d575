"""The gate before a model is used: our own measures as TFMA metrics, each with a bound and with the last blessed model.

TFMA has no macro recall of a choice, and its F1 is one of single labels above a threshold, so a measure is a function
of ours, from what was wanted and what was answered, and the Evaluator gathers the rows of each set for it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_util
from tensorflow_model_analysis.proto import config_pb2  # TFMA exports some of it, TFX adds more

from models.common.errors import DataError
from models.common.names import named

Measure = Callable[[np.ndarray, np.ndarray], float]
"""Of what was wanted [rows, labels] and the answers as `serving.scores` lays them out."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a model must reach on one set.

    Attributes:
        measure: The name of a `Measure`, `models.sentiment.measures.macro_recall`.
        of: The set that it is taken on.
        value: The floor, or the ceiling where less is better.
        less_is_better: Whether it is a ceiling.
    """

    measure: str
    of: str
    value: float
    less_is_better: bool = False

    @property
    def name(self) -> str:
        return f"{self.of}_{self.measure.rpartition('.')[2]}"

    def at(self, value: float) -> Self:
        return replace(self, value=value)

    def taken(self, wanted: np.ndarray, scores: np.ndarray) -> float:
        return float(named(self.measure)(wanted, scores))

    def met(self, found: float) -> bool:
        return found <= self.value if self.less_is_better else found >= self.value

    def worse(self, found: float, before: float) -> bool:
        return found > before if self.less_is_better else found < before

    def threshold(self) -> config_pb2.MetricThreshold:
        """Absolute, and no worse than the last blessed model, where there is one."""
        side = "upper_bound" if self.less_is_better else "lower_bound"
        better = (
            config_pb2.MetricDirection.LOWER_IS_BETTER
            if self.less_is_better
            else config_pb2.MetricDirection.HIGHER_IS_BETTER
        )
        return config_pb2.MetricThreshold(
            value_threshold=config_pb2.GenericValueThreshold(**{side: {"value": self.value}}),
            change_threshold=config_pb2.GenericChangeThreshold(direction=better, absolute={"value": 0.0}),
        )


def bounds(given: Iterable[Bound], changed: Mapping[str, float]) -> tuple[Bound, ...]:
    """With other values for some, by their names."""
    found = {bound.name: bound for bound in given}
    if unknown := set(changed) - set(found):
        raise DataError(f"no measure is called {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    return tuple(bound.at(changed.get(name, bound.value)) for name, bound in found.items())


def eval_config(of: Sequence[Bound]) -> config_pb2.EvalConfig:
    """All measures on each set; the thresholds bind each on its own."""
    metrics = [
        config_pb2.MetricConfig(
            class_name=OurMetric.__name__,
            module=OurMetric.__module__,
            config=json.dumps({"name": bound.name, "measure": bound.measure}),
            per_slice_thresholds=[
                config_pb2.PerSliceMetricThreshold(
                    slicing_specs=[config_pb2.SlicingSpec(feature_values={"set": bound.of})],
                    threshold=bound.threshold(),
                )
            ],
        )
        for bound in of
    ]
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="judge", prediction_key="scores", label_key="wanted")],
        slicing_specs=[
            config_pb2.SlicingSpec(feature_values={"set": name}) for name in sorted({bound.of for bound in of})
        ],
        metrics_specs=[config_pb2.MetricsSpec(metrics=[*metrics, config_pb2.MetricConfig(class_name="ExampleCount")])],
    )


class OurMetric(tfma.metrics.Metric):
    """A measure, by the name of its function."""

    def __init__(self, name: str, measure: str) -> None:
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name, measure=measure)


def _computations(
    name: str, eval_config: config_pb2.EvalConfig, model_name: str = "", output_name: str = "", measure: str = ""
) -> list[Any]:
    key = tfma.metrics.MetricKey(name=name, model_name=model_name, output_name=output_name)
    return [
        tfma.metrics.MetricComputation(keys=[key], preprocessors=None, combiner=_Gathered(key, eval_config, measure))
    ]


Rows = list[tuple[np.ndarray, np.ndarray]]


class _Gathered(beam.CombineFn):
    """The rows of a set, some ten thousand at most, and the measure of them all."""

    def __init__(self, key: Any, config: config_pb2.EvalConfig, measure: str) -> None:
        self._key, self._measure = key, measure
        self._rows = partial(
            metric_util.to_label_prediction_example_weight,
            eval_config=config,
            model_name=key.model_name,
            output_name=key.output_name,
            flatten=False,
        )

    def create_accumulator(self) -> Rows:
        return []

    def add_input(self, rows: Rows, element: Any) -> Rows:
        rows += [(label, prediction) for label, prediction, _ in self._rows(element)]
        return rows

    def merge_accumulators(self, parts: Iterable[Rows]) -> Rows:
        return [row for rows in parts for row in rows]

    def extract_output(self, rows: Rows) -> dict[Any, float]:
        wanted, scores = (np.stack(column) for column in zip(*rows, strict=True))
        return {self._key: named(self._measure)(wanted, scores)}


def failures(evaluation: Path) -> list[str]:
    """What kept a model from being blessed, a line each."""
    lines = []
    result = tfma.load_validation_result(str(evaluation))
    for found in result.metric_validations_per_slice:
        for failure in found.failures:
            limits = failure.metric_threshold
            if limits.HasField("change_threshold"):
                lines.append(f"{failure.metric_key.name} moved by {failure.metric_value.double_value.value:+.4f}")
            else:
                value = limits.value_threshold
                floor = value.lower_bound.value if value.HasField("lower_bound") else value.upper_bound.value
                lines.append(f"{failure.metric_key.name} is {failure.metric_value.double_value.value:.4f}, not {floor}")
    return lines or [f"{len(result.missing_slices)} sets are missing"]
