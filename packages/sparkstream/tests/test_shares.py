import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.annotation import SENTIMENTS
from sparkstream.shares import shares, wilson


@pytest.mark.parametrize(
    ("count", "sample", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_the_interval_is_the_published_one(count, sample, low, high):
    assert wilson(count, sample) == pytest.approx((low, high), abs=0.00005)


@given(st.integers(1, 10_000).flatmap(lambda sample: st.tuples(st.integers(0, sample), st.just(sample))))
def test_a_share_lies_in_its_interval(case):
    count, sample = case
    low, high = wilson(count, sample)
    assert 0 <= low <= count / sample + 1e-9
    assert count / sample - 1e-9 <= high <= 1


def test_without_a_sample_anything_may_be():
    assert wilson(0, 0) == (0.0, 1.0)


def test_shares_are_of_what_was_rated():
    found = shares({"positive": 3, "negative": 1, "not_rated": 6}, SENTIMENTS, unrated="not_rated")
    assert found["sample"] == 4
    assert [(item["label"], item["count"], item["share"]) for item in found["items"]] == [
        ("positive", 3, 0.75),
        ("neutral", 0, 0.0),
        ("negative", 1, 0.25),
        ("not_rated", 6, None),
    ]
    positive, *_, unrated = found["items"]
    assert (positive["low"], positive["high"]) == pytest.approx(wilson(3, 4), abs=0.00005)
    assert unrated["low"] is unrated["high"] is None


def test_without_an_order_most_come_first_with_ties_by_label():
    assert [item["label"] for item in shares({"de": 1, "en": 5, "ar": 1})["items"]] == ["en", "ar", "de"]


def test_no_posts_have_no_shares():
    assert shares({}) == {"sample": 0, "items": []}
    assert all(item["share"] is None for item in shares({}, SENTIMENTS)["items"])
