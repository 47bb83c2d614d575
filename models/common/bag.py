"""A bag of hashed n-grams as a Keras model: one weight a feature and label, scaled sums."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from models.common.text import TextFeatures

LONGEST = 384
"""Features of a text that are trained on; 99 in 100 posts have fewer."""
_PADDING = 0


class FeatureDropout(keras.layers.Layer):
    """Leaves out whole features in training, so that no single n-gram carries a label alone."""

    def __init__(self, rate: float, seed: int) -> None:
        super().__init__()
        self.rate = rate
        self.seeds = keras.random.SeedGenerator(seed)

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return ids
        keep = keras.random.uniform(keras.ops.shape(ids), seed=self.seeds) >= self.rate
        return keras.ops.where(keep, ids, _PADDING)


class ScaledSum(keras.layers.Layer):
    """Sum of the vectors over the square root of their number: long and short texts are alike."""

    def call(self, vectors: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        present = keras.ops.cast(keras.ops.not_equal(ids, _PADDING), vectors.dtype)
        count = keras.ops.maximum(keras.ops.sum(present, 1, keepdims=True), 1.0)
        return keras.ops.einsum("nlo,nl->no", vectors, present) / keras.ops.sqrt(count)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is trained with; chosen on the validation sets, written into the card."""

    buckets: int
    outputs: int
    epochs: int
    learning_rate: float
    dropout: float
    batch: int = 512
    seed: int = 20261123


@dataclass(frozen=True, slots=True)
class Weights:
    """What training leaves: one row a bucket, one column an output, and a bias."""

    table: np.ndarray
    bias: np.ndarray


def build(recipe: Recipe) -> keras.Model:
    keras.utils.set_random_seed(recipe.seed)
    ids = keras.Input((LONGEST,), dtype="int32")
    kept = FeatureDropout(recipe.dropout, recipe.seed)(ids)
    start = keras.initializers.RandomNormal(stddev=0.01, seed=recipe.seed)
    vectors = keras.layers.Embedding(recipe.buckets + 1, recipe.outputs, embeddings_initializer=start)(kept)
    # The product of table and layer is linear, as one table would be, but learns in fewer epochs.
    return keras.Model(ids, keras.layers.Dense(recipe.outputs)(ScaledSum()(vectors, kept)))


def featurise(features: TextFeatures, texts: Sequence[str], *, batch: int = 2048) -> np.ndarray:
    """Padded feature ids, [texts, LONGEST] int32; bucket b is b + 1, since 0 pads."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def padded(chunk: tf.Tensor) -> tf.Tensor:
        found = features(chunk)
        order = tf.argsort(found.rows, stable=True)
        ragged = tf.RaggedTensor.from_value_rowids(
            tf.gather(found.ids, order) + 1, tf.gather(found.rows, order), nrows=found.rows_count
        )
        return tf.cast(ragged.to_tensor(_PADDING, shape=[None, LONGEST]), tf.int32)

    return np.concatenate([padded(tf.constant(texts[at : at + batch])).numpy() for at in range(0, len(texts), batch)])


def fit(
    recipe: Recipe,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    weights: np.ndarray | None = None,
    watch: Callable[[keras.Model], float],
) -> keras.Model:
    """Trains, and returns the model as of the epoch that `watch` (higher is better, on validation sets) liked best."""
    model = build(recipe)
    steps = recipe.epochs * -(-len(inputs) // recipe.batch)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)), loss=loss)
    best, kept = -np.inf, model.get_weights()
    for epoch in range(recipe.epochs):
        history = model.fit(inputs, targets, sample_weight=weights, batch_size=recipe.batch, epochs=1, verbose=0)
        score = watch(model)
        print(f"epoch {epoch + 1}: loss {history.history['loss'][0]:.4f}, validation {score:.4f}", flush=True)
        if score > best:
            best, kept = score, model.get_weights()
    model.set_weights(kept)
    return model


def logits(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    return model.predict(inputs, batch_size=1024, verbose=0)


def weights_of(model: keras.Model) -> Weights:
    table, kernel, bias = model.get_weights()
    return Weights(table[1:] @ kernel, bias)
