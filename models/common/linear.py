"""Linear models over hashed n-grams: fitted by SciPy, served by TensorFlow, weighted alike by both.

A text has a block for each kind of n-gram. In a block each n-gram counts by its rarity (idf), and the block as a whole
has length one, so that long and short texts are alike and a few words weigh as much as many character n-grams.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from scipy.optimize import minimize

from models.common.text import KINDS, Features

Sizes = tuple[int, int, int]
"""Buckets for words, word pairs and character n-grams; powers of two."""
FINEST = 1 << 20
"""Buckets that a hash is brought to before it is stored; a multiple of all sizes."""
_LEAST_DOCUMENTS = 2
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as counts of hashed n-grams, one matrix a kind, as fine as any model wants them; and lexical numbers."""

    kinds: tuple[sp.csr_matrix, ...]
    lexical: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        kinds = zip(*(part.kinds for part in parts), strict=True)
        return cls(tuple(map(sp.vstack, kinds)), np.concatenate([part.lexical for part in parts]))

    def folded(self, sizes: Sizes) -> list[sp.csr_matrix]:
        return [_folded(matrix, size) for matrix, size in zip(self.kinds, sizes, strict=True)]


@dataclass(frozen=True, slots=True)
class Weights:
    """What fitting leaves.

    Attributes:
        sizes: Buckets of each kind.
        rarity: One number a bucket; 0 for what training met once.
        table: One row a bucket, one column an output.
        lexical: One row a lexical number.
        bias: One number an output.
    """

    sizes: Sizes
    rarity: np.ndarray
    table: np.ndarray
    lexical: np.ndarray
    bias: np.ndarray

    def logits(self, texts: Texts) -> np.ndarray:
        found = _design(texts.folded(self.sizes), _split(self.rarity, self.sizes)) @ self.table
        return np.asarray(found + texts.lexical @ self.lexical + self.bias, np.float32)


class Linear(tf.Module):
    """Weights inside a graph, in half precision."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        rarity = weights.rarity[:, None]
        # The last column is what the length of a block is summed from: one gather brings both.
        table = np.concatenate([rarity * weights.table, rarity**2], 1)
        self._sizes = weights.sizes
        self._table = tf.Variable(table.astype(np.float16), trainable=False)
        self._lexical = tf.constant(weights.lexical, tf.float32)
        self._bias = tf.constant(weights.bias, tf.float32)

    def __call__(self, features: Features) -> tf.Tensor:
        starts = np.cumsum([0, *self._sizes])
        ids = [
            tf.math.floormod(h, size) + at for h, size, at in zip(features.hashes, self._sizes, starts, strict=False)
        ]
        places = [rows * KINDS + kind for kind, rows in enumerate(features.rows)]
        gathered = tf.cast(tf.gather(self._table, tf.concat(ids, 0)), tf.float32)
        sums = tf.math.unsorted_segment_sum(gathered, tf.concat(places, 0), features.count * KINDS)
        scaled = sums[:, :-1] / tf.sqrt(tf.maximum(sums[:, -1:], _TINY))
        blocks = tf.reshape(scaled, [-1, KINDS, scaled.shape[1]])
        return tf.reduce_sum(blocks, 1) + tf.matmul(features.lexical, self._lexical) + self._bias


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is fitted with; chosen on the validation sets, written into the card.

    Attributes:
        sizes: Buckets of each kind.
        strength: The inverse of the weight decay (C of logistic regression).
        lexical: The scale of the lexical numbers; 0 leaves them out.
        iterations: Steps of L-BFGS at most.
    """

    sizes: Sizes
    strength: float
    lexical: float = 0.5
    iterations: int = 60


Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""Of logits, targets and how much each counts: the loss, and its slope by each logit."""


def one_of(logits: np.ndarray, targets: np.ndarray, counts: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of a choice; the targets of a row are probabilities, its count is that of the row."""
    raised = logits - logits.max(1, keepdims=True)
    logs = raised - np.log(np.exp(raised).sum(1, keepdims=True))
    return -float((counts * targets * logs).sum()), counts * (np.exp(logs) - targets)


def each(logits: np.ndarray, targets: np.ndarray, counts: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of labels that stand for themselves, each with a count of its own."""
    loss = counts * (np.logaddexp(0, logits) - targets * logits)
    return float(loss.sum()), counts * (1 / (1 + np.exp(-logits)) - targets)


def fit(recipe: Recipe, texts: Texts, targets: np.ndarray, counts: np.ndarray, *, loss: Loss) -> Weights:
    """The weights that `loss` and their decay agree on (a convex problem: there is one answer)."""
    folded = texts.folded(recipe.sizes)
    rarity = [_rarity(matrix) for matrix in folded]
    design = sp.hstack([_design(folded, rarity), sp.csr_matrix(texts.lexical * recipe.lexical)]).tocsr()
    turned, (width, outputs) = design.T.tocsr(), (design.shape[1], targets.shape[1])

    def measured(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.reshape(width + 1, outputs)
        value, slope = loss(design @ table[:-1] + table[-1], targets, counts)
        steps = np.concatenate([turned @ slope + table[:-1] / recipe.strength, slope.sum(0)[None]])
        return value + 0.5 / recipe.strength * float((table[:-1] ** 2).sum()), steps.ravel()

    options = {"maxiter": recipe.iterations, "maxcor": 8}
    begun = np.zeros((width + 1) * outputs)
    table = minimize(measured, begun, jac=True, method="L-BFGS-B", options=options).x.reshape(width + 1, outputs)
    buckets = sum(recipe.sizes)
    lexical = table[buckets:-1] * recipe.lexical
    return Weights(recipe.sizes, np.concatenate(rarity), table[:buckets], lexical, table[-1])


def _folded(matrix: sp.csr_matrix, size: int) -> sp.csr_matrix:
    found = matrix.tocoo()
    return sp.csr_matrix((found.data, (found.row, found.col % size)), shape=(matrix.shape[0], size))


def _rarity(matrix: sp.csr_matrix) -> np.ndarray:
    texts, seen = matrix.shape[0], np.bincount(matrix.indices, minlength=matrix.shape[1])
    found = np.where(seen >= _LEAST_DOCUMENTS, np.log((1 + texts) / (1 + seen)) + 1, 0)
    return found.astype(np.float32)


def _split(rarity: np.ndarray, sizes: Sizes) -> list[np.ndarray]:
    return np.split(rarity, np.cumsum(sizes)[:-1])


def _design(folded: Sequence[sp.csr_matrix], rarity: Sequence[np.ndarray]) -> sp.csr_matrix:
    return sp.hstack([_weighted(matrix, of) for matrix, of in zip(folded, rarity, strict=True)]).tocsr()


def _weighted(matrix: sp.csr_matrix, rarity: np.ndarray) -> sp.csr_matrix:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    squares = np.bincount(rows, weights=matrix.data * rarity[matrix.indices] ** 2, minlength=matrix.shape[0])
    scaled = matrix.data * rarity[matrix.indices] / np.sqrt(np.maximum(squares, _TINY))[rows]
    return sp.csr_matrix((scaled.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
