"""All capabilities over one batch of texts."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from nlp_services.annotations import CAPABILITIES, CLASSES, Analysis, Capability, Entity, Keyword
from nlp_services.backends.langid import LangidDetector
from nlp_services.backends.registry import factory_for
from nlp_services.emotion import rate_emotion
from nlp_services.entities import find_entities
from nlp_services.errors import InputError
from nlp_services.keywords import find_keywords, find_window_keywords
from nlp_services.language import resolve
from nlp_services.sentiment import rate_sentiment
from nlp_services.texts import readable

T = TypeVar("T")

_TAGGED_LANGUAGES = frozenset({"en"})


class Analyzer:
    """Entities, keywords, sentiment and emotion of texts, each by the backend that its URL names.

    Models load at the first call or by `warm_up()`, once an instance. An instance may be pickled to another process
    (what is loaded stays behind) and used from several threads (calls take turns).

    Args:
        entities: URL of the backend (`local:` is this process), or None to switch the capability off.
        keywords: The same.
        sentiment: The same.
        emotion: The same.
        token: What an nlp-services by URL wants beyond loopback; sent to all of them, to TensorFlow Serving never.

    Raises:
        BackendError: A URL names no backend, or the token cannot be sent.
    """

    def __init__(
        self,
        *,
        entities: str | None = "local:",
        keywords: str | None = "local:",
        sentiment: str | None = "local:",
        emotion: str | None = "local:",
        token: str | None = None,
    ) -> None:
        urls: dict[Capability, str | None] = {
            "entities": entities,
            "keywords": keywords,
            "sentiment": sentiment,
            "emotion": emotion,
        }
        self._urls: dict[Capability, str] = {name: url for name, url in urls.items() if url is not None}
        self._token = token
        for capability, url in self._urls.items():
            factory_for(capability, url, token)
        self._prepare()

    def _prepare(self) -> None:
        self._lock = threading.RLock()
        self._backends: dict[str, Any] = {}

    def __getstate__(self) -> tuple[dict[Capability, str], str | None]:
        return self._urls, self._token

    def __setstate__(self, state: tuple[dict[Capability, str], str | None]) -> None:
        self._urls, self._token = state
        self._prepare()

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """The capabilities that are on."""
        return tuple(self._urls)

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each capability's model or library; loads what is not loaded yet."""
        return {capability: self._backend(capability).version for capability in self._urls}

    def warm_up(self) -> None:
        """Loads every model and runs a text through it, so that the next call takes its usual time."""
        self.analyze(["A good day in London."])

    def analyze(
        self,
        texts: Sequence[str],
        languages: Sequence[str] | None = None,
        *,
        only: Collection[Capability] = CAPABILITIES,
    ) -> Analysis:
        """Columns as long as `texts`. Equal texts of a batch are analysed once and share their values.

        Args:
            texts: Any strings; of each the first 2,000 characters are analysed.
            languages: BCP 47 codes; `und` (the default) is detected. Sentiment, emotion and entities are for English.
            only: The capabilities to run, of those that are on.

        Raises:
            InputError: `texts` are no strings, or `languages` has another length.
            ModelError: A model cannot be loaded.
            UnavailableError: A service does not answer.
            DeniedError: A service wants a token, or another one.
        """
        _check(texts, languages)
        with self._lock:
            clean = readable(texts)
            pairs = list(zip(clean, resolve(clean, languages, self._detect), strict=True))
            unique = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
            distinct, spoken = [text for text, _ in unique], [language for _, language in unique]
            places = [unique[pair] for pair in pairs]

            def column(capability: Capability, find: Callable[[Any], list[T]]) -> list[T] | None:
                if capability not in self._urls or capability not in only:
                    return None
                found = find(self._backend(capability))
                return [found[place] for place in places]

            return Analysis(
                entities=column("entities", lambda tagger: _tag(distinct, spoken, tagger)),
                keywords=column("keywords", lambda extractor: find_keywords(distinct, spoken, extractor)),
                sentiment=column("sentiment", lambda model: rate_sentiment(distinct, spoken, model)),
                emotion=column("emotion", lambda model: rate_emotion(distinct, spoken, model)),
            )

    def probabilities(self, capability: Capability, texts: Sequence[str]) -> list[dict[str, float]]:
        """What the classifier thinks of each text, whatever its language and however unsure it is.

        Args:
            capability: `sentiment` (three classes, adding up to one) or `emotion` (six that may come together, and
                `none`: each stands for itself).
            texts: Any strings; of each the first 2,000 characters count.

        Raises:
            InputError: The capability is off or no classifier, or `texts` are no strings.
            ModelError: The model cannot be loaded.
        """
        _check(texts, None)
        if capability not in CLASSES or capability not in self._urls:
            raise InputError(f"no probabilities of {capability!r}: ask for sentiment or emotion, and leave it on")
        with self._lock:
            rows = self._backend(capability).classify(readable(texts)).probabilities
        if len(rows) != len(texts):
            raise InputError(f"the service behind {capability} gives labels only: use `local:` or TensorFlow Serving")
        return [dict(zip(CLASSES[capability], row, strict=True)) for row in rows]

    def window_keywords(
        self, texts: Sequence[str], languages: Sequence[str] | None = None, *, hidden: Sequence[str] = ()
    ) -> list[Keyword]:
        """What the posts of one window are about together: twenty phrases at most, best (lowest score) first.

        Args:
            texts: The posts; copies count once. The time this takes grows with their number.
            languages: BCP 47 codes; `und` (the default) is detected.
            hidden: Words, or phrases of them, that are no news: those of the topic's own query.

        Raises:
            InputError: Keywords are off, `texts` are no strings, or `languages` has another length.
        """
        _check(texts, languages)
        if "keywords" not in self._urls:
            raise InputError("no keywords here: leave the capability on")
        with self._lock:
            clean = readable(texts)
            spoken = resolve(clean, languages, self._detect)
            return find_window_keywords(clean, spoken, self._backend("keywords"), hidden=hidden)

    def _backend(self, capability: Capability) -> Any:
        with self._lock:
            if capability not in self._backends:
                self._backends[capability] = factory_for(capability, self._urls[capability], self._token)()
            return self._backends[capability]

    def _detect(self, text: str) -> str:
        if "language" not in self._backends:
            self._backends["language"] = LangidDetector()
        return str(self._backends["language"].detect(text))


def _check(texts: Sequence[str], languages: Sequence[str] | None) -> None:
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise InputError("texts must be a list of strings")
    if languages is not None and len(languages) != len(texts):
        raise InputError(f"{len(languages)} languages for {len(texts)} texts; give one each, `und` where unknown")


def _tag(texts: Sequence[str], languages: Sequence[str], tagger: Any) -> list[list[Entity]]:
    """Entities of the English texts; the tagger knows no other language."""
    english = [index for index, language in enumerate(languages) if language in _TAGGED_LANGUAGES]
    found: list[list[Entity]] = [[] for _ in texts]
    for index, entities in zip(english, find_entities([texts[i] for i in english], tagger), strict=True):
        found[index] = entities
    return found
