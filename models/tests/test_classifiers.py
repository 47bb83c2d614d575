"""A model's whole way, three times: blessed; blessed beside the one before; not blessed, so that nothing changes."""

import contextlib
import io
import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from made_up import THINGS
from tfx import v1 as tfx
from workplace import Workplace

from models.common import data
from models.common.names import named
from models.common.pipeline import Task
from models.common.release import answered
from models.common.running import Run
from models.common.serving import scores
from models.common.text import TextFeatures
from models.common.trainer import train_and_validation
from models.common.transform import COLUMNS, columns, counts

IMPOSSIBLE = {"sentiment": {"semeval2017_macro_recall": 1.1}, "emotion": {"dair_accuracy_of_six": 1.1}}


@dataclass(frozen=True)
class Runs:
    place: Workplace
    codes: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    found: list[Run] = field(default_factory=list)
    versions: list[list[Path]] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)

    @property
    def task(self) -> Task:
        task: Task = import_module(f"models.{self.place.name}.pipeline").TASK
        return task

    @property
    def labels(self) -> tuple[str, ...]:
        labels: tuple[str, ...] = import_module(f"models.{self.place.name}.pipeline").DESCRIPTION.labels
        return labels

    def last_of(self, pattern: str) -> Path:
        return max(self.place.artifacts.glob(pattern), key=lambda folder: int(folder.name))


@pytest.fixture(scope="module")
def runs(workplace: Workplace) -> Runs:
    runs = Runs(workplace)
    for floors in ({}, {}, IMPOSSIBLE[workplace.name]):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            runs.codes.append(workplace.train(**floors))
        runs.said.append(said.getvalue())
        runs.found.append(workplace.newest())
        runs.versions.append(workplace.versions())
        runs.cards.append(json.loads((workplace.wheel / workplace.name / "card.json").read_text(encoding="utf-8")))
    return runs


def test_the_first_model_is_blessed_by_its_floors_and_pushed(runs: Runs) -> None:
    assert runs.codes[0] == 0
    assert runs.versions[0] == [runs.found[0].pushed]
    assert not runs.found[0].compared


def test_the_second_is_held_against_the_first(runs: Runs) -> None:
    assert runs.codes[1] == 0
    assert runs.found[1].compared
    assert len(runs.versions[1]) == 2


def test_the_same_data_gives_the_same_weights_and_figures(runs: Runs) -> None:
    """The graph's file holds names that TensorFlow counts up in a process; it may differ."""
    first, second = ({**card["sha256"], "saved_model.pb": ""} for card in runs.cards[:2])
    assert first == second
    assert runs.cards[0]["metrics"] == runs.cards[1]["metrics"]


def test_what_is_not_blessed_is_not_pushed_and_leaves_the_wheel_as_it_was(runs: Runs) -> None:
    [measure] = IMPOSSIBLE[runs.place.name]

    assert runs.codes[2] == 1
    assert f"models: {runs.place.name} is not blessed: {measure} is " in runs.said[2]
    assert runs.found[2].pushed is None
    assert runs.versions[2] == runs.versions[1]
    assert runs.cards[2] == runs.cards[1]


def test_the_evaluator_measures_what_a_user_gets(runs: Runs) -> None:
    """TFMA's figures of the `judge` signature are those of raw texts through `serving_default`."""
    sets = named(runs.task.rows)(runs.place.data, "test")
    answers = answered(runs.versions[0][0], sets)
    evaluated = tfma.load_eval_result(str(runs.last_of("Evaluator/evaluation/*")))
    found = {of[0][1]: metrics[""][""] for of, metrics in evaluated.slicing_metrics}
    for bound in runs.task.bounds:
        wanted = np.array([row["wanted"] for row in sets[bound.of]], np.float32)
        ours = bound.taken(wanted, scores(answers[bound.of], runs.labels))
        assert found[bound.of][bound.name]["doubleValue"] == pytest.approx(ours, abs=1e-6)


def test_what_is_trained_on_is_what_is_served(runs: Runs) -> None:
    """The columns that Transform wrote are those that the served model's feature code finds in the raw text."""
    transformed = runs.last_of("Transform/transformed_examples/*")
    arguments = tfx.components.FnArgs(
        transform_graph_path=str(runs.last_of("Transform/transform_graph/*")),
        train_files=[str(transformed / "Split-train/*")],
        eval_files=[str(transformed / "Split-validation/*")],
    )
    sets = named(runs.task.rows)(runs.place.data, "validation")
    _, validation = train_and_validation(arguments)
    assert set(validation) == set(sets)
    for name, rows in sets.items():
        raw = [data.as_collected(row["text"]) for row in rows]
        found = columns(TextFeatures(), {"text": tf.constant(raw)})
        assert [post.decode() for post in validation[name].posts] == raw
        assert validation[name].wanted == pytest.approx(np.array([row["wanted"] for row in rows]))
        for column, kind in zip(COLUMNS, validation[name].texts.kinds, strict=True):
            assert (counts(found[column]) != kind).nnz == 0
        assert validation[name].texts.lexical == pytest.approx(found["lexical"].numpy())


def test_no_post_is_part_of_the_model(runs: Runs) -> None:
    files = [file.read_bytes() for file in runs.versions[0][0].rglob("*") if file.is_file()]
    assert not any(thing.encode() in content for thing in THINGS for content in files)
