from __future__ import annotations

import pytest
from dashboard import numbers


@pytest.mark.parametrize(
    ("value", "exact", "text"),
    [(0, True, "0"), (145636, True, "145,636"), (5120, False, "≈5,120"), (1_460_000, True, "1.46M"), (None, True, "–")],
)
def test_counts_are_written_in_full_up_to_a_million(value: int | None, exact: bool, text: str) -> None:
    assert numbers.count(value, exact=exact) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (412, 300, "▲ 37%"),
        (150, 300, "▼ 50%"),
        (301, 300, "="),
        (1200, 100, "▲ ×12"),
        (5, 0, "new"),
        (0, 0, ""),
        (0, 7, "▼ 100%"),
        (None, 7, ""),
    ],
)
def test_a_change_is_against_the_period_before(now: int | None, before: int, text: str) -> None:
    assert numbers.change(now, before) == text


@pytest.mark.parametrize(("now", "before", "text"), [(0.5, 0.47, "+3 pts"), (0.2, 0.25, "−5 pts"), (0.5, 0.501, "=")])
def test_a_share_moves_in_points(now: float, before: float, text: str) -> None:
    assert numbers.points(now, before) == text


def test_without_both_shares_nothing_moved() -> None:
    assert numbers.points(None, 0.5) == ""


@pytest.mark.parametrize(("now", "before", "text"), [(41, 12, "+29"), (12, 41, "−29"), (7, 7, "="), (7, 0, "new")])
def test_a_term_moves_in_posts(now: int, before: int, text: str) -> None:
    assert numbers.moved(now, before) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-11-22T21:45:00.000Z", "2026-11-22T22:00:00.000Z", "21:45–22:00 UTC, 22 Nov 2026"),
        ("2026-11-22T23:45:00.000Z", "2026-11-23T00:00:00.000Z", "23:45–24:00 UTC, 22 Nov 2026"),
        ("2026-11-21T22:00:00.000Z", "2026-11-22T22:00:00.000Z", "21 Nov 22:00 – 22 Nov 22:00 UTC, 2026"),
    ],
)
def test_a_period_says_its_days(start: str, end: str, text: str) -> None:
    assert numbers.period(start, end) == text


def test_an_interval_needs_both_bounds() -> None:
    assert (numbers.interval(0.451, 0.549), numbers.interval(None, 0.5)) == ("45–55%", "")
