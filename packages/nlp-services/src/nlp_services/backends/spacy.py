"""Entities by a spaCy pipeline, in this process."""

from collections.abc import Sequence

from nlp_services.backends.base import Span
from nlp_services.cards import Card
from nlp_services.errors import ModelError

_BATCH = 256


class SpacyTagger:
    """One loaded pipeline; texts go through it in batches of 256."""

    def __init__(self, card: Card) -> None:
        import spacy  # noqa: PLC0415 - a second to import: paid by those who tag

        self._card = card
        try:
            self._nlp = spacy.load(card.folder)
        except (OSError, ValueError) as exc:
            raise ModelError(f"the model in {card.folder} cannot be loaded; install tweet-nlp-services again") from exc

    @property
    def version(self) -> str:
        return self._card.version

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        with self._nlp.memory_zone():  # what it learnt of new words goes with the batch: posts never end, memory does
            documents = self._nlp.pipe(texts, batch_size=_BATCH)
            return [[Span(entity.text, entity.label_) for entity in document.ents] for document in documents]
