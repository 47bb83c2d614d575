import pytest
from nlp_services import Analyzer


@pytest.fixture(scope="module")
def keywords():
    analyzer = Analyzer(entities=None, sentiment=None, emotion=None)

    def of(text, language="en"):
        return [keyword.text for keyword in analyzer.analyze([text], [language]).keywords[0]]

    return of


def test_the_best_phrases_come_first_with_their_scores():
    text = "A penalty shootout! I love a penalty shootout, and this one was the longest of them all in the final"
    found = Analyzer(entities=None, sentiment=None, emotion=None).analyze([text], ["en"]).keywords[0]

    assert found[0].text == "penalty shootout"
    assert len(found) == 5
    assert [keyword.score for keyword in found] == sorted(keyword.score for keyword in found)


@pytest.mark.parametrize("debris", ["someone", "example", "https", "rt ", "#"])
def test_user_names_addresses_hash_signs_and_repost_marks_never_count(keywords, debris):
    found = keywords("RT @someone: #WorldCup final tonight https://example.org/abc www.example.org")

    assert found
    assert not any(debris in f"{phrase} " for phrase in found)
    assert any("worldcup" in phrase for phrase in found)


def test_no_phrase_reaches_across_what_was_left_out(keywords):
    assert "winter summer" not in keywords("winter @someone summer")
    assert "winter summer" not in keywords("winter 🔥 summer")


def test_the_tail_of_a_contraction_is_no_keyword(keywords):
    assert not {"ll", "re", "ve"} & set(keywords("we'll see, they're late, we’ve won"))


def test_stop_words_are_those_of_the_language(keywords):
    assert not any("und" in phrase.split() for phrase in keywords("Sommer und Winter und Herbst in Berlin", "de"))


@pytest.mark.parametrize("language", ["xx", "ceb", "../../etc/passwd"])
def test_a_language_without_stop_words_still_has_keywords(keywords, language):
    assert keywords("maayong buntag kaninyong tanan", language)


def test_a_script_without_spaces_gives_no_whole_sentences(keywords):
    assert all(len(phrase) <= 60 for phrase in keywords("今日は本当に素晴らしい一日でした" * 10, "ja"))


def test_a_post_s_text_is_in_no_log(keywords, caplog):
    keywords("\x1c\x1d\u2028" + "odd text " * 200)

    assert caplog.records == []


@pytest.mark.parametrize("language", ["lt", "sk"])
def test_nothing_is_printed_for_languages_whose_lists_are_old(language, capsys):
    Analyzer(entities=None, sentiment=None, emotion=None).analyze(["labas rytas visiems"], [language])

    assert capsys.readouterr() == ("", "")
