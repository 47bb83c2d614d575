import pytest
from sparkstream.schema import Gap
from sparkstream.sketches import Distinct, sketch
from sparkstream.stores.base import Period
from sparkstream.sums import add_up, coverage, group, stored_step
from sparkstream.times import DAY, HOUR, MINUTE


def gap(start, end, *, filled=False):
    return Gap(f"{start}-{end}", "x", ("tea",), start, end, "disconnected", filled)


@pytest.mark.parametrize(
    ("gaps", "covered"),
    [
        ([], "full"),
        ([gap(0, 100)], "none"),
        ([gap(-50, 500)], "none"),
        ([gap(0, 99)], "partial"),
        ([gap(99, 200)], "partial"),
        ([gap(0, 100, filled=True)], "full"),
        ([gap(0, 100, filled=True), gap(40, 50)], "partial"),
        ([gap(60, 100), gap(0, 60)], "none"),
        ([gap(0, 60), gap(50, 100)], "none"),
        ([gap(0, 80), gap(10, 20), gap(80, 100)], "none"),
        ([gap(0, 60), gap(0, 60)], "partial"),
        ([gap(0, 50), gap(51, 100)], "partial"),
        ([gap(-50, 0), gap(100, 200)], "full"),
        ([gap(50, 50)], "full"),
    ],
)
def test_coverage_says_how_much_was_listened_to(gaps, covered):
    assert coverage(gaps, 0, 100) == covered
    assert coverage(reversed(gaps), 0, 100) == covered


def test_the_sum_of_no_periods_is_nothing_and_exact():
    sums = add_up([])
    assert (sums.posts, sums.cut, sums.exact) == (0, False, True)
    assert sums.authors["all"].count == sums.messages["positive"].count == 0


def test_authors_and_messages_are_counted_of_the_labels_that_are_asked_for_and_of_no_other():
    def period(start, *authors):
        return Period(MINUTE, start, 2, {}, {"all": sketch(authors)}, {"all": sketch(["m"])}, cut=False)

    for periods, authors in (([period(0, "a", "b")], 2), ([period(0, "a", "b"), period(MINUTE, "b", "c")], 3)):
        sums = add_up(periods, ["all"])
        assert sums.authors == {"all": Distinct(authors, exact=True)}
        assert sums.messages == {"all": Distinct(1, exact=True)}
    many = add_up([period(0, *map(str, range(5_000)))], ["all"])
    assert not many.exact


@pytest.mark.parametrize(
    ("step", "stored"), [(MINUTE, MINUTE), (5 * MINUTE, MINUTE), (15 * MINUTE, MINUTE), (HOUR, HOUR), (DAY, DAY)]
)
def test_a_step_is_made_of_the_coarsest_that_is_stored(step, stored):
    assert stored_step(step) == stored


def test_nothing_is_in_no_group():
    assert group([], HOUR) == {}
