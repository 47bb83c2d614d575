"""Capabilities of another nlp-services, by its HTTP API (docs/contracts/services.md)."""

import time
from collections.abc import Sequence
from typing import Any

from nlp_services.annotations import Capability
from nlp_services.backends.base import Classified, Span
from nlp_services.backends.http import TIMEOUT, JsonServer, Sleep
from nlp_services.errors import BackendError, ModelError

_BATCH = 256
_ENGLISH = "en"
"""What is asked for is what the languages were sorted for already; the service need not guess again."""


class _Remote:
    """One capability of a service, asked in batches; each item of its answers is checked for its shape."""

    def __init__(
        self,
        url: str,
        capability: Capability,
        *,
        token: str | None = None,
        sleep: Sleep = time.sleep,
        timeout: float = TIMEOUT,
    ) -> None:
        self._server = JsonServer(url, token=token, sleep=sleep, timeout=timeout)
        self._capability = capability
        self._version: str | None = None

    @property
    def version(self) -> str:
        if self._version is None:
            self._found([], _ENGLISH)
        return str(self._version)

    def _found(self, texts: Sequence[str], language: str) -> list[Any]:
        found: list[Any] = []
        for start in range(0, max(1, len(texts)), _BATCH):
            batch = list(texts[start : start + _BATCH])
            body = {"texts": batch, "languages": [language] * len(batch)}
            answer = self._server.post(f"/v1/{self._capability}", body)
            try:
                items = [item[self._capability] for item in answer["items"]]
                self._version = str(answer["versions"][self._capability])
            except (KeyError, TypeError) as exc:
                raise self._strange() from exc
            if len(items) != len(batch):
                raise self._strange()
            found += items
        return found

    def _strange(self) -> ModelError:
        return ModelError(f"{self._server.url} does not answer as nlp-services does; is its URL right?")


class RemoteTagger(_Remote):
    """Entities, with our own types as labels."""

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        try:
            return [[Span(str(e["text"]), str(e["type"])) for e in names] for names in self._found(texts, _ENGLISH)]
        except (KeyError, TypeError) as exc:
            raise self._strange() from exc


class RemoteExtractor(_Remote):
    """Keywords of posts; a window, which is one long text, is more than a service takes.

    Raises:
        BackendError: More phrases are asked for than a post has.
    """

    most = 8

    def extract(self, texts: Sequence[str], language: str, *, top: int) -> list[list[tuple[str, float]]]:
        if top > self.most:
            raise BackendError("keywords of a window are found in process: use `local:` for them")
        try:
            return [[(str(k["text"]), float(k["score"])) for k in words] for words in self._found(texts, language)]
        except (KeyError, TypeError, ValueError) as exc:
            raise self._strange() from exc


class RemoteClassifier(_Remote):
    """Sentiment or emotion; a service says labels, not probabilities."""

    def classify(self, texts: Sequence[str]) -> Classified:
        found = self._found(texts, _ENGLISH) if texts else []
        try:
            return Classified([str(item["label"]) for item in found], [float(item["confidence"]) for item in found], [])
        except (KeyError, TypeError, ValueError) as exc:
            raise self._strange() from exc
