import random
from itertools import pairwise

import pytest
from trending import TermCounts, rising
from trending.rising import MIN_POSTS, log_odds_z


def terms(recent: TermCounts, baseline: TermCounts) -> list[str]:
    return [found.term for found in rising("hashtag", recent, baseline)]


def test_a_term_that_is_said_more_often_than_before_rises_and_says_by_how_much() -> None:
    [found] = rising("hashtag", TermCounts(400, {"penalties": 41}), TermCounts(1_500, {"penalties": 31}))
    assert (found.facet, found.term, found.posts) == ("hashtag", "penalties", 41)
    assert found.expected == pytest.approx(400 * 31.5 / 1_501)
    assert found.lift == pytest.approx(41 / found.expected)
    assert found.score > 5


def test_a_topic_that_grows_louder_as_a_whole_lifts_no_term() -> None:
    assert terms(TermCounts(5_000, {"cup": 500, "goal": 50}), TermCounts(500, {"cup": 50, "goal": 5})) == []


def test_what_falls_does_not_rise() -> None:
    assert terms(TermCounts(1_000, {"kickoff": 10}), TermCounts(4_000, {"kickoff": 400})) == []


def test_a_term_that_was_never_said_before_rises_when_enough_posts_say_it() -> None:
    found = rising("keyword", TermCounts(1_000, {"own goal": 30, "typo": 3}), TermCounts(4_000, {}))
    assert [item.term for item in found] == ["own goal"]
    assert found[0].lift < 1_000  # finite


def test_few_posts_are_an_anecdote() -> None:
    assert terms(TermCounts(10, {"x": MIN_POSTS - 1}), TermCounts(100_000, {})) == []


@pytest.mark.parametrize(
    "empty", [(TermCounts(0, {}), TermCounts(9, {"a": 9})), (TermCounts(9, {"a": 9}), TermCounts(0, {}))]
)
def test_without_posts_in_either_period_nothing_rises(empty: tuple[TermCounts, TermCounts]) -> None:
    assert terms(*empty) == []


def test_a_term_in_every_post_of_both_periods_does_not_rise() -> None:
    assert terms(TermCounts(50, {"cup": 50}), TermCounts(200, {"cup": 200})) == []


def test_a_term_below_the_cut_of_the_baseline_counts_as_often_as_the_last_one_listed() -> None:
    recent = TermCounts(1_000, {"corner": 30})
    assert terms(recent, TermCounts(4_000, {"cup": 900})) == ["corner"]
    assert terms(recent, TermCounts(4_000, {"cup": 900}, unlisted=120)) == []


def test_a_count_read_after_the_total_never_exceeds_it() -> None:
    assert terms(TermCounts(40, {"cup": 44}), TermCounts(200, {"cup": 3})) == ["cup"]


def test_best_first_and_ties_by_term() -> None:
    recent = TermCounts(1_000, {"c": 60, "b": 60, "a": 60, "most": 90})
    found = rising("hashtag", recent, TermCounts(4_000, {}))
    assert [item.term for item in found] == ["most", "a", "b", "c"]


def test_the_score_is_that_of_monroe_et_al() -> None:
    # 10 of 100 against 10 of 300; a prior of 100 posts, 5 with the term: log(15/185) - log(15/385) over its deviation
    assert log_odds_z(10, 100, 10, 300) == pytest.approx(
        0.7329 / (1 / 15 + 1 / 185 + 1 / 15 + 1 / 385) ** 0.5, rel=1e-3
    )


def test_more_posts_of_a_term_never_score_less() -> None:
    scores = [log_odds_z(posts, 400, 31, 1_500) for posts in range(401)]
    assert all(lower <= higher for lower, higher in pairwise(scores))


def test_chance_alone_raises_next_to_nothing() -> None:
    chance = random.Random(7)
    raised = 0
    for share in (chance.uniform(0.002, 0.05) for _ in range(600)):
        said = [sum(chance.random() < share for _ in range(size)) for size in (500, 2_000)]
        raised += len(terms(TermCounts(500, {"t": said[0]}), TermCounts(2_000, {"t": said[1]})))
    assert raised <= 2
