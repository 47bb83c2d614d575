"""Keywords by YAKE, in this process."""

import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from typing import Any

_LONGEST_PHRASE = 2
_CANDIDATES = 8
# fmt: off
_STOP_WORDS = frozenset((
    "ar", "bg", "cz", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "hi", "hr", "hu", "hy", "id", "it", "ja",
    "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "zh",
))
# fmt: on
_OTHER_NAMES = {"cs": "cz", "nb": "no", "nn": "no"}  # YAKE's files are not all named by language codes
_NO_STOP_WORDS = "noLang"


class YakeExtractor:
    """One extractor a language, made when the language is first met."""

    def __init__(self) -> None:
        # YAKE quotes the text it failed on in its log: texts of posts belong in no log.
        logging.getLogger("yake").setLevel(logging.CRITICAL + 1)
        self._extractors: dict[str, Any] = {}

    @property
    def version(self) -> str:
        return version("yake")

    def extract(self, texts: Sequence[str], language: str) -> list[list[tuple[str, float]]]:
        extractor = self._extractor(language)
        return [[(phrase, float(score)) for phrase, score in extractor.extract_keywords(text)] for text in texts]

    def _extractor(self, language: str) -> Any:
        name = _OTHER_NAMES.get(language, language)
        language = name if name in _STOP_WORDS else _NO_STOP_WORDS
        if language not in self._extractors:
            import yake  # noqa: PLC0415 - pulls in networkx: paid by those who extract

            with redirect_stdout(StringIO()):  # it prints of some of its own lists that they are not in UTF-8
                self._extractors[language] = yake.KeywordExtractor(lan=language, n=_LONGEST_PHRASE, top=_CANDIDATES)
        return self._extractors[language]
