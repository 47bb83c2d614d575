"""Text classifiers as TensorFlow SavedModels, in this process."""

import os
from collections.abc import Sequence
from typing import Any

from nlp_services.backends.base import Classified
from nlp_services.cards import Card
from nlp_services.errors import ModelError

_BATCH = 256
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # these models gain nothing by it, and it changes results between machines
}


class SavedModelClassifier:
    """The serving signature of a SavedModel: raw texts in; label and calibrated confidence out."""

    def __init__(self, card: Card) -> None:
        tensorflow = _tensorflow()
        self._card = card
        self._constant = tensorflow.constant
        self._failures = (tensorflow.errors.OpError, ValueError, TypeError)
        try:
            self._model = tensorflow.saved_model.load(str(card.folder))  # kept: it owns the signature's variables
            self._signature = self._model.signatures["serving_default"]
        except (OSError, KeyError) as exc:
            raise ModelError(f"the model in {card.folder} cannot be loaded; install tweet-nlp-services again") from exc

    @property
    def version(self) -> str:
        return self._card.version

    def classify(self, texts: Sequence[str]) -> Classified:
        labels: list[str] = []
        confidences: list[float] = []
        probabilities: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            answer = self._call(texts[start : start + _BATCH])
            labels += [label.decode() for label in answer["label"].numpy().tolist()]
            confidences += answer["confidence"].numpy().tolist()
            probabilities += answer["probabilities"].numpy().tolist()
        return Classified(labels, confidences, probabilities)

    def _call(self, texts: Sequence[str]) -> Any:
        try:
            return self._signature(text=self._constant(list(texts)))
        except self._failures as exc:
            raise ModelError(f"the model `{self._card.name}` does not take texts; rebuild it") from exc


def _tensorflow() -> Any:
    """TensorFlow, silent and on one thread: a worker has one core, and batches go through whole."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import tensorflow  # noqa: PLC0415 - seconds to import: paid by those who rate

    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # the process uses TensorFlow already, on as many threads as it chose
    return tensorflow
