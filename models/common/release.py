"""What happens to a blessed model: its card, and its place in the wheel, where it is no worse than the one there."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.common import data
from models.common.cards import write_card
from models.common.errors import NotReleasedError
from models.common.judging import Bound
from models.common.names import named
from models.common.pipeline import Task
from models.common.serving import FACTS, Answers, loaded, scores

Evaluate = Callable[[data.Sets, Mapping[str, Answers]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Description:
    """What a card says: `evaluate` gives its figures, `card` the rest, from what the fit found."""

    labels: tuple[str, ...]
    evaluate: Evaluate
    card: Callable[[dict[str, Any]], dict[str, Any]]


def release(task: Task, pushed: Path, described: Description, folder_of_data: Path, *, to: Path) -> Path:
    """Puts the model into the folder that the wheel takes, with its card.

    Args:
        task: Whose model it is; by its bounds it may be no worse than the one that is there.
        pushed: The SavedModel.
        described: What its card says.
        folder_of_data: The folder with the data sets.
        to: The folder of all models of the wheel.

    Raises:
        NotReleasedError: Where the one in the wheel is better, or the new one too large; nothing is replaced then.
    """
    name, folder = task.name, to / task.name
    sets = {split: named(task.rows)(folder_of_data, split) for split in ("validation", "test")}
    answers = {split: answered(pushed, found) for split, found in sets.items()}
    if (folder / "saved_model.pb").exists():
        before = answered(folder, sets["test"])
        if worse := list(_worse(task.bounds, described.labels, sets["test"], answers["test"], before)):
            raise NotReleasedError(f"{name} is in {pushed}, but the one in the wheel is better: {', '.join(worse)}")
    facts = json.loads((pushed / FACTS).read_text(encoding="utf-8"))
    facts["rows"] |= {split: {of: len(rows) for of, rows in found.items()} for split, found in sets.items()}
    metrics = {split: described.evaluate(sets[split], found) for split, found in answers.items()}
    fresh = to / f".{name}"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(pushed, fresh, ignore=shutil.ignore_patterns("assets", "assets.extra"))
    try:
        made_with = {package: version(package) for package in ("tfx", "tensorflow-cpu")}
        write_card(fresh, name, described.card(facts) | {"metrics": metrics}, made_with=made_with)
    except NotReleasedError:
        shutil.rmtree(fresh)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def answered(model: Path, sets: data.Sets) -> dict[str, Answers]:
    """Through the signature that serves."""
    ask = loaded(model)
    return {name: ask([data.as_collected(row["text"]) for row in rows]) for name, rows in sets.items()}


def _worse(
    bounds: tuple[Bound, ...],
    labels: tuple[str, ...],
    sets: data.Sets,
    now: Mapping[str, Answers],
    before: Mapping[str, Answers],
) -> Iterator[str]:
    for bound in bounds:
        wanted = np.array([row["wanted"] for row in sets[bound.of]], np.float32)
        new, old = (bound.taken(wanted, scores(found[bound.of], labels)) for found in (now, before))
        if bound.worse(round(new, 4), round(old, 4)):
            yield f"{bound.name} {old:.4f}, not {new:.4f}"
