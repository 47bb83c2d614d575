"""The emotion model: one network in which a gate mixes three that know one way of writing each."""

from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from models.common.linear import Linear, Weights
from models.common.serving import PostModel
from models.common.text import Features
from models.emotion.features import FEATURES
from models.emotion.sets import EMOTIONS

WAYS = ("diary", "tweet", "comment")
"""Of dair-ai/emotion ("i feel …"), of X, of Reddit: each uses the same words for other moods."""
NONE_FROM = 0.30
"""From this probability on there is no emotion, though one may be a little likelier: a link to the news has none."""
LEAST_CONFIDENCE = 0.30
"""Below it the label is `not_rated`."""
_NEVER = -6.0
"""The log-odds of no emotion in a diary, whose every line was collected for one."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Logits, and the line from them to log-odds that mean what they say (Platt).

    Attributes:
        weights: Of the six emotions, or of `none` alone.
        slope: From the highest logit to the odds that what it stands for is there.
        offset: The same.
    """

    weights: Weights
    slope: float
    offset: float


class EmotionModel(PostModel):
    """Six emotions, each there or not; the strongest is the label, unless there may well be none.

    Args:
        gate: Which way of writing a text is in.
        voices: The six emotions, for each way.
        none: Whether there is none, for posts and comments alike.
    """

    labels = (*EMOTIONS, "none")

    def __init__(self, gate: Weights, voices: Mapping[str, Voice], none: Voice) -> None:
        super().__init__(FEATURES)
        self._gate = Linear(gate)
        self._voices = [Linear(voices[way].weights) for way in WAYS]
        self._lines = [(voices[way].slope, voices[way].offset) for way in WAYS]
        self._none, self._none_line = Linear(none.weights), (none.slope, none.offset)

    def answer(self, features: Features) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        shares = tf.nn.softmax(self._gate(features))
        odds = [
            linear(features) * slope + offset for linear, (slope, offset) in zip(self._voices, self._lines, strict=True)
        ]
        emotions = tf.sigmoid(tf.einsum("nw,wnl->nl", shares, tf.stack(odds)))
        slope, offset = self._none_line
        diary = shares[:, WAYS.index("diary")]
        none = tf.sigmoid((1 - diary) * (self._none(features)[:, 0] * slope + offset) + diary * _NEVER)
        bare = none >= NONE_FROM
        confidence = tf.where(bare, none, tf.reduce_max(emotions, 1))
        chosen = tf.where(bare, tf.constant(len(EMOTIONS), tf.int64), tf.argmax(emotions, 1))
        return chosen, confidence, tf.concat([emotions, none[:, None]], 1), confidence >= LEAST_CONFIDENCE
