"""What a text says beside its meaning: words, emoji, domains, and the key under which copies of a message meet.

The text itself is never altered. Negation, hashtags, accents and every script survive here too: stop words are left out
of the counted words only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from hashlib import blake2b
from urllib.parse import urlsplit

import emoji as emoji_data
from nltk.tokenize.casual import TweetTokenizer

from sparkstream.stopwords import stop_words

_MIN_WORD = 2
_MAX_WORD = 40
"""Letters; longer runs are debris, or a script that writes without spaces."""
_MAX_SCANNED = 10_000
"""Characters of a text that are searched for words and emoji; posts are shorter, and no text may hold a batch up."""

_INSIDE_WORDS = "'-·\u200c\u200d"
"""Beside letters and the marks on them; the last two join and part letters in Persian and in scripts of India."""
_MAYBE_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_URL_OR_MENTION = re.compile(r"https?://\S+|@\w+", re.IGNORECASE)
_REPOST_MARK = re.compile(r"^\s*rt\s+@\w+:?\s*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NO_SPACES = re.compile(r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF]")
"""Thai, Lao, Burmese, Khmer, kana and ideographs: written without spaces between words."""


@cache
def _tokenizer() -> TweetTokenizer:
    return TweetTokenizer(preserve_case=False, reduce_len=True)


def words(text: str, language: str) -> list[str]:
    """The distinct words of a text in their order, case-folded; no stop words, numbers, URLs, mentions or hashtags."""
    stops = stop_words(language)
    plain = unicodedata.normalize("NFC", text[:_MAX_SCANNED]).replace("’", "'")
    folded = (token.casefold() for token in _tokenizer().tokenize(plain))
    return list(dict.fromkeys(word for word in folded if word not in stops and _is_word(word)))


def _is_word(token: str) -> bool:
    return (
        _MIN_WORD <= len(token) <= _MAX_WORD
        and all(char.isalpha() or char in _INSIDE_WORDS or unicodedata.category(char)[0] == "M" for char in token)
        and token[0].isalpha()
    )


@lru_cache(maxsize=256)
def finder(word: str) -> Callable[[str], bool]:
    """Whether a text holds a word: whole, whatever its case; in scripts that write no spaces, and signs, anywhere.

    As the query of a topic finds it, stop words too.
    """
    wanted = folded(word)
    before = r"(?<!\w)" if _has_edge(wanted[:1]) else ""
    after = r"(?!\w)" if _has_edge(wanted[-1:]) else ""
    pattern = re.compile(f"{before}{re.escape(wanted)}{after}")
    return lambda text: pattern.search(folded(text)) is not None


def _has_edge(char: str) -> bool:
    return re.fullmatch(r"\w", char) is not None and _NO_SPACES.fullmatch(char) is None


def folded(text: str) -> str:
    """As texts and what is looked for in them are compared."""
    return unicodedata.normalize("NFC", text).replace("’", "'").casefold()


def emoji(text: str) -> list[str]:
    """The distinct emoji of a text in their order, each in its fully qualified form with all its joined parts."""
    if not _MAYBE_EMOJI.search(text, 0, _MAX_SCANNED):
        return []
    return list(dict.fromkeys(_qualified(found["emoji"]) for found in emoji_data.emoji_list(text[:_MAX_SCANNED])))


@cache
def _qualified(found: str) -> str:
    """The one spelling of an emoji: keyboards leave out the variation selector, or some of several."""
    return emoji_data.emojize(emoji_data.demojize(found))


def domains(urls: Iterable[str]) -> list[str]:
    """The distinct hosts of URLs in their order, without `www.`; what is no URL with a host has none."""
    return list(dict.fromkeys(host for url in urls if (host := _host(url))))


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def message_key(text: str) -> str:
    """16 hex digits under which a message and its copies meet: blake2b-8 of the NFKC case-folded text.

    URLs, mentions and the mark of a repost do not count, nor does the spacing. A text of nothing but those is a message
    of its own kind: all of them share a key.
    """
    bare = _URL_OR_MENTION.sub(" ", _REPOST_MARK.sub("", text))
    folded = _SPACE.sub(" ", unicodedata.normalize("NFKC", bare).casefold()).strip()
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
