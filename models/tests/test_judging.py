import numpy as np
import pytest

from models.common.errors import DataError
from models.common.judging import Bound, bounds
from models.emotion import measures as emotion
from models.sentiment import measures as sentiment

FLOOR = Bound("models.sentiment.measures.macro_recall", "semeval2017", 0.66)
CEILING = Bound("models.sentiment.measures.calibration_error", "semeval2017", 0.05, less_is_better=True)


def test_a_floor_is_met_from_it_on_and_less_than_before_is_worse() -> None:
    assert FLOOR.met(0.66)
    assert not FLOOR.met(0.659)
    assert FLOOR.worse(0.70, before=0.71)
    assert not FLOOR.worse(0.71, before=0.71)


def test_a_ceiling_is_the_other_way_round() -> None:
    assert CEILING.met(0.05)
    assert not CEILING.met(0.051)
    assert CEILING.worse(0.03, before=0.02)


def test_a_bound_can_be_moved_by_its_name_only() -> None:
    [floor, ceiling] = bounds([FLOOR, CEILING], {"semeval2017_macro_recall": 0.9})

    assert floor.value == 0.9
    assert ceiling == CEILING
    with pytest.raises(DataError, match=r"no measure is called recall; there are semeval2017_macro_recall, "):
        bounds([FLOOR, CEILING], {"recall": 0.9})


def test_a_measure_that_cannot_be_taken_meets_no_bound() -> None:
    assert not FLOOR.met(float("nan"))
    assert not CEILING.met(float("nan"))


def test_macro_recall_counts_each_label_alike_and_calibration_only_what_was_rated() -> None:
    wanted = np.eye(3)[[0, 0, 1, 2]]
    scores = np.array([
        [0.9, 0.1, 0.0, 0.9, 0.0, 0.0],
        [0.2, 0.8, 0.0, 0.0, 0.8, 0.0],
        [0.1, 0.9, 0.0, 0.0, 0.9, 0.0],
        [0.3, 0.3, 0.4, 0.0, 0.0, 0.0],
    ])  # fmt: skip

    assert sentiment.macro_recall(wanted, scores) == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert sentiment.calibration_error(wanted, scores) == pytest.approx((abs(2 - 1.8) + 0.8) / 3)


def test_none_is_said_from_its_threshold_on_and_is_right_where_no_emotion_is_wanted() -> None:
    wanted = np.array([[0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], np.float32)
    scores = np.zeros((3, 14))
    scores[:, 6] = 0.31, 0.29, 0.1

    assert emotion.none_f1(wanted, scores) == pytest.approx(2 / 3)
