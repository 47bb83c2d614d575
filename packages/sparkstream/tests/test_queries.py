import pytest
from factories import NOON
from sparkstream.errors import QueryError
from sparkstream.queries import Filter, Term, Window, make_filter, query_words, window
from sparkstream.times import HOUR, MINUTE


def test_by_default_the_last_15_minutes_with_the_open_one():
    for now in (NOON, NOON + 1, NOON + MINUTE - 1):
        assert window(None, None, now=now) == Window(NOON - 14 * MINUTE, NOON + MINUTE)


def test_both_ends_are_floored_to_the_minute():
    assert window(NOON + 59_999, NOON + HOUR + 59_999, now=0) == Window(NOON, NOON + HOUR)


def test_with_one_end_the_other_follows():
    assert window(None, NOON, now=0) == Window(NOON - 15 * MINUTE, NOON)
    assert window(NOON - HOUR, None, now=NOON) == Window(NOON - HOUR, NOON + MINUTE)


@pytest.mark.parametrize(("start", "end"), [(NOON, NOON), (NOON, NOON + 59_999), (NOON + HOUR, NOON)])
def test_a_period_that_is_empty_or_runs_backwards_is_refused(start, end):
    with pytest.raises(QueryError, match="`from` has to lie at least a minute before `to`"):
        window(start, end, now=NOON)


def test_the_previous_period_has_the_same_length_and_ends_where_this_one_begins():
    assert Window(NOON, NOON + HOUR).previous == Window(NOON - HOUR, NOON)


def test_a_filter_is_nothing_one_sentiment_or_one_term():
    assert make_filter() == Filter()
    assert make_filter(sentiment="not_rated") == Filter(sentiment="not_rated")
    assert make_filter(facet="word", term="tea") == Filter(term=Term("word", "tea"))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sentiment": "happy"}, "none of positive, neutral"),
        ({"facet": "colour", "term": "red"}, "none of keyword, entity"),
        ({"facet": "word"}, "needs both"),
        ({"term": "tea"}, "needs both"),
        ({"sentiment": "positive", "facet": "word", "term": "tea"}, "one filter at a time"),
    ],
)
def test_another_filter_is_refused_with_what_to_do(asked, message):
    with pytest.raises(QueryError, match=message):
        make_filter(**asked)


@pytest.mark.parametrize(
    ("query", "hidden"),
    [
        (None, set()),
        ("", set()),
        ("tea", {"tea"}),
        ('"Green Tea" OR #Matcha', {"green tea", "green", "tea", "matcha"}),
        ("(Kyoto OR @ada) -coffee lang:en from:bob", {"kyoto", "ada"}),
        ("$TEA AND Tee", {"tea", "tee"}),
        ("STRASSE straße", {"strasse"}),
        ('"unclosed tea', {"unclosed", "tea"}),
        ('""', set()),
    ],
)
def test_the_words_of_a_query_are_what_it_asks_for(query, hidden):
    assert query_words(query) == hidden
