"""What the engines get to read: a clean copy of each text, which itself is never altered."""

import re
import unicodedata
from collections.abc import Sequence

MAX_CHARACTERS = 2_000
"""Characters of a text that are analysed; X's longest posts are longer, what they say is said by then."""

_ADDRESS_OR_USER = re.compile(r"https?://\S+|\bwww\.\S+|(?<!\w)@\w+")
_REPOST_MARK = re.compile(r"^\s*RT\b:?")


def readable(texts: Sequence[str]) -> list[str]:
    """Valid UTF-8 without NUL, cut to `MAX_CHARACTERS`; a lone surrogate becomes `?`."""
    return [_readable(text[:MAX_CHARACTERS]) for text in texts]


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def prose(text: str, *, gap: str = " ") -> str:
    """The text without addresses, user names and the mark of a repost; `gap` stands where they stood."""
    return _ADDRESS_OR_USER.sub(gap, _REPOST_MARK.sub("", text, count=1))


def has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def is_symbol(character: str) -> bool:
    """True for emoji, other pictographs, and the invisible characters that join them."""
    return unicodedata.category(character) in {"So", "Sk", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= character <= "\ufe0f"
