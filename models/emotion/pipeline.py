"""The emotion model's pipeline, and what its card says."""

from pathlib import Path

from models.common.pipeline import Task
from models.common.release import Description
from models.emotion.card import card
from models.emotion.measures import BOUNDS, evaluate
from models.emotion.model import EmotionModel
from models.emotion.sets import SOURCES

_HERE = Path(__file__).parent
TASK = Task(
    name="emotion",
    rows="models.emotion.sets.rows",
    sources=SOURCES,
    preprocessing_fn="models.emotion.features.preprocessing_fn",
    run_fn="models.emotion.train.run_fn",
    tuner_fn="models.emotion.train.tuner_fn",
    schema=_HERE / "schema",
    hyperparameters=_HERE / "hyperparameters",
    bounds=BOUNDS,
)
DESCRIPTION = Description(EmotionModel.labels, evaluate, card)
