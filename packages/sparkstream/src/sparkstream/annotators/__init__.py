"""What finds meaning in posts, chosen by URL in `annotator_factory`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from sparkstream.annotation import AnnotatorFactory
from sparkstream.annotators.none import NotRated
from sparkstream.errors import MissingExtraError, SettingsError

__all__ = ["NotRated", "annotator_factory"]


CAPABILITIES: Final = ("entities", "keywords", "sentiment", "emotion")
_HOW: Final = (
    "write local:, none:, or http://HOST:9004 of an nlp-services; what has another place goes behind a ?,"
    " as none:?keywords=http://HOST:9005&sentiment=http://HOST:8501/v1/models/sentiment"
)


def annotator_factory(url: str, *, token: str | None = None) -> AnnotatorFactory:
    """`local:` annotates in the workers with nlp-services, `http://…` by such a service, `none:` does not annotate.

    `BASE?CAPABILITY=URL&…` gives single capabilities another place, each the same three. The token is what
    the services want.

    Raises:
        MissingExtraError: anything but `none:` without the extra `nlp`.
        SettingsError: the URL means nothing, or the token cannot be sent.
    """
    base, _, others = url.partition("?")
    try:
        places = dict.fromkeys(CAPABILITIES, base) | dict(parse_qsl(others, strict_parsing=True) if others else ())
    except ValueError:
        places = {}
    if not places or len(places) > len(CAPABILITIES) or not all(map(_is_place, places.values())):
        raise SettingsError(f"{url!r} is no annotator; {_HOW}")
    if set(places.values()) == {"none:"}:
        return NotRated
    if find_spec("nlp_services") is None:
        raise MissingExtraError("nothing here rates posts; `pip install 'sparkstream[nlp]'` brings it")
    from sparkstream.annotators.nlp import NlpFactory  # noqa: PLC0415 - an extra

    urls = {name: None if place == "none:" else place for name, place in places.items()}
    factory = NlpFactory(**urls, token=token)
    factory()  # loads and asks nothing yet, but knows which places there can be
    return factory


def _is_place(url: str) -> bool:
    parts = urlsplit(url)
    return url in ("local:", "none:") or (parts.scheme in ("http", "https") and bool(parts.netloc))
