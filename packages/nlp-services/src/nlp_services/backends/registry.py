"""Backends by URL: `local:` is this process; `http://…` another nlp-services, or a model in TensorFlow Serving."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from nlp_services.annotations import CLASSES, Capability
from nlp_services.backends.base import EntityTagger, KeywordExtractor, TextClassifier
from nlp_services.backends.savedmodel import SavedModelClassifier
from nlp_services.backends.service import RemoteClassifier, RemoteExtractor, RemoteTagger
from nlp_services.backends.serving import ServingClassifier
from nlp_services.backends.spacy import SpacyTagger
from nlp_services.backends.yake_rust import keyword_extractor
from nlp_services.cards import load_card
from nlp_services.errors import BackendError

Backend = EntityTagger | KeywordExtractor | TextClassifier
Factory = Callable[[], Any]

_LOCAL: Mapping[Capability, Factory] = {
    "entities": lambda: SpacyTagger(load_card("entities")),
    "keywords": keyword_extractor,
    "sentiment": lambda: SavedModelClassifier(load_card("sentiment")),
    "emotion": lambda: SavedModelClassifier(load_card("emotion")),
}
_MODEL_PATH = "/v1/models/"
"""Begins the path of every model in TensorFlow Serving."""


def factory_for(capability: Capability, url: str, token: str | None = None) -> Factory:
    """What builds the backend that the URL names; nothing is loaded or asked before it is called. The token is for an
    nlp-services: TensorFlow Serving knows none.

    Raises:
        BackendError: The URL names none, or the token cannot be sent.
    """
    if token is not None and not (token.isascii() and token.isprintable()):
        raise BackendError("the token has a line break or a letter beyond ASCII, which no header can carry; mend it")
    parts = urlsplit(url)
    if parts.scheme == "local":
        return _LOCAL[capability]
    if parts.scheme in {"http", "https"} and parts.netloc:
        if _MODEL_PATH not in parts.path:
            return _of_a_service(capability, url, token)
        if capability in CLASSES:
            return lambda: ServingClassifier(url, len(CLASSES[capability]))
    raise BackendError(
        f"{capability}: no backend for {url!r}; use `local:`, `http://…` of an nlp-services, or for sentiment and "
        f"emotion `http://…{_MODEL_PATH}NAME` of TensorFlow Serving"
    )


def _of_a_service(capability: Capability, url: str, token: str | None) -> Factory:
    match capability:
        case "entities":
            return lambda: RemoteTagger(url, capability, token=token)
        case "keywords":
            return lambda: RemoteExtractor(url, capability, token=token)
        case _:
            return lambda: RemoteClassifier(url, capability, token=token)
