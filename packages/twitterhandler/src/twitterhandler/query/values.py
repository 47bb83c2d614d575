"""What may stand behind an operator: each function folds a value, or says what it must look like."""

import re
from typing import Final

from twitterhandler.query.view import fold, spaced, words

RETIRED_LANGUAGES: Final = {"in": "id", "iw": "he", "ji": "yi"}
"""Codes that X still writes and BCP 47 has replaced; records have the new ones."""

_TWO_LETTERS: Final = frozenset(
    re.findall(
        r"\w+",
        """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """,
    )
)
"""ISO 639-1. Codes of three letters are too many to list, and what X makes up (`qht`, `zxx`) has three as well."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_HANDLE: Final = re.compile(r"[\w.@:-]+")
_RANGE: Final = re.compile(r"(\d{1,15})(?:\.\.(\d{1,15}))?")
_CONTEXT: Final = re.compile(r"(\d+|\*)\.(\d+|\*)")
_RADIUS: Final = re.compile(r"(\d+(?:\.\d+)?)(km|mi)")
_MILE: Final = 1.609344
MAX_MILES: Final = 25.0
"""X: of a radius, and of a side of a box."""


def handle(text: str) -> str:
    folded = fold(text).removeprefix("@")
    if not _HANDLE.fullmatch(folded):
        raise ValueError("needs one account, such as ada")
    return folded


def phrase(text: str) -> str:
    if not (tokens := words(fold(text))):
        raise ValueError("needs a word")
    return spaced(tokens)


def literal(text: str) -> str:
    if not (folded := fold(text).strip()):
        raise ValueError("needs a text")
    return folded


def language(text: str) -> str:
    code = RETIRED_LANGUAGES.get(text.casefold(), text.casefold())
    if not _LANGUAGE.fullmatch(code):
        raise ValueError("needs the code of one language, such as en or zh-TW")
    if len(primary := code.partition("-")[0]) == 2 and primary not in _TWO_LETTERS:
        raise ValueError(f"needs the code of one language, such as en or zh-TW; {primary!r} is of none")
    return code


def number(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("needs a number")
    return text


def span(text: str) -> str:
    found = _RANGE.fullmatch(text) if text.isascii() else None
    if not found or (found[2] and int(found[1]) > int(found[2])):
        raise ValueError("needs a number or a range, such as 100..5000")
    return text


def percent(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise ValueError("needs a share from 1 to 100")
    return text


def share(text: str) -> str:
    if not re.fullmatch(r"[01]?\.\d+|[01]", text) or not 0 <= float(text) <= 1:
        raise ValueError("needs a number from 0 to 1, such as 0.4")
    return text


def country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError("needs a country of two letters, such as DE")
    return text.upper()


def context(text: str) -> str:
    if not _CONTEXT.fullmatch(text) or not text.isascii():
        raise ValueError("needs a domain and an entity, such as 10.799022225751871488 or 47.*")
    return text


def radius(text: str) -> str:
    found = _numbers(text, 2)
    reach = _RADIUS.fullmatch(text.strip("[]").split()[-1].casefold()) if found else None
    if not found or not reach or not _on_earth(*found):
        raise ValueError("needs longitude, latitude and radius, such as [2.35 48.86 16km]")
    if float(reach[1]) / (_MILE if reach[2] == "km" else 1) > MAX_MILES:
        raise ValueError("reaches at most 25 miles (40 km)")
    return text


def box(text: str) -> str:
    corners = _numbers(text, 4)
    if not corners or not (_on_earth(*corners[:2]) and _on_earth(*corners[2:])) or corners[1] > corners[3]:
        raise ValueError("needs west, south, east and north, such as [13.1 52.3 13.7 52.6]")
    return text


def _numbers(text: str, count: int) -> list[float] | None:
    """The first `count` numbers between brackets; there may be one more word after them."""
    if not (text.isascii() and text.startswith("[") and text.endswith("]")):
        return None
    parts = text[1:-1].split()
    if len(parts) != (count if count == 4 else count + 1):
        return None
    if not all(re.fullmatch(r"[+-]?\d{1,3}(\.\d+)?", part) for part in parts[:count]):
        return None
    return [float(part) for part in parts[:count]]


def _on_earth(longitude: float, latitude: float) -> bool:
    return abs(longitude) <= 180 and abs(latitude) <= 90
