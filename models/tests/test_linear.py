import numpy as np
import pytest
import tensorflow as tf

from models.common.linear import Linear, Recipe, Texts, fit, one_of
from models.common.text import TextFeatures
from models.common.transform import COLUMNS, columns, counts

RECIPE = Recipe(sizes=(1 << 10, 1 << 11, 1 << 12), strength=1.0)
POSTS = ["So happy :) today!", "not happy at all", "The match is at eight", "", "awful, AWFUL #RainyDay", "ok"] * 3
WANTED = np.eye(3)[[2, 0, 1, 1, 0, 1] * 3]


def test_the_graph_computes_what_was_fitted() -> None:
    found = columns(TextFeatures(), {"text": tf.constant(POSTS)})
    texts = Texts(tuple(counts(found[name]) for name in COLUMNS), found["lexical"].numpy())
    weights = fit(RECIPE, texts, WANTED, np.ones((len(POSTS), 1)), loss=one_of)

    served = Linear(weights)(TextFeatures()(tf.constant(POSTS))).numpy()

    assert served == pytest.approx(weights.logits(texts), abs=5e-3)  # half precision
    assert (served.argmax(1) == WANTED.argmax(1)).all()
