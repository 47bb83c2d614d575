from collections.abc import Callable, Iterator
from pathlib import Path

import made_up
import pytest
from workplace import Workplace

EASY = {
    "sentiment": {"semeval2017_calibration_error": 1.0},
    "emotion": {
        "goemotions_none_f1": 0.5,
        "goemotions_calibration_error": 1.0,
        "semeval_calibration_error": 1.0,
    },
}
SETS: dict[str, Callable[[Path], Path]] = {"sentiment": made_up.sentiment_sets, "emotion": made_up.emotion_sets}


@pytest.fixture(scope="module", params=["sentiment", "emotion"])
def workplace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The pipeline's places, with data to learn from; the floors that a few made-up posts cannot reach are lower."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    SETS[name](folder / "data")
    return Workplace(name, folder, EASY[name])
