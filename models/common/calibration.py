"""Probabilities that mean what they say: fitted on validation sets, never on what was trained on."""

import numpy as np

_STEPS = 100


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of the logits under which the given labels are most likely (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(np.log(0.2), np.log(5), 400))
    rows = np.arange(len(labels))
    return float(min(candidates, key=lambda t: -np.log(softmax(logits / t)[rows, labels] + 1e-12).mean()))


def platt(scores: np.ndarray, hits: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic curve from a score to the share of hits (Newton's method)."""
    design = np.stack([scores, np.ones_like(scores)], 1).astype(np.float64)
    found = np.zeros(2)
    for _ in range(_STEPS):
        expected = sigmoid(design @ found)
        curvature = (design * (expected * (1 - expected))[:, None]).T @ design + 1e-6 * np.eye(2)
        found += np.linalg.solve(curvature, design.T @ (hits - expected))
    return float(found[0]), float(found[1])


def expected_calibration_error(confidences: np.ndarray, hits: np.ndarray, *, bins: int = 15) -> float:
    """Mean distance between confidence and accuracy, in bins of equal width, weighted by size."""
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = (abs((hits - confidences)[places == place].sum()) for place in range(bins))
    return float(sum(gaps) / len(confidences))
