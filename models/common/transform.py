"""Transform's part: posts become columns of hashed n-grams once, by the code that is inside the served model too.

Both sides are here: the columns as Transform writes them, and as the Trainer reads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import tensorflow as tf

from models.common.linear import FINEST, Texts
from models.common.text import TextFeatures

COLUMNS = ("words", "pairs", "characters")
_BATCH = 4096


def columns(features: TextFeatures, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a `preprocessing_fn` gives; the text goes along, for who asks the finished model about it."""
    text = tf.reshape(inputs["text"], [-1])
    found = features(text)
    hashed = {
        name: _by_row(tf.math.floormod(hashes, FINEST), rows, found.count)
        for name, hashes, rows in zip(COLUMNS, found.hashes, found.rows, strict=True)
    }
    return {**inputs, **hashed, "lexical": found.lexical}


def _by_row(values: tf.Tensor, rows: tf.Tensor, count: tf.Tensor) -> tf.SparseTensor:
    order = tf.argsort(rows, stable=True)
    ragged = tf.RaggedTensor.from_value_rowids(tf.gather(values, order), tf.gather(rows, order), nrows=count)
    return ragged.to_sparse()


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows of one set, in its order.

    Attributes:
        texts: As features.
        posts: The same as they came.
        wanted: Of each label, how much of it there is [rows, labels].
    """

    texts: Texts
    posts: list[bytes]
    wanted: np.ndarray


def read(files: Sequence[str], spec: Mapping[str, Any]) -> dict[str, Labelled]:
    """The sets in what Transform wrote; `spec` is its output's feature specification."""
    paths = [path for pattern in files for path in tf.io.gfile.glob(pattern)]
    records = tf.data.TFRecordDataset(sorted(paths), compression_type="GZIP").batch(_BATCH)
    parts = [tf.io.parse_example(batch, dict(spec)) for batch in records]

    def dense(name: str) -> np.ndarray:
        return np.concatenate([part[name].numpy() for part in parts])

    kinds = [sp.vstack([counts(part[name]) for part in parts]).tocsr() for name in COLUMNS]
    sets, places = dense("set").reshape(-1), dense("place").reshape(-1)
    posts, wanted, lexical = dense("text").reshape(-1), dense("wanted"), dense("lexical")
    found = {}
    for name in np.unique(sets):
        rows = np.flatnonzero(sets == name)
        rows = rows[np.argsort(places[rows])]
        texts = Texts(tuple(kind[rows] for kind in kinds), lexical[rows])
        found[name.decode()] = Labelled(texts, posts[rows].tolist(), wanted[rows])
    return found


def counts(column: tf.SparseTensor) -> sp.csr_matrix:
    ids, rows = column.values.numpy(), column.indices.numpy()[:, 0]
    shape = (int(column.dense_shape[0]), FINEST)
    return sp.csr_matrix((np.ones(len(ids), np.float32), (rows, ids)), shape=shape)
