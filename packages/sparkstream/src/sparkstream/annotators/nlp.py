"""nlp-services, in process or by URL: the one place where a package of this repository imports another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from nlp_services import Analyzer
from nlp_services.errors import BackendError, DeniedError, NlpError

from sparkstream.annotation import Analysis, Annotator
from sparkstream.errors import AnnotatorError, AnnotatorUnavailableError, SettingsError


@dataclass(frozen=True, slots=True)
class NlpFactory:
    """Makes the annotator in each worker; equal ones make one that a worker keeps. The URL of each capability is
    `local:`, `http://…`, or None where it is off.
    """

    entities: str | None = "local:"
    keywords: str | None = "local:"
    sentiment: str | None = "local:"
    emotion: str | None = "local:"
    token: str | None = field(default=None, repr=False)

    def __call__(self) -> Annotator:
        try:
            return NlpAnnotator(Analyzer(**asdict(self)))
        except BackendError as error:
            raise SettingsError(str(error)) from error


class NlpAnnotator:
    """An `Analyzer` whose errors are ours.

    Raises (from both):
        AnnotatorUnavailableError: a service does not answer; nothing was annotated.
        AnnotatorError: a model cannot be loaded, what answers is no such service, or it wants another token.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    @property
    def versions(self) -> Mapping[str, str]:
        with _errors():
            return self._analyzer.versions

    def analyze(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Analysis:
        with _errors():
            return self._analyzer.analyze(texts, languages)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except DeniedError as error:
        raise AnnotatorError(f"{error}, in SPARKSTREAM_ANNOTATOR_TOKEN") from error
    except NlpError as error:
        ours = AnnotatorUnavailableError if error.retriable else AnnotatorError
        raise ours(str(error)) from error
