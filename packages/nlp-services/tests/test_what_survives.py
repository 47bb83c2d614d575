"""Texts whose meaning the first generation's cleaning destroyed, before a model saw them."""

import pytest

SHOUT = "#WorldCup2022 is on 🔥🔥 ¡Qué golazo de Mbappé!"


@pytest.fixture(scope="module")
def found(analyzer):
    def of(text, language="en"):
        return next(iter(analyzer.analyze([text], [language]).rows(1)))

    return of


def test_negation_survives(found):
    assert found("I don't like this, not good at all. No, never!")["sentiment"]["label"] == "negative"


def test_a_negation_turns_a_word(found):
    assert found("this is good")["sentiment"]["label"] == "positive"
    assert found("this is not good")["sentiment"]["label"] == "negative"


def test_words_with_rt_in_them_are_whole(found):
    praise = found("Great support at the airport, smart start!")

    assert praise["sentiment"]["label"] == "positive"
    words = {word for keyword in praise["keywords"] for word in keyword["text"].split()}
    assert {"support", "airport", "smart", "start"} & words
    assert not {"suppo", "airpo", "sma", "sta"} & words
    assert {keyword["text"] for keyword in found("the art of the report")["keywords"]} >= {"art", "report"}


def test_hashtags_accents_and_emoji_survive(found):
    words = {word for keyword in found(SHOUT)["keywords"] for word in keyword["text"].split()}

    assert {"worldcup", "golazo", "mbappé"} <= words
    assert found("this 😍")["sentiment"]["label"] == "positive"
    assert found("this 😡")["sentiment"]["label"] == "negative"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今日は本当に素晴らしい一日でした", "ja"),
        ("اليوم كان رائعا جدا في المدينة", "ar"),
        ("Сегодня был замечательный день в городе", "ru"),
    ],
)
def test_no_script_is_dropped_and_none_is_rated_by_a_model_that_cannot_read_it(found, text, language):
    row = found(text, language)

    assert row["keywords"]
    assert row["sentiment"]["label"] == row["emotion"]["label"] == "not_rated"


def test_numbers_and_dates_are_no_entities(found):
    row = found("One man, two dogs, 3 cats: first day of 2022, five minutes past nine on Monday, $5, 20%")

    assert row["entities"] == []


def test_the_mark_of_a_repost_is_no_word(found):
    row = found("RT @BBC: the BBC reports from Paris")

    assert not any("rt" in keyword["text"].split() for keyword in row["keywords"])
    assert {"text": "Paris", "type": "PLACE"} in row["entities"]
