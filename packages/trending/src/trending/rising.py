"""Which terms are said more often than before, beyond chance.

A term is in a post or not, so a period is a count of posts with the term out of all posts of the topic. The score is
the weighted log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi, Quinn: "Fightin' Words", Political
Analysis 16, 2008, section 3.5), here with two outcomes: the difference of the log-odds of the two periods, each
smoothed by a prior that holds the share of both together, divided by its standard deviation. It compares shares, so a
topic that as a whole grows louder lifts no term by itself; the prior keeps a term that was never said before from
scoring without end.
"""

from math import log, sqrt

from trending.values import Facet, RisingTerm, TermCounts

MIN_POSTS = 3  # below that a term is an anecdote
MIN_SCORE = 3.0  # one-sided p < 0.0014: less than one false alarm among the 600 terms that are looked at


def rising(facet: Facet, recent: TermCounts, baseline: TermCounts) -> list[RisingTerm]:
    """The rising terms of one facet, best first, ties by term; none where either period has no posts."""
    if not recent.total or not baseline.total:
        return []
    compared = (_compare(facet, term, recent, baseline) for term, posts in recent.posts.items() if posts >= MIN_POSTS)
    return sorted((term for term in compared if term.score >= MIN_SCORE), key=best_first)


def best_first(term: RisingTerm) -> tuple[float, str, str]:
    return -term.score, term.term, term.facet


def log_odds_z(posts: int, total: int, baseline_posts: int, baseline_total: int) -> float:
    """The z-score of the rise of a share; the prior weighs as much as the smaller of the two periods."""
    weight = min(total, baseline_total)
    present = weight * (posts + baseline_posts) / (total + baseline_total)
    absent = weight - present
    with_term, without_term = posts + present, total - posts + absent
    with_before, without_before = baseline_posts + present, baseline_total - baseline_posts + absent
    if not without_term or not without_before:  # it stands in every post of both
        return 0.0
    difference = log(with_term / without_term) - log(with_before / without_before)
    return difference / sqrt(1 / with_term + 1 / without_term + 1 / with_before + 1 / without_before)


def _compare(facet: Facet, term: str, recent: TermCounts, baseline: TermCounts) -> RisingTerm:
    posts, before = recent[term], baseline[term]
    usual = (before + 0.5) / (baseline.total + 1)  # half a post more: what was never said is rare, not impossible
    expected = usual * recent.total
    score = log_odds_z(posts, recent.total, before, baseline.total)
    return RisingTerm(facet, term, posts, expected, lift=posts / expected, score=score)
