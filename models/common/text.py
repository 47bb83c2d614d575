"""Text to hashed n-grams inside a TensorFlow graph: what is trained on is what is served.

Raw text goes in. Addresses and user names become marks; negation, emoji, hashtags (whole and in parts), accents and
every script stay. Features are integers, so that no vocabulary, and so no post, is part of a model.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from models.common import lexicon
from models.common.lexicon import HASH_SPACE, Words

MAX_CHARACTERS = 2_000
_MARKS = (
    (r"(?i)https?://\S*|\bwww\.\S+", " xxurl "),
    (r"@\w+", " xxuser "),
    (r"[‘’ʼ´`]", "'"),
    (r"[“”]", '"'),
    (r"…", "..."),
    (r"[\x{200B}-\x{200D}\x{FE0E}\x{FE0F}\x{1F3FB}-\x{1F3FF}]", ""),  # joiners, variation selectors, skin tones
    (r"\b([A-Z]{3,})\b", r"xxcaps \1"),
    (r"(\p{Ll})(\p{Lu})", r"\1 \2"),  # #WorldCup is read as world cup
    (r"\s+", " "),
)
_PUNCTUATION = r"([^\p{L}\p{M}\p{N}_'\s])"
_NEGATION = (
    r"no|not|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|.*n't"
    r"|dont|cant|wont|isnt|wasnt|didnt|doesnt|aint|couldnt|wouldnt|shouldnt|havent|hasnt|werent|arent"
)
_CLAUSE_END = r"[.!?,;:()]|but"
_NEGATED_WORDS = 3


KINDS = 3
"""Words (with negation), pairs of words, and character n-grams inside words."""


class Features(NamedTuple):
    """Hashed features of a batch as flat columns, and what is needed to know whether a text can be rated.

    Attributes:
        hashes: For each kind, one hash a feature, int64, not negative.
        rows: For each kind, the text each feature is of, int64.
        count: How many texts there are, scalar.
        lexical: What single words say by themselves, float32 [texts, lexicon.SIZE].
        latin: Latin letters a text.
        foreign: Letters of other scripts a text.
    """

    hashes: tuple[tf.Tensor, ...]
    rows: tuple[tf.Tensor, ...]
    count: tf.Tensor
    lexical: tf.Tensor
    latin: tf.Tensor
    foreign: tf.Tensor

    def words(self) -> tf.Tensor:
        """The number of words of each text."""
        return tf.math.unsorted_segment_sum(tf.ones_like(self.rows[0]), self.rows[0], self.count)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Texts to hashed n-grams; hashes, so that a model may have as many buckets as it likes."""

    character_orders: tuple[int, ...] = (3, 4, 5)

    def __call__(self, texts: tf.Tensor) -> Features:
        characters, rows = _characters(texts)
        count = tf.size(texts, out_type=tf.int64)
        latin, foreign = _letters(characters)
        spelled = tf.RaggedTensor.from_value_rowids(characters, rows, nrows=count, validate=False)
        whole = tf.strings.unicode_encode(spelled, "UTF-8")
        words, signs = _words(whole), tf.strings.split(whole)
        salted = _combine(words.hashes, tf.cast(words.negated, tf.int64) + 1)
        kinds = [
            _windows(salted, words.rows, 1),
            _windows(words.hashes, words.rows, 2),
            self._inside_words(characters, rows),
        ]
        return Features(
            hashes=tuple(_mix(hashed) for hashed, _ in kinds),
            rows=tuple(of for _, of in kinds),
            count=count,
            lexical=lexicon.lexical(words, signs.flat_values, signs.value_rowids(), count),
            latin=tf.math.unsorted_segment_sum(latin, rows, count),
            foreign=tf.math.unsorted_segment_sum(foreign, rows, count),
        )

    def _inside_words(self, characters: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values = tf.cast(characters, tf.int64) + 7
        space = tf.equal(characters, ord(" "))
        found = [_windows(values, rows, order, border=space) for order in self.character_orders]
        return tf.concat([hashed for hashed, _ in found], 0), tf.concat([of for _, of in found], 0)


def _characters(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Code points of the normalised, lower-cased texts; a run of three or more equal ones is cut to two."""
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    texts = tf.strings.substr(texts, 0, MAX_CHARACTERS, unit="UTF8_CHAR")
    for pattern, rewrite in _MARKS:
        texts = tf.strings.regex_replace(texts, pattern, rewrite)
    texts = tf.strings.lower(tf.strings.join([" ", tf.strings.strip(texts), " "]), encoding="utf-8")
    points = tf.strings.unicode_decode(texts, "UTF-8")
    values, rows = points.flat_values, points.value_rowids()
    same = tf.logical_and(tf.equal(values[1:], values[:-1]), tf.equal(rows[1:], rows[:-1]))
    third = tf.logical_and(same[1:], same[:-1])
    keep = tf.logical_not(tf.concat([[False, False], third], 0)[: tf.size(values)])
    return tf.boolean_mask(values, keep), tf.boolean_mask(rows, keep)


def _letters(characters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """1 where a character is a Latin letter, and 1 where it is a letter of another script."""

    def within(*ranges: tuple[int, int]) -> tf.Tensor:
        hits = [tf.logical_and(characters >= low, characters <= high) for low, high in ranges]
        return tf.cast(tf.reduce_any(tf.stack(hits), 0), tf.int32)

    latin = within((0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF))
    foreign = within((0x370, 0x1DFF), (0x1F00, 0x1FFF), (0x2E80, 0xD7FF), (0xF900, 0xFDFF), (0x20000, 0x3FFFF))
    return latin, foreign


def _words(texts: tf.Tensor) -> Words:
    found = tf.strings.split(tf.strings.regex_replace(texts, _PUNCTUATION, r" \1 "))
    tokens, rows = found.flat_values, found.value_rowids()
    hashes = tf.strings.to_hash_bucket_fast(tokens, HASH_SPACE)
    return Words(tokens, hashes, rows, _negated(tokens, rows))


def _negated(tokens: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """True for the words that follow a negation in the same clause, three at most."""
    open_ = tf.strings.regex_full_match(tokens, _NEGATION)
    inside = tf.logical_not(tf.strings.regex_full_match(tokens, _CLAUSE_END))
    joined = tf.logical_and(inside, tf.concat([[False], tf.equal(rows[1:], rows[:-1])], 0)[: tf.size(rows)])
    negated, reach = tf.zeros_like(open_), open_
    for _ in range(_NEGATED_WORDS):
        reach = tf.logical_and(tf.concat([[False], reach[:-1]], 0)[: tf.size(rows)], joined)
        negated = tf.logical_or(negated, reach)
    return negated


def _windows(
    values: tf.Tensor, rows: tf.Tensor, order: int, *, border: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Hashes of every `order` neighbours of one row; with `border` none that has a border inside."""
    length = tf.maximum(tf.size(values) - (order - 1), 0)
    hashed = tf.fill([length], tf.constant(order * 1_000_003, tf.int64))
    for offset in range(order):
        hashed = _combine(hashed, values[offset : offset + length])
    keep = tf.equal(rows[:length], rows[order - 1 : order - 1 + length])
    if border is not None:
        for offset in range(1, order - 1):
            keep = tf.logical_and(keep, tf.logical_not(border[offset : offset + length]))
    return tf.boolean_mask(hashed, keep), tf.boolean_mask(rows[:length], keep)


def _combine(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(left * 0x9E3779B1, right * 0x85EBCA77 + 0x165667B1)


def _mix(hashed: tf.Tensor) -> tf.Tensor:
    """Spreads a hash over its 62 lower bits (the finaliser of splitmix64), so that its remainders are even."""
    shifted = tf.bitwise.bitwise_xor(hashed, tf.bitwise.right_shift(hashed, tf.constant(31, tf.int64)))
    mixed = tf.bitwise.bitwise_xor(
        shifted * 0x7FB5D329728EA185, tf.bitwise.right_shift(shifted, tf.constant(27, tf.int64))
    )
    return tf.bitwise.bitwise_and(mixed, (1 << 62) - 1)
