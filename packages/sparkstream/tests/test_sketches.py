from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.sketches import Distinct, distinct, union


def test_the_sketch_of_nothing_is_none():
    assert union([]) is None
    assert union([None, None]) is None
    assert distinct(None) == Distinct(0, exact=True)


@given(st.sets(st.text(min_size=1)), st.sets(st.text(min_size=1)))
def test_a_union_counts_what_is_in_both_once(left, right):
    whole = union([union([], left), union([], right)])
    assert distinct(whole) == Distinct(len(left | right), exact=True)


@pytest.mark.parametrize("size", [1, 4_096, 4_097, 9_000])
def test_equal_sets_give_equal_bytes_whatever_the_order(size):
    keys = [f"author {number}" for number in range(size)]
    at_once = union([], keys)
    random = Random(size)
    for _ in range(3):
        random.shuffle(keys)
        edges = sorted(random.sample(range(size + 1), min(3, size)))
        one_by_one = None
        for start, end in zip([0, *edges], [*edges, size], strict=True):
            one_by_one = union([one_by_one], keys[start:end])
        parts = [union([], keys[start : end + 1]) for start, end in zip([0, *edges], [*edges, size], strict=True)]
        random.shuffle(parts)
        assert one_by_one == union(parts) == at_once


@pytest.mark.parametrize(("size", "exact"), [(4_096, True), (4_097, False), (50_000, False)])
def test_it_says_whether_the_count_is_exact(size, exact):
    counted = distinct(union([], [f"author {number}" for number in range(size)]))
    assert counted.exact is exact
    assert abs(counted.count - size) <= (0 if exact else 4 * 0.016 * size)


def test_a_key_may_be_any_text():
    assert distinct(union([], ["", "\0", "é", "e\u0301", "茶", "a" * 10_000])).count == 6 - 1  # the empty one is no key
