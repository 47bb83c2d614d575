import orjson
from factories import NOON, annotated
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.rollups import MAX_TERM, Rollup, fold, fold_minutes
from sparkstream.times import MINUTE

terms = st.lists(st.sampled_from(["tea", "Tee", "茶", "thé", "чай"]), max_size=3)
posts = st.lists(
    st.builds(
        annotated,
        st.sampled_from([f"x:{number}" for number in range(20)]),
        st.integers(NOON, NOON + 3 * MINUTE),
        author=st.sampled_from(["ada", "bob", "cyd"]),
        text=st.sampled_from(["a kettle", "a pot", "RT @ada: a pot"]),
        sentiment=st.sampled_from(["positive", "neutral", "negative", "not_rated"]),
        kind=st.sampled_from(["original", "repost"]),
        lang=st.sampled_from(["en", "de"]),
        keywords=terms,
        hashtags=terms,
        words=terms,
        entities=st.just(["PLACE:Kyoto", "PERSON:Ada"]),
    ),
    max_size=12,
)


@given(posts, posts)
def test_the_fold_of_a_sum_is_the_sum_of_the_folds(some, others):
    merged = fold(some)
    merged.merge(fold(others))
    assert merged == fold([*some, *others]) == fold([*others, *some])


@given(posts)
def test_a_rollup_survives_the_way_to_the_driver(some):
    rollup = fold(some)
    assert Rollup.from_json(orjson.loads(orjson.dumps(rollup.to_json()))) == rollup


@given(posts)
def test_the_minutes_of_posts_make_up_their_fold(some):
    whole = Rollup()
    for minute, rollup in fold_minutes(some).items():
        assert minute % MINUTE == 0
        assert minute <= rollup.newest < minute + MINUTE
        whole.merge(rollup)
    assert whole == fold(some)


def test_a_term_counts_once_a_post_and_by_the_label_of_the_post():
    happy = annotated("x:1", sentiment="positive", hashtags=["Tea", "tea", "TEA"])
    unrated = annotated("x:2", sentiment="not_rated", hashtags=["tea"])
    assert fold([happy, unrated]).terms == {("hashtag", "tea"): [2, 1, 0, 0]}


def test_an_entity_is_counted_with_its_type():
    post = annotated(entities=["PLACE:Kyoto", "ORG:Kyoto"])
    assert set(fold([post]).terms) == {("entity", "PLACE:Kyoto"), ("entity", "ORG:Kyoto")}


def test_a_term_is_counted_to_its_bound_and_what_begins_alike_meets_there():
    post = annotated(hashtags=["x" * MAX_TERM + "a", "x" * MAX_TERM + "b"])
    assert fold([post]).terms == {("hashtag", "x" * MAX_TERM): [1, 0, 1, 0]}


def test_authors_and_messages_are_kept_by_label():
    rollup = fold(
        [
            annotated("x:1", author="ada", text="a pot", sentiment="positive"),
            annotated("x:2", author="ada", text="RT @bob: a pot", sentiment="negative"),
        ]
    )
    assert rollup.authors == {"positive": {"x:ada"}, "negative": {"x:ada"}}
    assert rollup.messages["positive"] == rollup.messages["negative"]


def test_merging_takes_nothing_from_the_other():
    one, other = fold([annotated("x:1", hashtags=["tea"])]), fold([annotated("x:2", hashtags=["tea"])])
    before = other.to_json()
    one.merge(other)
    one.merge(other)
    assert other.to_json() == before
