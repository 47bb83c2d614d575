from datetime import UTC, datetime, timedelta

import pytest
from trending import InvalidWindowError, Period, parse_window
from trending.windows import before, known, recent

NOW = datetime(2026, 11, 22, 21, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("15m", 15), ("90m", 90), ("1h", 60), ("24h", 1440), ("7d", 10080)]
)
def test_windows_are_minutes_hours_or_days(text: str, minutes: int) -> None:
    assert parse_window(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "8d", "15s", "-15m", "1.5h", "99999999999d", "١٥m"])
def test_anything_else_is_no_window(text: str) -> None:
    with pytest.raises(InvalidWindowError, match="15m, 1h or 2d"):
        parse_window(text)


def test_the_window_ends_with_the_open_minute() -> None:
    assert recent(NOW, NOW, timedelta(minutes=15)) == Period(
        NOW.replace(minute=45, second=0), NOW.replace(hour=22, minute=0, second=0)
    )


def test_the_window_of_a_topic_without_posts_ends_now() -> None:
    assert recent(NOW, None, timedelta(minutes=15)).end == NOW.replace(hour=22, minute=0, second=0)


def test_when_the_newest_post_lies_before_the_window_it_ends_with_that_minute() -> None:
    newest = datetime(2015, 2, 24, 11, 35, 52, tzinfo=UTC)
    assert recent(NOW, newest, timedelta(minutes=15)) == Period(
        datetime(2015, 2, 24, 11, 21, tzinfo=UTC), datetime(2015, 2, 24, 11, 36, tzinfo=UTC)
    )


def test_the_baseline_is_the_time_just_before_four_times_as_long() -> None:
    window = recent(NOW, NOW, timedelta(minutes=15))
    assert before(window) == Period(window.start - timedelta(hours=1), window.start)


NINE = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def minutes(start: float, end: float) -> Period:
    return Period(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end))


@pytest.mark.parametrize(
    ("gaps", "stretch"),
    [
        ([], (0, 60)),
        ([(-30, 0), (60, 90)], (0, 60)),
        ([(10, 20)], (20, 60)),
        ([(40, 70)], (0, 40)),
        ([(-5, 70)], None),
        ([(20, 40)], (40, 60)),  # the latest of equally long ones
        ([(5, 10), (50, 55)], (10, 50)),
        ([(50, 55), (5, 52)], (55, 60)),
        ([(10.2, 10.8)], (0, 60)),  # that minute was heard in part
        ([(10.2, 50.8)], (0, 11)),
        ([(10.2, 10.5), (10.5, 50.8)], (0, 11)),
        ([(10.2, 11.5), (11.5, 13.9)], (13, 60)),
    ],
)
def test_of_a_period_the_longest_stretch_counts_of_which_all_is_known(
    gaps: list[tuple[float, float]], stretch: tuple[float, float] | None
) -> None:
    assert known(minutes(0, 60), [minutes(*gap) for gap in gaps]) == (minutes(*stretch) if stretch else None)
