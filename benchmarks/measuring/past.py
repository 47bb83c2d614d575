"""A made-up past: annotated posts of many topics over some days, the same for the same seed.

What decides how large views become is as in real streams: topics, authors and terms by Zipf's law, a daily rhythm, a
burst now and then, one post in eight a repost, one in twenty in two topics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from sparkstream.annotation import EMOTIONS, SENTIMENTS, AnnotatedPost, from_record
from sparkstream.times import DAY, HOUR, format_time, parse_time

END: Final = parse_time("2026-11-22T00:30:00Z")
TOPICS: Final = tuple(f"topic-{number:02d}" for number in range(1, 21))
_WORDS, _TAGS, _NAMES, _DOMAINS, _AUTHORS, _PHRASES = 60_000, 8_000, 12_000, 3_000, 800_000, 40_000
_EMOJI: Final = "😀😂🤣😍🥰😎😢😡🔥🎉👏🙏💙⚽🏆🚀✨🤔😱💔"
_LANGUAGES: Final = ("en", "es", "pt", "ja", "de", "fr", "und")
_TYPES: Final = ("PERSON", "ORG", "PLACE", "PRODUCT", "EVENT", "WORK", "GROUP", "OTHER")
_KINDS: Final = ("original", "reply", "quote")
_MODELS: Final = {"sentiment": "made-up", "emotion": "made-up", "entities": "made-up", "keywords": "made-up"}


@dataclass(slots=True)
class Past:
    """`posts` of them over `days` that end at END."""

    posts: int
    days: int = 30
    seed: int = 7
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    @property
    def start(self) -> int:
        return END - self.days * DAY

    def hours(self) -> Iterator[list[tuple[str, AnnotatedPost]]]:
        """(topic, post) pairs, hour after hour."""
        number = 0
        for hour, posts in enumerate(self._rhythm()):
            start = self.start + hour * HOUR
            times = np.sort(self._random.integers(start, start + HOUR, posts)).tolist()
            yield list(self._pairs(number, times))
            number += posts

    def _rhythm(self) -> list[int]:
        hours = np.arange(self.days * 24)
        weights = (1.2 + np.sin(2 * np.pi * (hours % 24 - 9) / 24)) * self._random.lognormal(0, 0.15, len(hours))
        weights[self._random.integers(0, len(hours), 4)] *= 3
        return self._random.multinomial(self.posts, weights / weights.sum()).tolist()

    def _zipf(self, size: int, count: int, tail: float = 1.0) -> list[int]:
        """Ranks from 0, each about as often as one over its number to the `tail`."""
        uniform = self._random.random(count)
        if tail == 1.0:
            return (np.exp(uniform * np.log(size + 1)) - 1).astype(int).tolist()
        power = 1 - tail
        return ((1 + uniform * ((size + 1) ** power - 1)) ** (1 / power) - 1).astype(int).tolist()

    def _pairs(self, first: int, times: list[int]) -> Iterator[tuple[str, AnnotatedPost]]:
        posts = len(times)
        topics = zip(self._zipf(len(TOPICS), posts), self._zipf(len(TOPICS), posts), strict=True)
        lengths = self._random.poisson(9, posts).tolist()
        words = iter(self._zipf(_WORDS, sum(lengths) + posts, 0.9))
        columns = zip(
            self._zipf(_AUTHORS, posts, 0.6),
            self._random.choice(4, posts, p=(0.3, 0.35, 0.2, 0.15)).tolist(),
            self._random.choice(8, posts).tolist(),
            self._random.choice(7, posts, p=(0.6, 0.1, 0.08, 0.07, 0.05, 0.05, 0.05)).tolist(),
            self._random.integers(0, 1 << 30, posts).tolist(),
            *(self._zipf(size, posts) for size in (_TAGS, _NAMES, _DOMAINS, _PHRASES, _PHRASES)),
            strict=True,
        )
        for index, (time, (one, other), length, row) in enumerate(zip(times, topics, lengths, columns, strict=True)):
            said = [f"w{next(words)}" for _ in range(length + 1)]
            two = TOPICS[one] if row[4] % 20 else TOPICS[other]
            slugs = [TOPICS[one]] if two == TOPICS[one] else [TOPICS[one], two]
            post = from_record(_record(first + index, time, slugs, said, row), time, time + 900)
            yield from ((slug, post) for slug in slugs)


def _record(number: int, time: int, topics: list[str], said: list[str], row: tuple[int, ...]) -> dict[str, Any]:
    author, sentiment, emotion, language, dice, tag, name, domain, phrase, another = row
    repost = dice % 8 == 0
    message = f"{tag * 64 + phrase % 64:016x}" if repost else f"{number:016x}"
    tags = [f"Tag{tag}"] if dice % 5 < 2 else []
    urls = [f"https://site{domain}.example/{number}"] if dice % 7 < 2 else []
    emoji = [_EMOJI[dice % 20]] if dice % 11 < 3 else []
    return {
        "id": f"x:{1_790_000_000_000_000_000 + number}",
        "version": 0,
        "network": "x",
        "topics": topics,
        "created_at": format_time(time),
        "received_at": format_time(time + 900),
        "author": {"id": f"x:{author}", "handle": f"user{author}", "name": f"User {author}"},
        "text": " ".join([*said, *(f"#{tag}" for tag in tags), *emoji, *urls]),
        "lang": _LANGUAGES[language],
        "kind": "repost" if repost else _KINDS[dice % 3],
        "refers_to": None,
        "hashtags": tags,
        "mentions": [f"user{another}"] if dice % 3 == 0 else [],
        "urls": urls,
        "permalink": f"https://x.com/user{author}/status/{number}",
        "sentiment": {"label": SENTIMENTS[sentiment], "confidence": 0.8},
        "emotion": {"label": EMOTIONS[emotion], "confidence": 0.7},
        "entities": [{"text": f"Name {name}", "type": _TYPES[name % 8]}] if dice % 2 else [],
        "keywords": [{"text": f"{said[0]} p{phrase}", "score": 0.02}, {"text": f"p{another}", "score": 0.05}],
        "words": list(dict.fromkeys(said)),
        "domains": [f"site{domain}.example"] if urls else [],
        "emoji": emoji,
        "message_key": message,
        "models": _MODELS,
    }
