"""Text classifiers in TensorFlow Serving, by its REST API (https://www.tensorflow.org/tfx/serving/api_rest)."""

import time
from collections.abc import Sequence
from typing import Any

from nlp_services.backends.base import Classified
from nlp_services.backends.http import TIMEOUT, JsonServer, Sleep
from nlp_services.errors import ModelError

_BATCH = 256
_OUTPUTS = ("label", "confidence", "probabilities")


class ServingClassifier:
    """One model of a server: raw texts in columns; label, confidence and probabilities out.

    Args:
        url: That of the model, `http://host:8501/v1/models/sentiment`, with `/versions/3` where one is meant.
        classes: The number of probabilities that a text has.
        sleep: Waits between tries.
        timeout: Seconds for one batch.
    """

    def __init__(self, url: str, classes: int, *, sleep: Sleep = time.sleep, timeout: float = TIMEOUT) -> None:
        self._server = JsonServer(url, sleep=sleep, timeout=timeout)
        self._classes = classes
        self._version: str | None = None

    @property
    def version(self) -> str:
        """The version that the server names, once its signature is the one we need."""
        if self._version is None:
            found = self._server.get("/metadata")
            try:
                signatures = found["metadata"]["signature_def"]["signature_def"]
                outputs = signatures["serving_default"]["outputs"]
                version = str(found["model_spec"]["version"])
            except (KeyError, TypeError) as exc:
                raise self._strange("no metadata of a model") from exc
            if missing := set(_OUTPUTS) - set(outputs):
                raise self._strange(f"a model without {', '.join(sorted(missing))}")
            self._version = version
        return self._version

    def classify(self, texts: Sequence[str]) -> Classified:
        found = Classified([], [], [])
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            answer = self._server.post(":predict", {"inputs": {"text": list(batch)}})
            labels, confidences, probabilities = self._columns(answer, len(batch))
            found.labels.extend(labels)
            found.confidences.extend(confidences)
            found.probabilities.extend(probabilities)
        return found

    def _columns(self, answer: dict[str, Any], rows: int) -> tuple[list[str], list[float], list[list[float]]]:
        outputs = answer.get("outputs")
        columns: list[Any] = [outputs.get(name) for name in _OUTPUTS] if isinstance(outputs, dict) else []
        if len(columns) != len(_OUTPUTS) or not all(isinstance(c, list) and len(c) == rows for c in columns):
            raise self._strange("no column of each output")
        labels, confidences, probabilities = columns
        try:
            whole = [[float(value) for value in row] for row in probabilities]
            if not all(isinstance(label, str) for label in labels) or any(len(row) != self._classes for row in whole):
                raise self._strange("outputs of another type")
            return labels, [float(value) for value in confidences], whole
        except (TypeError, ValueError) as exc:
            raise self._strange("outputs of another type") from exc

    def _strange(self, what: str) -> ModelError:
        return ModelError(f"{self._server.url} gives {what}; serve the SavedModel of this capability there")
