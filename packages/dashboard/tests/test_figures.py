from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dashboard import figures
from dashboard.messages import WINDOWS, Gap
from dashboard.testing import TOPICS, folding

NOW = datetime(2026, 11, 22, 21, 44, 30, tzinfo=UTC)


def tick(window: Any = "15m", slug: str = "world-cup") -> Any:
    return folding.tick(TOPICS[slug], window, NOW)


def test_every_post_of_a_step_is_in_its_stack() -> None:
    message = tick()
    drawn = figures.volume(message)["data"]
    for index, item in enumerate(message["series"]):
        if item["coverage"] != "none":
            assert sum(trace["y"][index] for trace in drawn[: len(figures.STACK)]) == item["posts"]


def test_a_step_in_which_nothing_was_heard_is_unknown_not_zero() -> None:
    message = tick()
    coverage = [item["coverage"] for item in message["series"]]
    assert {"full", "partial", "none"} == set(coverage)
    *stack, unheard = figures.volume(message)["data"]
    for trace in stack:
        assert [height is None for height in trace["y"]] == [state == "none" for state in coverage]
    assert [height is not None for height in unheard["y"]] == [state != "full" for state in coverage]
    assert unheard["customdata"][coverage.index("none")] == "nothing could be heard"


@pytest.mark.parametrize(("posts", "said"), [(None, "not counted"), (12, "12 posts, their sentiment not counted")])
def test_a_step_that_was_not_counted_is_unknown_too(posts: int | None, said: str) -> None:
    message = tick()
    at = next(index for index, item in enumerate(message["series"]) if item["coverage"] == "full")
    message["series"][at] |= {"posts": posts, "sentiment": None}
    *stack, unknown = figures.volume(message)["data"]
    assert {trace["y"][at] for trace in stack} == {None}
    assert (unknown["y"][at], unknown["customdata"][at]) == (1, said)
    assert figures.caption(message)


def test_a_caption_of_nothing_counted_says_so() -> None:
    message = tick()
    for item in message["series"]:
        item |= {"posts": None, "sentiment": None}
    assert figures.caption(message) == "Nothing was counted in this period."
    assert figures.volume(message)["layout"]["yaxis"]["range"] == [0, 5]


def test_the_last_bar_is_pale_while_it_fills() -> None:
    assert figures.volume(tick())["data"][0]["marker"]["opacity"][-1] < 1


def test_a_period_that_is_over_has_no_bar_that_fills() -> None:
    assert set(figures.volume(tick(slug="film-festival"))["data"][0]["marker"]["opacity"]) == {1.0}


@pytest.mark.parametrize("window", WINDOWS)
def test_the_axis_spans_the_window(window: Any) -> None:
    message = tick(window)
    axis = figures.volume(message)["layout"]["xaxis"]
    assert axis["range"] == [message["from"][:19], message["to"][:19]]


@pytest.mark.parametrize(
    ("peak", "step", "top"),
    [(0, 1, 5), (3, 1, 5), (9, 5, 10), (39, 10, 50), (82, 25, 100), (1000, 250, 1250), (4100, 2000, 6000)],
)
def test_the_scale_is_in_whole_posts_and_steps(peak: int, step: int, top: int) -> None:
    message = tick()
    for item in message["series"]:
        item["posts"] = min(item["posts"], peak)
    message["series"][0]["posts"] = peak
    axis = figures.volume(message)["layout"]["yaxis"]
    assert (axis["dtick"], axis["range"]) == (step, [0, top])


def test_a_figure_has_no_colour_and_each_theme_has_all() -> None:
    drawn = figures.volume(tick())
    assert "color" not in repr(drawn)
    for template in figures.templates().values():
        assert len(template["data"]["bar"]) == len(drawn["data"])


def test_the_caption_says_the_figure_in_words() -> None:
    message = tick()
    for item in message["series"]:
        item.update(posts=1, coverage="full")
    message["series"][2]["posts"] = 41
    assert figures.caption(message) == "55 posts in 15 steps of 1m; most at 21:32 UTC, 41."
    for item in message["series"]:
        item["coverage"] = "none"
    assert figures.caption(message) == "Nothing could be heard in this period."


def test_a_lone_minute_is_a_bar_not_a_wall() -> None:
    message = tick()
    message["series"] = message["series"][:1]
    bar = figures.volume(message)["data"][0]
    assert bar["width"] < 15_000
    assert 2 * bar["offset"] + bar["width"] == 60_000


@pytest.mark.parametrize(
    ("hours", "step", "marks"),
    [(1, "1m", "%H:%M"), (24, "15m", "%H:%M\n%-d %b"), (100, "1h", "%a %-d %b"), (900, "1d", "%-d %b")],
)
def test_the_marks_of_the_axis_fit_the_period(hours: int, step: Any, marks: str) -> None:
    message = tick()
    message |= {"window": None, "step": step, "from": (NOW - timedelta(hours=hours)).isoformat(), "to": NOW.isoformat()}
    assert figures.volume(message)["layout"]["xaxis"]["tickformat"] == marks


def test_a_gap_says_why_as_text() -> None:
    message = tick()
    start = next(item["start"] for item in message["series"] if item["coverage"] == "none")
    gap: Gap = {"from": start, "to": NOW.isoformat(), "reason": "<b>odd</b>", "filled": False}
    said = figures.volume(message, [gap])["data"][-1]["customdata"]
    assert any("&lt;b&gt;odd&lt;/b&gt;, 21:37–21:44 UTC" in text for text in said)
