"""The phrases that say what a text is about. User names, addresses, repost marks and hash signs never count."""

import re
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

from nlp_services.annotations import Keyword
from nlp_services.backends.base import KeywordExtractor
from nlp_services.texts import has_letters, is_symbol, prose

TOP = 5
WINDOW_TOP = 20
_CANDIDATES = 8
_WINDOW_CANDIDATES = 40
_POST_END = " .\n"
_LONGEST_PHRASE = 60
_TAILS = frozenset({"d", "ll", "m", "re", "s", "t", "ve"})
"""What YAKE leaves of `we'll` and `don't`."""
_NUMBERED_TAG = re.compile(r"#(\w*[^\W\d_]{3})(\d+)\b")
"""`#WorldCup2022`: YAKE takes words that mix letters and digits for no words at all."""
_BREAK = " , "
"""Stands for what is left out, so that no phrase reaches across it."""


def find_keywords(texts: Sequence[str], languages: Sequence[str], extractor: KeywordExtractor) -> list[list[Keyword]]:
    """At most five phrases a text, best (lowest score) first, by the stop words of its language."""
    by_language: dict[str, list[int]] = defaultdict(list)
    for index, language in enumerate(languages):
        by_language[language].append(index)
    found: list[list[Keyword]] = [[] for _ in texts]
    for language, indexes in by_language.items():
        scored = extractor.extract([_plain(texts[index]) for index in indexes], language, top=_CANDIDATES)
        for index, phrases in zip(indexes, scored, strict=True):
            found[index] = _best(phrases)[:TOP]
    return found


def find_window_keywords(
    texts: Sequence[str], languages: Sequence[str], extractor: KeywordExtractor, *, hidden: Sequence[str] = ()
) -> list[Keyword]:
    """What all posts of a window are about: twenty phrases at most, best first.

    Copies of a post (reposts) count once. Several languages are looked at apart; a rarer one has higher scores, and so
    comes later. `hidden` are words, those of the query perhaps, that may not make up a phrase alone.
    """
    by_language: dict[str, dict[str, None]] = defaultdict(dict)
    for text, language in zip(texts, languages, strict=True):
        by_language[language].setdefault(_plain(text).strip())
    scored: list[tuple[str, float]] = []
    for language, posts in by_language.items():
        scored += extractor.extract([_POST_END.join(posts)], language, top=_WINDOW_CANDIDATES)[0]
    unwanted = {word for phrase in hidden for word in _words(phrase)}
    best = _best(sorted(scored, key=itemgetter(1)))
    return [keyword for keyword in best if set(_words(keyword.text)) - unwanted][:WINDOW_TOP]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _plain(text: str) -> str:
    words = _NUMBERED_TAG.sub(r" \1 \2", prose(text, gap=_BREAK)).replace("#", " ")
    return re.sub(r"[\w.]*…", _BREAK, "".join(_BREAK if is_symbol(c) else c for c in words))


def _best(phrases: Sequence[tuple[str, float]]) -> list[Keyword]:
    best: dict[str, float] = {}
    for phrase, score in phrases:
        text = phrase.lower().strip(" '’\"-_.")
        if text not in _TAILS and 1 < len(text) <= _LONGEST_PHRASE and has_letters(text):
            best.setdefault(text, score)
    return [Keyword(text, score) for text, score in best.items()]
