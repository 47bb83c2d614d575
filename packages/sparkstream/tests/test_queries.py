from itertools import combinations

import pytest
from factories import NOON, annotated
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


def test_a_filter_is_any_of_its_parts_together():
    assert make_filter() == Filter()
    assert make_filter(sentiment="not_rated") == Filter(sentiment="not_rated")
    assert make_filter(facet="word", term="tea") == Filter(term=Term("word", "tea"))
    assert make_filter(emotion="joy", kind="reply", lang="pt-BR", q=" Élan ") == Filter(
        emotion="joy", kind="reply", lang="pt-BR", word="élan"
    )
    whole = make_filter(
        sentiment="positive", emotion="love", kind="quote", lang="en", facet="word", term="tea", q="pot"
    )
    assert whole.asked == ("sentiment", "emotion", "kind", "lang", "term", "word")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sentiment": "happy"}, "sentiment 'happy' is none of positive, neutral"),
        ({"emotion": "glee"}, "emotion 'glee' is none of joy, love"),
        ({"kind": "thread"}, "kind 'thread' is none of original, repost"),
        ({"facet": "colour", "term": "red"}, "facet 'colour' is none of keyword, entity"),
        ({"facet": "word"}, "needs both"),
        ({"term": "tea"}, "needs both"),
        ({"lang": ""}, "lang '' is no language tag"),
        ({"lang": "en or de"}, "is no language tag; write it as a summary's `languages` do"),
        ({"q": ""}, "q takes one word"),
        ({"q": " \n"}, "q takes one word"),
        ({"q": "two words"}, "q takes one word of at most 200 characters"),
        ({"q": "x" * 201}, "q takes one word of at most 200 characters"),
    ],
)
def test_another_filter_is_refused_with_what_to_do(asked, message):
    with pytest.raises(QueryError, match=message):
        make_filter(**asked)


POST = annotated(
    sentiment="positive", emotion="joy", kind="reply", lang="de", text="Der Kessel singt", hashtags=["Tee"]
)
PASSED = {"sentiment": "positive", "emotion": "joy", "kind": "reply", "lang": "de", "q": "singt"}
REFUSED = {"sentiment": "negative", "emotion": "fear", "kind": "quote", "lang": "en", "q": "sing"}
TERM = {"facet": "hashtag", "term": "tee"}


@pytest.mark.parametrize("count", range(len(PASSED) + 1))
def test_a_post_passes_a_filter_when_it_passes_every_part(count):
    for names in combinations(PASSED, count):
        some = {name: PASSED[name] for name in names}
        assert make_filter(**some).passes(POST)
        assert make_filter(**some, **TERM).passes(POST)
        assert not make_filter(**some, facet="hashtag", term="kessel").passes(POST)
        for name in names:
            assert not make_filter(**some | {name: REFUSED[name]}).passes(POST)


def test_a_language_is_the_whole_tag():
    assert not Filter(lang="pt").passes(annotated(lang="pt-BR"))


@pytest.mark.parametrize(
    ("only", "stored", "counted"),
    [
        (Filter(), True, None),
        (Filter(sentiment="positive"), True, None),
        (Filter(term=Term("word", "tea")), True, None),
        (Filter(emotion="joy"), False, ("emotion", "joy")),
        (Filter(kind="quote"), False, ("kind", "quote")),
        (Filter(lang="en"), False, ("lang", "en")),
        (Filter(word="tea"), False, None),
        (Filter(emotion="joy", lang="en"), False, None),
        (Filter(sentiment="positive", term=Term("word", "tea")), False, None),
        (Filter(sentiment="positive", emotion="joy"), False, None),
    ],
)
def test_a_filter_knows_what_views_hold_of_it(only, stored, counted):
    assert (only.is_stored, only.counted) == (stored, counted)


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
