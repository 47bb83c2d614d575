from __future__ import annotations

from typing import Any

import pytest
from dashboard.asked import NO_FILTER, Filter, make_filter, make_period
from dashboard.errors import QuestionError
from dashboard.numbers import instant


def test_no_filter_asks_for_nothing() -> None:
    assert make_filter({"topic": "world-cup", "sentiment": ""}) == NO_FILTER
    assert not NO_FILTER
    assert NO_FILTER.parameters() == {}


def test_a_top_names_its_term_filter_apart_from_what_it_lists() -> None:
    only = make_filter({"facet": "hashtag", "term": "goal"})
    assert only == Filter(facet="hashtag", term="goal")
    assert only.parameters() == {"facet": "hashtag", "term": "goal"}
    assert only.parameters("with_") == {"with_facet": "hashtag", "with_term": "goal"}
    assert make_filter({"sentiment": "negative"}).parameters("with_") == {"sentiment": "negative"}


def test_filters_go_together() -> None:
    asked = {"sentiment": "negative", "emotion": "fear", "kind": "reply", "lang": "pt-BR", "q": "goal"}
    term = {"facet": "hashtag", "term": "final"}
    assert make_filter(asked | term | {"topic": "world-cup"}).parameters() == asked | term
    assert make_filter(asked | term).parameters("with_") == asked | {"with_facet": "hashtag", "with_term": "final"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sentiment": "sour"}, "none of positive"),
        ({"facet": "colour", "term": "red"}, "none of keyword"),
        ({"facet": "hashtag"}, "both facet and term"),
        ({"term": "goal"}, "both facet and term"),
        ({"emotion": "glee"}, "emotion 'glee' is none of joy"),
        ({"kind": "thread"}, "kind 'thread' is none of original"),
        ({"lang": "en or de"}, "is no language"),
        ({"q": "two words"}, "q takes one word"),
        ({"q": "x" * 201}, "q takes one word"),
    ],
)
def test_what_is_no_filter_is_said(query: Any, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        make_filter(query)


@pytest.mark.parametrize(
    ("start", "end", "step", "shown"),
    [
        ("2026-11-22T21:00:30Z", "2026-11-22T21:15:10Z", "1m", ("2026-11-22T21:00:00Z", "2026-11-22T21:16:00Z")),
        ("2026-11-22T22:00:00+01:00", "2026-11-22T23:30:00Z", "5m", ("2026-11-22T21:00:00Z", "2026-11-22T23:30:00Z")),
        ("2026-11-21T21:07:00Z", "2026-11-22T21:00:00Z", "15m", ("2026-11-21T21:00:00Z", "2026-11-22T21:00:00Z")),
        ("2026-11-15T21:07:00Z", "2026-11-22T21:01:00Z", "1h", ("2026-11-15T21:00:00Z", "2026-11-22T22:00:00Z")),
        ("2026-01-01T21:07:00Z", "2026-11-22T21:01:00Z", "1d", ("2026-01-01T00:00:00Z", "2026-11-23T00:00:00Z")),
    ],
)
def test_a_period_is_widened_to_whole_steps(start: str, end: str, step: str, shown: tuple[str, str]) -> None:
    """So the bars of its figure add up to the number above it."""
    period = make_period(start, end)
    assert period.step == step
    assert period.parameters() == {"from": shown[0], "to": shown[1]}


def test_a_plus_that_an_address_turned_into_a_space_is_understood() -> None:
    assert make_period("2026-11-22T22:00:00 01:00", "2026-11-22T23:00:00 01:00").start == instant(
        "2026-11-22T21:00:00Z"
    )


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("yesterday", "2026-11-22T21:00:00Z", "from 'yesterday' is no time; write it as"),
        ("2026-02-30T21:00:00Z", "2026-11-22T21:00:00Z", "is no time"),
        ("2026-11-22T21:00:00", "2026-11-22T22:00:00Z", "is no time"),
        (None, "2026-11-22T21:00:00Z", "from None is no time"),
        ("0001-01-01T00:00:00+23:00", "2026-11-22T21:00:00Z", "is no time"),
        ("2026-11-22T22:00:00Z", "2026-11-22T21:00:00Z", "has to lie before"),
        ("2026-11-22T21:00:00Z", "2026-11-22T21:00:00Z", "has to lie before"),
    ],
)
def test_what_is_no_period_is_said(start: str | None, end: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        make_period(start, end)
