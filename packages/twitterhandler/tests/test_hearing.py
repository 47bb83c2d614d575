from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.hearing import Hearing, Trail

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def gaps(*steps, last=0):
    """What is told of `("lost", reason)`, `("connected", seconds)`, `("live", seconds)` and moments that are heard."""
    hearing = Hearing("bluesky", timedelta(seconds=30), at(last))
    told = []
    for step in steps:
        match step:
            case ("lost", reason):
                hearing.lost(reason)
            case ("connected", seconds):
                hearing.connected(at(seconds))
            case ("live", seconds):
                hearing.connected(at(seconds), replays=False)
            case moment:
                told += hearing.heard(at(moment))
    return [((gap.start - NOON).seconds, (gap.end - NOON).seconds, gap.reason, gap.filled) for gap in told]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        pytest.param([1, 2, 500], [], id="nobody was away"),
        pytest.param([("connected", 1), 1, 2], [], id="the first connection"),
        pytest.param([10, ("lost", "a")], [], id="still away"),
        pytest.param([10, ("lost", "a"), ("connected", 60)], [], id="connected, nothing heard yet"),
        pytest.param([10, ("lost", "a"), ("connected", 60), 5, 11, 59], [], id="not caught up yet"),
        pytest.param([10, ("lost", "a"), ("connected", 60), 5, 60], [(10, 60, "a", True)], id="caught up"),
        pytest.param(
            [10, ("lost", "a"), ("connected", 600), 41, 600],
            [(10, 41, "a", False), (41, 600, "a", True)],
            id="the server did not go back far enough",
        ),
        pytest.param([10, ("lost", "a"), ("connected", 60), 300], [(10, 300, "a", False)], id="it sent nothing again"),
        pytest.param(
            [10, ("lost", "a"), ("lost", "b"), ("connected", 60), 9, 61], [(10, 60, "a", True)], id="the first reason"
        ),
        pytest.param(
            [10, ("lost", "a"), ("connected", 60), 6, 20, ("lost", "b"), ("connected", 90), 15, 95],
            [(10, 90, "a", True)],
            id="lost again before it has caught up",
        ),
        pytest.param(
            [10, ("lost", "a"), ("connected", 60), 6, 20, ("lost", "b"), ("connected", 90), 80, 95],
            [(10, 20, "a", True), (20, 80, "a", False), (80, 90, "a", True)],
            id="lost again, and then not far enough",
        ),
        pytest.param([10, ("lost", "a"), ("live", 12), 12.5], [(10, 12, "a", False)], id="not asked to go back"),
        pytest.param([("lost", "a"), ("connected", 60), 61], [(0, 61, "a", False)], id="away from the beginning"),
        pytest.param(
            [10, ("lost", "a"), ("connected", 60), 61, ("lost", "b"), ("connected", 70), 71],
            [(10, 61, "a", False), (61, 70, "b", True)],
            id="twice",
        ),
    ],
)
def test_an_outage_is_told_once_it_is_known_what_was_made_good(steps, told):
    assert gaps(*steps) == told


def test_a_gap_told_again_has_the_same_id():
    hearing = Hearing("bluesky", timedelta(seconds=30), NOON)
    hearing.lost("a")
    hearing.connected(at(5))
    [gap] = hearing.heard(at(6))
    assert (gap.id, gap.network, gap.topics) == ("gap:bluesky:1795348800000", "bluesky", ())


SECOND = 1_000_000


def test_a_position_is_safe_once_all_records_before_it_are():
    trail = Trail()
    trail.gave()
    trail.passed(1 * SECOND)
    trail.gave()
    trail.gave()
    trail.passed(3 * SECOND)
    assert trail.safe(0) is None
    assert trail.safe(1) == 1 * SECOND
    assert trail.safe(2) is None
    assert trail.safe(3) == 3 * SECOND
    assert trail.safe(3) is None


def test_what_is_passed_over_moves_the_position_on():
    trail = Trail()
    trail.passed(1 * SECOND)
    trail.passed(9 * SECOND)
    assert trail.safe(0) == 9 * SECOND


def test_a_trail_is_no_longer_than_the_seconds_that_it_covers():
    trail = Trail()
    for number in range(10_000):
        trail.gave()
        trail.passed(number * SECOND // 1_000)
    assert trail.safe(5_000) == 4 * SECOND
    assert trail.safe(10_000) == 9 * SECOND
