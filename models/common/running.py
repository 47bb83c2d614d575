"""Runs a pipeline here, in this process, and tells what came of it."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import absl.logging
from ml_metadata.metadata_store import MetadataStore
from tfx import v1 as tfx
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from models.common.errors import DataError, NotReleasedError
from models.common.judging import failures
from models.common.pipeline import Places, Task, create_pipeline


@dataclass(frozen=True, slots=True)
class Run:
    """What is newest in a pipeline's metadata."""

    pushed: Path | None
    evaluation: Path
    compared: bool


def run(task: Task, places: Places, *, tune: bool = False, cache: bool = False) -> Path:
    """From the data to a blessed model; gives the folder that it was pushed to.

    Raises:
        DataError: Where the data is not there, or not as the schema says.
        NotReleasedError: Where the model was not blessed, with what it lacks.
    """
    if not places.data.is_dir():
        raise DataError(f"no data in {places.data}; set DATA_DIR to the folder with the data sets")
    absl.logging.set_verbosity(absl.logging.WARNING)
    places.metadata.parent.mkdir(parents=True, exist_ok=True)
    with _no_arguments():
        tfx.orchestration.LocalDagRunner().run(create_pipeline(task, places, tune=tune, cache=cache))
    if tune:
        _keep_search(task, places)
    found = newest(places.metadata)
    if found.pushed is None:
        raise NotReleasedError(f"{task.name} is not blessed: {', '.join(failures(found.evaluation))}")
    return found.pushed


@contextmanager
def _no_arguments() -> Iterator[None]:
    """TFX takes those of the program for flags of its own: `-v` for a number."""
    given, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = given


def newest(metadata: Path) -> Run:
    """By the metadata: where the last model was pushed to, if it was, and what its evaluation found."""
    store = MetadataStore(sqlite_metadata_connection_config(str(metadata)))

    def last(kind: str) -> Any:
        return max(store.get_artifacts_by_type(kind), key=lambda artifact: artifact.id)

    pushed = last("PushedModel").custom_properties
    place = Path(pushed["pushed_destination"].string_value) if pushed["pushed"].int_value else None
    compared = "baseline_model_id" in last("ModelBlessing").custom_properties
    return Run(place, Path(last("ModelEvaluation").uri), compared)


def _keep_search(task: Task, places: Places) -> None:
    """The best of a search becomes what later runs take; all that was tried is kept beside it, for the card."""
    store = MetadataStore(sqlite_metadata_connection_config(str(places.metadata)))
    best = max((found for found in store.get_artifacts_by_type("HyperParameters")), key=lambda found: found.id)
    results = max((found for found in store.get_artifacts_by_type("TunerResults")), key=lambda found: found.id)
    for artifact, folder in ((best, task.hyperparameters), (results, task.hyperparameters.parent / "search")):
        folder.mkdir(exist_ok=True)
        for file in Path(artifact.uri).iterdir():
            shutil.copy(file, folder)
