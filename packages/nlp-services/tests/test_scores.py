import numpy as np
import pytest
from nlp_services import scores
from nlp_services.scores import estimate


def test_macro_recall_is_the_mean_of_the_classes_recalls():
    gold, found = np.array(["a", "a", "a", "b"]), np.array(["a", "a", "b", "b"])

    assert scores.macro_recall("ab")(gold, found) == pytest.approx((2 / 3 + 1) / 2)


def test_a_class_that_a_sample_lacks_has_no_recall():
    assert scores.macro_recall("abc")(np.array(["a", "b"]), np.array(["a", "a"])) == pytest.approx(0.5)


def test_macro_f1_counts_a_class_that_is_never_found_as_nought():
    assert scores.macro_f1("ab")(np.array(["a", "b"]), np.array(["a", "a"])) == pytest.approx((2 / 3 + 0) / 2)


def test_f1_of_names_is_of_all_names_together():
    assert scores.counted_f1(np.array([1, 0]), np.array([1, 2]), np.array([2, 1])) == pytest.approx(2 / 6)


@pytest.mark.parametrize(("confidence", "expected"), [(0.75, 0.0), (1.0, 0.25), (0.5, 0.25)])
def test_calibration_error_is_the_distance_of_confidence_from_being_right(confidence, expected):
    hits = np.array([1, 1, 1, 0] * 10)

    assert scores.calibration_error(np.full(40, confidence), hits) == pytest.approx(expected)


def test_an_interval_holds_its_value_narrows_with_rows_and_is_the_same_each_time():
    few, many = (np.array([True, True, True, False] * times) for times in (10, 1_000))

    def share(hits):
        return float(hits.mean())

    first = estimate(share, few)
    assert first.low < first.value == 0.75 < first.high
    assert first == estimate(share, few)
    assert estimate(share, many).high - estimate(share, many).low < (first.high - first.low) / 5


def test_the_interval_of_a_share_is_the_one_that_theory_says():
    found = estimate(lambda hits: float(hits.mean()), np.arange(1_000) < 500)

    assert (found.low, found.high) == pytest.approx((0.469, 0.531), abs=0.004)


def test_nothing_measured_is_no_number():
    assert np.isnan(estimate(scores.accuracy, np.array([]), np.array([])).value)
