"""The measures of the public benchmarks, from the labels as numbers."""

from collections.abc import Iterable

import numpy as np


def macro_recall(gold: np.ndarray, found: np.ndarray, classes: Iterable[int]) -> float:
    return float(np.mean([(found[gold == label] == label).mean() for label in classes]))


def macro_f1(gold: np.ndarray, found: np.ndarray, classes: Iterable[int]) -> float:
    return float(np.mean([f1(gold == label, found == label) for label in classes]))


def f1(gold: np.ndarray, found: np.ndarray) -> float:
    return float(2 * (gold & found).sum() / max(1, gold.sum() + found.sum()))
