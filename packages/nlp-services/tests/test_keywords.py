from importlib.util import find_spec

import pytest
from nlp_services import Analyzer
from nlp_services.backends.yake import YakeExtractor
from nlp_services.backends.yake_rust import RustYakeExtractor


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


WINDOW = [
    "RT @ada: What a penalty shootout in the cup final https://example.org/1",
    "a penalty shootout to remember @grace",
    "The longest penalty shootout of any cup final!",
    "penalty shootout again, says the cup's referee www.example.org",
]


@pytest.fixture(scope="module")
def of_window():
    analyzer = Analyzer(entities=None, sentiment=None, emotion=None)

    def of(texts, languages=None, **options):
        return [keyword.text for keyword in analyzer.window_keywords(texts, languages, **options)]

    return of


def test_a_window_s_keywords_say_what_its_posts_share(of_window):
    found = of_window(WINDOW, ["en"] * 4)

    assert set(found[:2]) == {"penalty shootout", "cup final"}
    assert not {"ada", "grace", "https", "example", "example.org"} & set(found)


def test_words_of_the_query_are_no_news(of_window):
    found = of_window(WINDOW, ["en"] * 4, hidden=["Penalty shootout"])

    assert not {"penalty shootout", "penalty", "shootout"} & set(found)
    assert "cup final" in found


def test_copies_of_a_post_count_once(of_window):
    assert of_window(["winter storm", *WINDOW, *["winter storm"] * 50], ["en"] * 55) == of_window(
        ["winter storm", *WINDOW], ["en"] * 5
    )


def test_a_window_may_speak_several_languages(of_window):
    found = of_window([*WINDOW, "Elfmeterschießen und Tore und Jubel"], [*["en"] * 4, "de"])

    assert {"penalty shootout", "elfmeterschießen"} <= set(found)
    assert not any("und" in phrase.split() for phrase in found)


def test_no_posts_have_no_keywords(of_window):
    assert of_window([]) == of_window(["", "@ada", "🔥"]) == []


@pytest.mark.skipif(not find_spec("yake_rust"), reason="there is no wheel of yake-rust here: YAKE itself is used")
def test_yake_rust_agrees_with_yake():
    texts = [*WINDOW[:3], "Great goal by Mbappé tonight, what a final!", "🔥🔥 #WorldCup", "", "-- ' \" ... !?"]
    fast, oracle = RustYakeExtractor(), YakeExtractor()

    for language in ("en", "de", "xx"):
        for ours, theirs in zip(
            fast.extract(texts, language, top=8), oracle.extract(texts, language, top=8), strict=True
        ):
            assert dict(ours) == pytest.approx(dict(theirs))
