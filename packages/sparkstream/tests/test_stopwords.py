import pytest
from sparkstream.stopwords import stop_words


@pytest.mark.parametrize("language", ["en", "en-GB", "EN", "und"])
def test_english_is_spoken_where_nothing_else_is_named(language):
    assert {"the", "not", "rt", "don't"} <= stop_words(language)


@pytest.mark.parametrize("word", ["world", "good", "first", "work", "never", "new", "people"])
def test_words_that_topics_are_made_of_stay(word):
    assert word not in stop_words("en")


def test_other_languages_have_lists_of_their_own():
    assert "nicht" in stop_words("de-AT")
    assert "the" not in stop_words("de")


@pytest.mark.parametrize(
    ("language", "word"), [("in", "yang"), ("iw", "אני"), ("no", "ikke"), ("ru", "не"), ("fa", "از")]
)
def test_languages_go_by_their_old_names_too(language, word):
    assert word in stop_words(language)


def test_all_are_case_folded_as_the_words_they_are_held_against():
    for language in ("de", "tr", "el", "en"):
        assert all(word == word.casefold() for word in stop_words(language))


@pytest.mark.parametrize("language", ["xx", "tlh", "", "-", "qme", "../../etc/passwd"])
def test_a_language_without_a_list_has_none(language):
    assert stop_words(language) == frozenset()
