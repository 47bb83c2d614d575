"""The sentiment model's pipeline, and what its card says."""

from pathlib import Path

from models.common.pipeline import Task
from models.common.release import Description
from models.sentiment.card import card
from models.sentiment.measures import BOUNDS, evaluate
from models.sentiment.sets import LABELS, SOURCES

_HERE = Path(__file__).parent
TASK = Task(
    name="sentiment",
    rows="models.sentiment.sets.rows",
    sources=SOURCES,
    preprocessing_fn="models.sentiment.features.preprocessing_fn",
    run_fn="models.sentiment.train.run_fn",
    tuner_fn="models.sentiment.train.tuner_fn",
    schema=_HERE / "schema",
    hyperparameters=_HERE / "hyperparameters",
    bounds=BOUNDS,
)
DESCRIPTION = Description(LABELS, evaluate, card)
