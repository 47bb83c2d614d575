"""The language of a text whose source does not know it."""

from collections.abc import Callable, Sequence

from nlp_services.texts import prose

UNKNOWN = "und"
_FEWEST_LETTERS = 3
_NO_LANGUAGE = frozenset({"art", "mul", "qam", "qct", "qht", "qme", "qst", "zxx"})
"""https://docs.x.com/x-api: only mentions, cashtags, hashtags, links, too short, or no words at all."""


def primary(language: str) -> str:
    """The primary subtag: `en` for `en-GB`; X's codes for texts without language (`qht`, `zxx`, …) are `und`."""
    code = language.replace("_", "-").split("-", 1)[0].lower()
    return UNKNOWN if not code or code in _NO_LANGUAGE else code


def resolve(texts: Sequence[str], languages: Sequence[str] | None, detect: Callable[[str], str]) -> list[str]:
    """Primary subtags as given; those that are `und` (all of them, when none are given) are detected.

    A text with fewer than three letters, apart from addresses and user names, stays `und`.
    """
    given = [UNKNOWN] * len(texts) if languages is None else [primary(language) for language in languages]
    return [
        _detect(text, detect) if language == UNKNOWN else language for text, language in zip(texts, given, strict=True)
    ]


def _detect(text: str, detect: Callable[[str], str]) -> str:
    words = prose(text)
    if sum(map(str.isalpha, words)) < _FEWEST_LETTERS:
        return UNKNOWN
    return detect(words.replace("#", ""))
