"""What the emotion model sees of a post, in training and when it serves."""

from typing import Any

from models.common.text import TextFeatures
from models.common.transform import columns

FEATURES = TextFeatures()


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    return columns(FEATURES, inputs)
