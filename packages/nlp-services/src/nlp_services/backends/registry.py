"""Backends by URL. `local:` is this process; other schemes come as adapters of their own."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from nlp_services.annotations import Capability
from nlp_services.backends.base import EntityTagger, KeywordExtractor, TextClassifier
from nlp_services.backends.savedmodel import SavedModelClassifier
from nlp_services.backends.spacy import SpacyTagger
from nlp_services.backends.yake_rust import keyword_extractor
from nlp_services.cards import load_card
from nlp_services.errors import BackendError

Backend = EntityTagger | KeywordExtractor | TextClassifier
Factory = Callable[[], Any]

_FACTORIES: Mapping[str, Mapping[Capability, Factory]] = {
    "local": {
        "entities": lambda: SpacyTagger(load_card("entities")),
        "keywords": keyword_extractor,
        "sentiment": lambda: SavedModelClassifier(load_card("sentiment")),
        "emotion": lambda: SavedModelClassifier(load_card("emotion")),
    },
}


def factory_for(capability: Capability, url: str) -> Factory:
    """What builds the backend that the URL names; nothing is loaded before it is called."""
    scheme = urlsplit(url).scheme
    if scheme not in _FACTORIES:
        known = ", ".join(f"`{name}:`" for name in _FACTORIES)
        raise BackendError(f"{capability}: no backend for {url!r}; use {known}, or leave the capability out")
    return _FACTORIES[scheme][capability]
