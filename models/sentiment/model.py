"""The sentiment model: one linear model, whose probabilities are calibrated by one temperature."""

import tensorflow as tf

from models.common.linear import Linear, Weights
from models.common.serving import PostModel
from models.common.text import Features
from models.sentiment.features import FEATURES
from models.sentiment.sets import LABELS

LEAST_CONFIDENCE = 0.40
"""Below it the label is `not_rated`; of three labels the best has at least 0.33."""


class SentimentModel(PostModel):
    """One of three labels."""

    labels = LABELS

    def __init__(self, weights: Weights, temperature: float) -> None:
        super().__init__(FEATURES)
        self._linear = Linear(weights)
        self._temperature = temperature

    def answer(self, features: Features) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        probabilities = tf.nn.softmax(self._linear(features) / self._temperature)
        confidence = tf.reduce_max(probabilities, 1)
        return tf.argmax(probabilities, 1), confidence, probabilities, confidence >= LEAST_CONFIDENCE
