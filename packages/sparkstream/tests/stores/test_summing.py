from copy import deepcopy

from factories import annotated_posts, deltas
from sparkstream.rollups import fold
from sparkstream.stores.summing import by_period


def test_deltas_add_to_a_period_what_a_fold_of_its_posts_is_and_stay_what_they_are():
    pairs = annotated_posts()
    parts = [*deltas(pairs[::2]), *deltas(pairs[1::2])]
    before = deepcopy(parts)
    for (topic, period), rollup in by_period(parts).items():
        inside = [post for slug, post in pairs if slug == topic and period.start <= post.event_time < period.end]
        assert rollup == fold(inside)
    assert parts == before
