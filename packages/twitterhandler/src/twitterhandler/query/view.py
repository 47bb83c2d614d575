"""A post as terms see it, and how words are compared."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from twitterhandler.posts import Post

_EMOJI: Final = "\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0dff\u0f71-\u0f84\u1ab0-\u1aff\u1dc0-\u1dff"
)
"""Accents and vowel signs, which `\\w` takes for the end of a word; the blocks of India as a whole."""
_TOKEN: Final = re.compile(rf"[\w{_MARKS}]+|[{_EMOJI}]")
_VARIANT: Final = re.compile(r"[\ufe0e\ufe0f]")
"""Chooses between the black and the coloured form of a sign; keyboards disagree on writing it."""
_CASHTAG: Final = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?![\w$])")


def fold(text: str) -> str:
    """What is the same for the eye: composed, without case."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return _VARIANT.sub("", folded) if not folded.isascii() else folded


def words(folded: str) -> list[str]:
    """The tokens of a folded text: runs of letters and digits, and each emoji."""
    return _TOKEN.findall(folded)


def spaced(tokens: Sequence[str]) -> str:
    """Tokens with a space around each, so that runs of whole tokens are found by `in`."""
    return f" {' '.join(tokens)} "


def near(tokens: Sequence[str], wanted: Sequence[str], distance: int) -> bool:
    """Whether the different words `wanted` stand together with at most `distance` others among them.

    X counts as Lucene does: each word is moved back by its place in the phrase, and what is left of their spread is
    the distance, so that two words the wrong way round cost two.
    """
    latest: dict[str, int] = {}
    moved = sorted((place - wanted.index(token), token) for place, token in enumerate(tokens) if token in wanted)
    for place, token in moved:
        latest[token] = place
        if len(latest) == len(wanted) and place - min(latest.values()) <= distance:
            return True
    return False


class PostView:
    """Folded once, however many queries ask; what few of them ask for is made when it is asked for."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.folded = fold(post.text)

    @cached_property
    def words(self) -> list[str]:
        return words(self.folded)

    @cached_property
    def tokens(self) -> str:
        return spaced(self.words)

    @cached_property
    def hashtags(self) -> frozenset[str]:
        return frozenset(map(fold, self.post.hashtags))

    @cached_property
    def mentions(self) -> frozenset[str]:
        return frozenset(map(fold, self.post.mentions))

    @cached_property
    def cashtags(self) -> frozenset[str]:
        return frozenset(_CASHTAG.findall(self.folded))

    @cached_property
    def urls(self) -> tuple[str, ...]:
        return tuple(map(fold, self.post.urls))

    @cached_property
    def url_tokens(self) -> tuple[str, ...]:
        return tuple(spaced(words(url)) for url in self.urls)

    @cached_property
    def name_tokens(self) -> str:
        return spaced(words(fold(self.post.author.name)))

    @cached_property
    def handle(self) -> str:
        return fold(self.post.author.handle)

    @cached_property
    def author_number(self) -> str:
        return self.post.author.id.partition(":")[2]

    @cached_property
    def languages(self) -> tuple[str, str]:
        language = self.post.lang.casefold()
        return language, language.partition("-")[0]
