"""The measures of the public benchmarks, and how sure one can be of them.

A measure is a function of equally long columns, so that a bootstrap can draw from their rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.generic]
_DRAWS = 1_000
_SEED = 20_261_125


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with the interval that 95 in 100 redrawn samples fall into, and the number of its rows."""

    value: float
    low: float
    high: float
    rows: int


def estimate(measure: Callable[..., float], *columns: Column) -> Estimate:
    """The measure, and its percentile bootstrap over rows (Efron 1979; 1,000 draws, a fixed seed)."""
    rows = len(columns[0])
    if not rows:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    draws = np.random.default_rng(_SEED)
    found = []
    for _ in range(_DRAWS):
        chosen = draws.integers(0, rows, rows)
        found.append(measure(*(column[chosen] for column in columns)))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return Estimate(measure(*columns), float(low), float(high), rows)


def accuracy(gold: Column, found: Column) -> float:
    return float((gold == found).mean())


def macro_recall(classes: Sequence[object]) -> Callable[[Column, Column], float]:
    """The mean of the classes' recalls; one that a sample lacks does not count."""

    def measure(gold: Column, found: Column) -> float:
        there = [gold == label for label in classes]
        return float(
            np.mean([(found[rows] == label).mean() for label, rows in zip(classes, there, strict=True) if rows.any()])
        )

    return measure


def macro_f1(classes: Sequence[object]) -> Callable[[Column, Column], float]:
    def measure(gold: Column, found: Column) -> float:
        return float(np.mean([f1(gold == label, found == label) for label in classes]))

    return measure


def f1(gold: Column, found: Column) -> float:
    """F1 of one class, of two columns of true and false."""
    return counted_f1((gold & found).astype(int), found.astype(int), gold.astype(int))  # type: ignore[operator]  # both are bool


def counted_f1(right: Column, found: Column, gold: Column) -> float:
    """F1 of things of which a row has several, from their counts a row (micro average)."""
    return float(2 * np.sum(right) / max(1, np.sum(found) + np.sum(gold)))  # type: ignore[operator]  # numbers


def calibration_error(confidence: Column, hit: Column, *, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy in bins of equal width, weighted by size (ECE, Guo et al. 2017)."""
    sure = confidence.astype(float)
    gaps = hit.astype(float) - sure
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(places, weights=gaps, minlength=bins)).sum() / len(sure))
