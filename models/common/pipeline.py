"""The pipeline that both classifiers are made by; what is their own comes in as a `Task`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from tfx import v1 as tfx
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from models.common import data
from models.common.anomalies import AnomalyGate
from models.common.examples import example_gen
from models.common.judging import Bound, eval_config

_SOURCES = Path(__file__).parents[1]
BEAM = ("--direct_running_mode=in_memory", "--direct_num_workers=1")


@dataclass(frozen=True, slots=True)
class Task:
    """What is a model's own. Functions are given by their names, as TFX hands them on.

    Attributes:
        name: Of the model and its pipeline.
        rows: From the data folder and a split to the sets of that split.
        sources: The files that it reads, for their digest.
        preprocessing_fn: Of Transform.
        run_fn: Of the Trainer.
        tuner_fn: Of the Tuner.
        schema: The folder with the curated schema.
        hyperparameters: The folder with the best ones that the Tuner found.
        bounds: What a model must reach to be blessed.
    """

    name: str
    rows: str
    sources: tuple[str, ...]
    preprocessing_fn: str
    run_fn: str
    tuner_fn: str
    schema: Path
    hyperparameters: Path
    bounds: tuple[Bound, ...]

    def judged_by(self, bounds: tuple[Bound, ...]) -> Self:
        return replace(self, bounds=bounds)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run reads and writes.

    Attributes:
        data: The folder with the data sets.
        artifacts: What the components hand on.
        metadata: ML Metadata, an SQLite file: every run, and which model was blessed last.
        serving: What is blessed is pushed here, in a folder named by its version: TensorFlow Serving's base path.
    """

    data: Path
    artifacts: Path
    metadata: Path
    serving: Path


def create_pipeline(
    task: Task, places: Places, *, tune: bool = False, cache: bool = False, beam: Sequence[str] = BEAM
) -> tfx.dsl.Pipeline:
    """ExampleGen to Pusher.

    Args:
        task: What is the model's own.
        places: Where it reads and writes.
        tune: Whether to search for hyperparameters (the Tuner), or to take those in the repository.
        cache: Whether a component is left out that an earlier run had with the same data, settings and code.
        beam: The arguments of Beam.
    """
    code = data.digest(sorted(file for file in _SOURCES.rglob("*.py") if "tests" not in file.parts))
    examples = example_gen(places.data, task.rows, task.sources, code)
    checked, schema, transform = _prepared(task, examples)
    chosen = _hyperparameters(task, transform, tune=tune)
    [found] = (chosen.outputs[key] for key in ("best_hyperparameters", "result") if key in chosen.outputs)
    trainer = tfx.components.Trainer(
        run_fn=task.run_fn,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        hyperparameters=found,
        custom_config={"code": code},
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["validation"]),
    )
    judged = _judged(task, places, examples, schema, trainer)
    return tfx.dsl.Pipeline(
        pipeline_name=task.name,
        pipeline_root=str(places.artifacts),
        components=[examples, schema, *checked, transform, chosen, trainer, *judged],
        enable_cache=cache,
        metadata_connection_config=sqlite_metadata_connection_config(str(places.metadata)),
        beam_pipeline_args=list(beam),
    )


def _prepared(task: Task, examples: Any) -> tuple[list[Any], Any, Any]:
    """Statistics and their check against the schema; only what passes it is transformed."""
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.ImportSchemaGen(schema_file=str(task.schema / "schema.pbtxt"))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    gate = AnomalyGate(anomalies=validator.outputs["anomalies"])
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn=task.preprocessing_fn,
        splits_config=tfx.proto.SplitsConfig(analyze=["train"], transform=["train", "validation"]),
    )
    transform.add_upstream_node(gate)
    return [statistics, validator, gate], schema, transform


def _hyperparameters(task: Task, transform: Any, *, tune: bool) -> Any:
    if not tune:
        return tfx.dsl.Importer(
            source_uri=str(task.hyperparameters),
            artifact_type=tfx.types.standard_artifacts.HyperParameters,
            reimport=True,
        ).with_id("Hyperparameters")
    return tfx.components.Tuner(
        tuner_fn=task.tuner_fn,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["validation"]),
    )


def _judged(task: Task, places: Places, examples: Any, schema: Any, trainer: Any) -> list[Any]:
    """Beside the last blessed model; only what is blessed is pushed."""
    blessed = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("LatestBlessedModel")
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        example_splits=["test"],
        schema=schema.outputs["schema"],
        model=trainer.outputs["model"],
        baseline_model=blessed.outputs["model"],
        eval_config=eval_config(task.bounds),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(places.serving))
        ),
    )
    return [blessed, evaluator, pusher]
