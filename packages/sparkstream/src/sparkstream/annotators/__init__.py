"""What finds meaning in posts, chosen by URL in `annotator_factory`."""

from __future__ import annotations

from importlib.util import find_spec

from sparkstream.annotation import AnnotatorFactory
from sparkstream.annotators.none import NotRated
from sparkstream.errors import MissingExtraError, SettingsError

__all__ = ["NotRated", "annotator_factory"]


def annotator_factory(url: str) -> AnnotatorFactory:
    """`local:` annotates in the workers with nlp-services, `none:` does not annotate at all.

    Raises:
        MissingExtraError: `local:` without the extra `nlp`.
        SettingsError: the URL means nothing.
    """
    if url == "none:":
        return NotRated
    if url != "local:":
        raise SettingsError(f"{url!r} is no annotator; write local: or none:")
    if find_spec("nlp_services") is None:
        raise MissingExtraError("nothing here rates posts; `pip install 'sparkstream[nlp]'` brings it")
    from sparkstream.annotators.nlp import local_analyzer  # noqa: PLC0415 - an extra

    return local_analyzer
