"""Names in a text, typed. Numbers, dates, amounts and the debris of posts are no entities."""

import re
from collections.abc import Sequence
from typing import Final

from nlp_services.annotations import Entity, EntityType
from nlp_services.backends.base import EntityTagger, Span
from nlp_services.texts import has_letters, is_symbol

_TYPES: Final[dict[str, EntityType]] = {
    "PERSON": "PERSON",
    "ORG": "ORG",
    "GPE": "PLACE",
    "LOC": "PLACE",
    "FAC": "PLACE",
    "PRODUCT": "PRODUCT",
    "EVENT": "EVENT",
    "WORK_OF_ART": "WORK",
    "NORP": "GROUP",
    "LAW": "OTHER",
    "LANGUAGE": "OTHER",
    "PLACE": "PLACE",
    "WORK": "WORK",
    "GROUP": "GROUP",
    "OTHER": "OTHER",
}
_DEBRIS = re.compile(r"https?:|www\.|@|&\w+;|\bRT\b")
_DETERMINER = re.compile(r"(?:the|this|that|these|those|an?|our|my|your|his|her|their)\s+(?=\w)")
"""In lower case it is grammar ("this World Cup"); in upper case it may be of the name ("The Hague")."""
_INITIALS = re.compile(r"\w(\.\w)+")
_EDGES = " \t\r\n\"'`´‘’“”«».,:;!?…|/\\()[]{}<>*_~^=+#-–—&"
_LONGEST_NAME = 80


def find_entities(texts: Sequence[str], tagger: EntityTagger) -> list[list[Entity]]:
    return [_entities(spans) for spans in tagger.tag(texts)]


def _entities(spans: Sequence[Span]) -> list[Entity]:
    """Each name once a text, in the order of the text."""
    found = (entity for span in spans if (entity := _entity(span)) is not None)
    return list(dict.fromkeys(found))


def _entity(span: Span) -> Entity | None:
    kind, name = _TYPES.get(span.label), plain_name(span.text)
    return None if kind is None or name is None else Entity(name, kind)


def plain_name(raw: str) -> str | None:
    """A name without what clings to it (signs, a determiner, a genitive); None for what is no name at all."""
    if _DEBRIS.search(raw):
        return None
    name = " ".join("".join(" " if is_symbol(c) else c for c in raw).split()).strip(_EDGES)
    name = re.sub(r"['’]s$", "", name)
    if determiner := _DETERMINER.match(name):
        name = name[determiner.end() :]
    if _INITIALS.fullmatch(name):
        name += "."
    if len(name) < 2 or len(name) > _LONGEST_NAME or not has_letters(name):
        return None
    return name
