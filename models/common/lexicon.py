"""What single words say by themselves: VADER's lexicon and rules (Hutto and Gilbert 2014), inside a TensorFlow graph.

The words are kept as hashes with a number each, so that a SavedModel needs no file beside it.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import tensorflow as tf
from vaderSentiment.vaderSentiment import B_INCR, BOOSTER_DICT, C_INCR, N_SCALAR, SentimentIntensityAnalyzer

HASH_SPACE = 1 << 40
SIZE = 16
"""Numbers a text."""
_NORMALISER = 15.0
_REACH = ((1, 1.0), (2, 0.95), (3, 0.9))
"""How many words before it a booster may stand, and what it then counts."""
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by the hash of a word; 0 for every other word."""

    hashes: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, words: dict[str, float]) -> "Table":
        with tf.init_scope():  # numbers, though a graph may be in the making
            hashes = tf.strings.to_hash_bucket_fast(tf.constant(list(words)), HASH_SPACE).numpy()
        order = np.argsort(hashes)
        return cls(hashes[order], np.array(list(words.values()), np.float32)[order])

    def __call__(self, hashes: tf.Tensor) -> tf.Tensor:
        places = tf.minimum(tf.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return tf.where(tf.equal(tf.gather(self.hashes, places), hashes), tf.gather(self.numbers, places), 0.0)


@cache
def valences() -> tuple[Table, Table]:
    """Of words and emoji, and of emoticons, which are met whole."""
    words = SentimentIntensityAnalyzer().lexicon
    lines = (files("vaderSentiment") / "emoji_utf8_lexicon.txt").read_text(encoding="utf-8").splitlines()
    emoji = {
        sign: sum(words.get(word, 0.0) for word in said.split())
        for sign, said in (line.split("\t") for line in lines if "\t" in line)
        if len(sign) == 1
    }
    spoken = {word: value for word, value in words.items() if word.replace("'", "").isalpha()}
    signs = {word: value for word, value in words.items() if not any(map(str.isspace, word)) and word not in spoken}
    return Table.of(spoken | {sign: value for sign, value in emoji.items() if value}), Table.of(signs)


@cache
def boosters() -> Table:
    return Table.of({word: value for word, value in BOOSTER_DICT.items() if word.isalpha()})


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch, flat, as `common.text` finds them.

    Attributes:
        tokens: Lower-case words and single signs; `xxcaps` stands before a word in capitals.
        hashes: Their hashes.
        rows: The text of each.
        negated: Whether a negation stands just before.
    """

    tokens: tf.Tensor
    hashes: tf.Tensor
    rows: tf.Tensor
    negated: tf.Tensor


def lexical(words: Words, signs: tf.Tensor, signs_rows: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """[texts, SIZE]: sums and extremes of the valences, how sure they are, and the marks that go with a mood."""
    spoken, drawn = valences()
    value = spoken(words.hashes)
    raised = value + tf.sign(value) * _raised(words)
    value = tf.where(words.negated, N_SCALAR * raised, raised) * _weight_by_but(words, count)
    value = tf.concat([value, drawn(tf.strings.to_hash_bucket_fast(signs, HASH_SPACE))], 0)
    rows = tf.concat([words.rows, signs_rows], 0)

    def total(numbers: tf.Tensor, of: tf.Tensor = rows) -> tf.Tensor:
        return tf.math.unsorted_segment_sum(tf.cast(numbers, tf.float32), of, count)

    def seen(token: str) -> tf.Tensor:
        return total(tf.equal(words.tokens, token), words.rows)

    good, bad = total(tf.maximum(value, 0.0)), total(tf.maximum(-value, 0.0))
    marks = tf.minimum(seen("!"), 3.0)
    whole = good - bad
    whole += tf.sign(whole) * marks * B_INCR
    sure = whole / tf.sqrt(whole * whole + _NORMALISER)
    plain = total(tf.equal(value, 0.0))
    best = tf.maximum(tf.math.unsorted_segment_max(value, rows, count), 0.0)
    worst = tf.maximum(tf.math.unsorted_segment_max(-value, rows, count), 0.0)
    share = good + bad + plain + 1.0
    columns = [
        tf.maximum(sure, 0.0), tf.maximum(-sure, 0.0),
        tf.cast(sure > 0.05, tf.float32), tf.cast(sure < -0.05, tf.float32), tf.cast(tf.abs(sure) <= 0.05, tf.float32),
        good / share, bad / share, tf.minimum(good, 8.0) / 4, tf.minimum(bad, 8.0) / 4, best / 4, worst / 4,
        marks / 3, tf.minimum(seen("?"), 3.0) / 3,
        tf.minimum(seen("xxurl"), 1.0), tf.minimum(seen("xxuser"), 1.0), tf.minimum(seen("xxcaps"), 3.0) / 3,
    ]  # fmt: skip
    return tf.stack(columns, 1)


def _raised(words: Words) -> tf.Tensor:
    """What boosters just before a word, and its capitals, add to it."""
    boost = boosters()(words.hashes)
    added = tf.zeros_like(boost)
    for distance, share in _REACH:
        same = tf.equal(_earlier(words.rows, distance, -1), words.rows)
        added += tf.where(same, share * _earlier(boost, distance, 0.0), 0.0)
    capital = tf.equal(_earlier(words.tokens, 1, ""), "xxcaps")
    return added + tf.where(capital, C_INCR, 0.0)


def _weight_by_but(words: Words, count: tf.Tensor) -> tf.Tensor:
    places = tf.range(tf.size(words.tokens))
    but = tf.math.unsorted_segment_max(tf.where(tf.equal(words.tokens, "but"), places, -1), words.rows, count)
    at = tf.gather(but, words.rows)
    weight = tf.where(places < at, _BEFORE_BUT, _AFTER_BUT)
    return tf.where(at < 0, 1.0, weight)


def _earlier(values: tf.Tensor, distance: int, filling: object) -> tf.Tensor:
    """What stands so many places before, over the borders of texts."""
    size = tf.size(values)
    filled = tf.fill([tf.minimum(distance, size)], tf.constant(filling, values.dtype))
    return tf.concat([filled, values[: tf.maximum(size - distance, 0)]], 0)
