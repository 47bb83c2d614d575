import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.times import DAY, HOUR, LATEST, MINUTE, ceil, cover, floor, format_time, parse_time

moments = st.integers(0, LATEST - 1)


@given(moments)
def test_a_time_survives_being_written_and_read(moment):
    assert parse_time(format_time(moment)) == moment


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-22T21:59:26Z", "2026-11-22T21:59:26.000Z"),
        ("2026-11-22T21:59:26.1239Z", "2026-11-22T21:59:26.124Z"),
        ("2026-11-22T23:59:26+02:00", "2026-11-22T21:59:26.000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("2999-12-31T23:59:59.999Z", "2999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_utc_with_milliseconds(text, written):
    assert format_time(parse_time(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T21:59:26",  # no offset
        "2026-02-30T00:00:00Z",
        "yesterday",
        "",
        "1969-12-31T23:59:59.999Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",  # read, but past what can be written
        "0001-01-01T00:00:00+12:00",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"time|isoformat|day"):
        parse_time(text)


@given(moments, st.sampled_from([MINUTE, HOUR, DAY]))
def test_floor_and_ceil_are_the_edges_around_a_moment(moment, step):
    assert floor(moment, step) % step == ceil(moment, step) % step == 0
    assert floor(moment, step) <= moment <= ceil(moment, step)
    assert ceil(moment, step) - floor(moment, step) in (0, step)


def walk(start, end):
    """Periods from `start` on, always the longest that fits: the fewest, because each step divides the next."""
    while start < end:
        step = next(step for step in (DAY, HOUR, MINUTE) if start % step == 0 and start + step <= end)
        yield step, start
        start += step


@given(st.integers(0, 5 * DAY // MINUTE), st.integers(0, 5 * DAY // MINUTE))
def test_a_cover_tiles_its_stretch_exactly_with_as_few_periods_as_can_be(first, length):
    start, end = first * MINUTE, (first + length) * MINUTE
    periods = [(span.step, at) for span in cover(start, end) for at in range(span.start, span.end, span.step)]
    assert periods == list(walk(start, end))


@given(st.integers(0, 90 * DAY // MINUTE), st.integers(0, 90 * DAY // MINUTE))
def test_a_cover_has_at_most_five_spans_however_long_it_is(first, length):
    assert len(cover(first * MINUTE, (first + length) * MINUTE)) <= 5


def test_nothing_is_covered_by_nothing():
    assert cover(HOUR, HOUR) == []
