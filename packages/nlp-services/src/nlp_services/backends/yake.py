"""Keywords by YAKE, in this process."""

import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from typing import Any

LONGEST_PHRASE = 2
# fmt: off
_STOP_WORDS = frozenset((
    "ar", "bg", "cz", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "hi", "hr", "hu", "hy", "id", "it", "ja",
    "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "zh",
))
# fmt: on
_OTHER_NAMES = {"cs": "cz", "nb": "no", "nn": "no"}  # YAKE's files are not all named by language codes
_NO_STOP_WORDS = "noLang"


class YakeExtractor:
    """One extractor a language and number of phrases, made when it is first asked for."""

    def __init__(self) -> None:
        # YAKE quotes the text it failed on in its log: texts of posts belong in no log.
        logging.getLogger("yake").setLevel(logging.CRITICAL + 1)
        self._extractors: dict[tuple[str, int], Any] = {}

    @property
    def version(self) -> str:
        return version("yake")

    def extract(self, texts: Sequence[str], language: str, *, top: int) -> list[list[tuple[str, float]]]:
        extractor = self._extractor(language, top)
        return [[(phrase, float(score)) for phrase, score in extractor.extract_keywords(text)] for text in texts]

    def stop_words(self, language: str) -> frozenset[str]:
        return frozenset(self._extractor(language, 1).stopword_set)

    def _extractor(self, language: str, top: int) -> Any:
        key = (stop_list(language), top)
        if key not in self._extractors:
            import yake  # noqa: PLC0415 - pulls in networkx: paid by those who extract

            with redirect_stdout(StringIO()):  # it prints of some of its own lists that they are not in UTF-8
                self._extractors[key] = yake.KeywordExtractor(lan=key[0], n=LONGEST_PHRASE, top=top)
        return self._extractors[key]


def stop_list(language: str) -> str:
    """The list of stop words for a language, as YAKE calls it; `noLang` where it has none."""
    name = _OTHER_NAMES.get(language, language)
    return name if name in _STOP_WORDS else _NO_STOP_WORDS
