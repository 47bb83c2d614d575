"""Keywords by yake-rust, in this process: YAKE's scores seven times as fast, by YAKE's own stop words."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from nlp_services.backends.base import KeywordExtractor
from nlp_services.backends.yake import LONGEST_PHRASE, YakeExtractor, stop_list


def keyword_extractor() -> KeywordExtractor:
    """yake-rust where there is a wheel of it, else YAKE itself: the same phrases, but for ties and rare breaks."""
    return RustYakeExtractor() if find_spec("yake_rust") else YakeExtractor()


class RustYakeExtractor:
    """One extractor a list of stop words, made when it is first asked for."""

    def __init__(self) -> None:
        self._oracle = YakeExtractor()
        self._extractors: dict[str, Any] = {}

    @property
    def version(self) -> str:
        return f"{version('yake-rust')}+rust"

    def extract(self, texts: Sequence[str], language: str, *, top: int) -> list[list[tuple[str, float]]]:
        extractor = self._extractor(language)
        return [extractor.get_n_best(text, n=top) for text in texts]

    def _extractor(self, language: str) -> Any:
        name = stop_list(language)
        if name not in self._extractors:
            from yake_rust import Yake  # noqa: PLC0415 - where its wheel is there

            self._extractors[name] = Yake(stopwords=set(self._oracle.stop_words(language)), ngrams=LONGEST_PHRASE)
        return self._extractors[name]
