"""What happens to a trained entity model: its figures, its card, and its place in the wheel, where it is no worse."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example

from models.common.cards import write_card
from models.common.errors import NotReleasedError
from models.entities import sets
from models.entities.train import BASE, Recipe

VERSION = "0.4.0"
FLOORS = {"btc/test": 0.54, "wnut17/test": 0.38}
"""F1 of exact spans."""
STRINGS = ("PERSON", "ORG", "GPE")
"""All that the model must spell out: it knows words by their hashes, so none of a training post is kept."""
TRIED = [
    "from scratch, 96 wide and 4 deep: F1 .496 on the Broad Twitter Corpus, .346 on WNUT-17",
    "en_core_web_sm as it comes: .387 and .251",
    "the teacher itself (0.2.0), three times as dear: .549 and .432",
    "taught by a teacher that had seen 78 texts of the tests (0.3.0): .554 and .432",
    "the student before its persons were renamed: as good within a point, but it missed rare names",
]
Figures = Mapping[str, dict[str, float]]


def evaluate(nlp: Language, data: Path, part: str) -> dict[str, float]:
    """Exact spans, precision, recall and F1, and F1 of each type."""
    gold = list(sets.documents(sets.rows(data, part), nlp))
    found = nlp.pipe([nlp.make_doc(document.text) for document in gold], batch_size=256)
    examples = [Example(ours, theirs) for ours, theirs in zip(found, gold, strict=True)]
    scores = nlp.get_pipe("ner").score(examples)
    types = {f"f1_{kind}": values["f"] for kind, values in scores["ents_per_type"].items()}
    whole = {"precision": scores["ents_p"], "recall": scores["ents_r"], "f1": scores["ents_f"], **types}
    return {name: round(float(value), 4) for name, value in whole.items()}


def release(trained: Path, data: Path, recipe: Recipe, *, to: Path, floors: Mapping[str, float] = FLOORS) -> Path:
    """Puts the pipeline, without the strings it met in training, where the wheel takes it; writes its card.

    Raises:
        NotReleasedError: Where it is below a floor, or the one that is there is better; nothing is replaced then.
    """
    folder, fresh = to / "entities", to / ".entities"
    shutil.rmtree(fresh, ignore_errors=True)
    _without_posts(trained, fresh)
    nlp = spacy.load(fresh)
    figures = {part: evaluate(nlp, data, part) for part in sets.TEST}
    before = {part: evaluate(spacy.load(folder), data, part) for part in floors} if folder.exists() else {}
    try:
        _judge(figures, before, floors)
        write_card(fresh, "entities", card(figures, data, recipe), made_with={"spacy": spacy.__version__})
    except NotReleasedError:
        shutil.rmtree(fresh)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def _without_posts(trained: Path, fresh: Path) -> None:
    shutil.copytree(trained, fresh)
    (fresh / "vocab" / "strings.json").write_text(json.dumps(STRINGS), encoding="utf-8")
    config = spacy.util.load_config(fresh / "config.cfg")
    config["paths"].update(train=None, dev=None)
    config.to_disk(fresh / "config.cfg")
    meta = json.loads((fresh / "meta.json").read_text(encoding="utf-8"))
    meta |= {"name": "posts", "version": VERSION, "performance": {}}
    (fresh / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def _judge(figures: Figures, before: Figures, floors: Mapping[str, float]) -> None:
    low = [
        f"{part} {figures[part]['f1']:.4f}, not {floor}"
        for part, floor in floors.items()
        if figures[part]["f1"] < floor
    ]
    if low:
        raise NotReleasedError(f"entities is below its floors: {'; '.join(low)}")
    worse = [
        f"{part} {found['f1']:.4f}, not {figures[part]['f1']:.4f}"
        for part, found in before.items()
        if figures[part]["f1"] < found["f1"]
    ]
    if worse:
        raise NotReleasedError(f"the entities in the wheel are better: {'; '.join(worse)}")


def card(figures: Figures, data: Path, recipe: Recipe) -> dict[str, Any]:
    rows = {part: len(sets.rows(data, part)) for part in (*sets.TRAIN, *sets.VALIDATION)}
    return {
        "version": VERSION,
        "labels": list(STRINGS),
        "languages": ["en"],
        "data": {
            "train": "Broad Twitter Corpus, WNUT-17, Tweebank-NER: persons, organisations (and groups), places; "
            "user names left out; and unlabelled posts as a larger model, the teacher, labels them",
            "validation": "Broad Twitter Corpus and Tweebank-NER, development parts",
            "test": "the test parts of the three; exact spans",
            "rows": rows,
            "terms": "CC BY 4.0, CC BY 4.0, Apache-2.0; begun from spaCy's en_core_web_sm 3.8.0 (MIT)",
        },
        "recipe": {"base": BASE, "configs": ["teacher.cfg", "student.cfg", "renamed.cfg"], **asdict(recipe)},
        "calibration": None,
        "metrics": {"test": {part.replace("/", "_"): found for part, found in figures.items()}},
        "tried": TRIED,
    }
