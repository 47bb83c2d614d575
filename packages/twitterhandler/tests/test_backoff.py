from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twitterhandler.backoff import FREE, HEALTHY, LONGEST_ASKED, SPACING, WINDOW, Backoff

TROUBLES = ["network", "server", "rate_limit", "slot", "no_rules"]


def waits(trouble, times, **details):
    """The waits after failures in a row that come so far apart that the limit of connections plays no part."""
    backoff, found = Backoff(), []
    for number in range(times):
        backoff = backoff.connecting(number * WINDOW).failed(trouble, **details)
        found.append(backoff.wait(number * WINDOW))
    return found


@pytest.mark.parametrize(
    ("trouble", "documented"),
    [
        ("network", [0.25, 0.5, 0.75, 1.0, 1.25]),
        ("server", [5, 10, 20, 40, 80, 160, 320, 320]),
        ("rate_limit", [60, 120, 240, 480, 900, 900]),
        ("slot", [5, 10, 20, 20]),
        ("no_rules", [5, 10, 20, 40, 60, 60]),
    ],
)
def test_waits_grow_as_x_documents_them(trouble, documented):
    assert waits(trouble, len(documented)) == documented


def test_network_errors_wait_16_seconds_at_most():
    assert waits("network", 70)[-1] == 16


@pytest.mark.parametrize(
    ("trouble", "asked", "expected"),
    [
        ("rate_limit", 3.0, 3.0),
        ("rate_limit", 800.0, 800.0),
        ("rate_limit", 1e9, LONGEST_ASKED),
        ("server", 2.0, 5.0),
        ("server", 120.0, 120.0),
    ],
)
def test_what_the_network_asks_for_is_heeded_and_not_believed_without_end(trouble, asked, expected):
    assert waits(trouble, 1, asked=asked) == [expected]


def test_the_first_connection_waits_for_nothing():
    assert Backoff().wait(0.0) == 0.0


def test_after_a_healthy_connection_the_next_comes_at_once_and_the_past_is_forgotten():
    tired = Backoff().failed("server").failed("server").connecting(0.0)
    assert tired.dropped(lasted=HEALTHY).wait(HEALTHY) == 0.0
    assert tired.dropped(lasted=HEALTHY).failed("server").wait(HEALTHY) == 5.0


def test_a_connection_that_breaks_at_once_is_no_success():
    backoff = Backoff().failed("server").failed("server")
    assert backoff.dropped(lasted=1.0).wait(0.0) == 0.25
    assert backoff.dropped(lasted=1.0).failed("server").wait(0.0) == 20.0


def test_jitter_only_makes_a_wait_longer_by_a_tenth_at_most():
    backoff = Backoff().failed("rate_limit")
    assert backoff.wait(0.0, jitter=0.0) == 60.0
    assert backoff.wait(0.0, jitter=1.0) == pytest.approx(66.0)


def test_after_many_connections_the_next_ones_keep_their_distance():
    backoff, at, asked = Backoff(), 0.0, []
    for _ in range(FREE + 3):
        at += backoff.wait(at)
        backoff = backoff.connecting(at).dropped(lasted=0.0)
        asked.append(at)
    distances = [later - earlier for earlier, later in pairwise(asked)]
    assert max(distances[: FREE - 1]) < SPACING
    assert distances[FREE - 1 :] == [SPACING] * 3


def test_connections_of_an_earlier_run_count_too():
    earlier = Backoff(connects=tuple(float(number) for number in range(FREE)))
    assert earlier.wait(20.0) == FREE - 1 + SPACING - 20.0
    assert earlier.wait(WINDOW + 1.0) == 0.0


def test_what_never_reached_the_network_does_not_count_against_its_limit():
    backoff, at = Backoff(), 0.0
    for _ in range(50):
        backoff = backoff.connecting(at).failed("network", reached=False)
    assert backoff.connects == ()


steps = st.one_of(
    st.tuples(st.sampled_from(TROUBLES), st.none() | st.floats(0, 1e5)),
    st.tuples(st.just("dropped"), st.floats(0, 4000)),
)


@given(st.lists(st.tuples(steps, st.floats(0, 1)), min_size=60, max_size=150))
def test_no_fifteen_minutes_ever_see_more_than_fifty_connections(happened):
    backoff, at, asked = Backoff(), 0.0, []
    for (what, number), jitter in happened:
        at += backoff.wait(at, jitter)
        asked.append(at)
        backoff = backoff.connecting(at)
        if what == "dropped":
            at += number
            backoff = backoff.dropped(lasted=number)
        else:
            backoff = backoff.failed(what, asked=number)
    assert all(later - earlier >= WINDOW for earlier, later in zip(asked, asked[45:], strict=False))
