from copy import deepcopy

import pytest
from factories import annotated_posts, deltas
from sparkstream.rollups import fold
from sparkstream.stores.summing import by_period, sketch_columns, split_sketches


def test_deltas_add_to_a_period_what_a_fold_of_its_posts_is_and_stay_what_they_are():
    pairs = annotated_posts()
    parts = [*deltas(pairs[::2]), *deltas(pairs[1::2])]
    before = deepcopy(parts)
    for (topic, period), rollup in by_period(parts).items():
        inside = [post for slug, post in pairs if slug == topic and period.start <= post.event_time < period.end]
        assert rollup == fold(inside)
    assert parts == before


def test_the_sketches_of_some_labels_come_back_by_their_labels():
    labels = ("all", "positive")
    assert sketch_columns(labels) == ("authors_all", "authors_positive", "messages_all", "messages_positive")
    row = [name.encode() for name in sketch_columns(labels)]
    authors, messages = split_sketches(labels, row)
    assert authors == {"all": b"authors_all", "positive": b"authors_positive"}
    assert messages == {"all": b"messages_all", "positive": b"messages_positive"}


def test_columns_that_are_not_those_of_the_labels_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        split_sketches(("all", "positive"), [b"a", b"b", b"c"])
