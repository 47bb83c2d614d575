import pickle
import subprocess
import sys

import pytest
from nlp_services import NOT_RATED, Analyzer, BackendError, Entity, InputError

OTHER_LANGUAGES = {
    "ar": "اليوم كان رائعا جدا في المدينة",
    "ja": "今日は本当に素晴らしい一日でした",
    "ru": "Сегодня был замечательный день в городе",
    "es": "¡Qué golazo de Mbappé, increíble partido!",
}


def test_gives_a_column_a_capability_as_long_as_the_texts(analyzer):
    analysis = analyzer.analyze(["Ada Lovelace lives in London.", "So happy!"])

    columns = (analysis.entities, analysis.keywords, analysis.sentiment, analysis.emotion)
    assert [len(column) for column in columns] == [2, 2, 2, 2]
    assert Entity("London", "PLACE") in analysis.entities[0]
    assert analysis.sentiment[1].label == "positive"
    assert analysis.emotion[1].label == "joy"


def test_a_capability_that_is_off_is_none_and_has_no_version():
    analyzer = Analyzer(entities=None, sentiment=None, emotion=None)

    analysis = analyzer.analyze(["penalty shootout"])

    assert analysis.keywords is not None
    assert (analysis.entities, analysis.sentiment, analysis.emotion) == (None, None, None)
    assert set(analyzer.versions) == {"keywords"}


def test_versions_name_what_made_each_column(analyzer):
    assert set(analyzer.versions) == {"entities", "keywords", "sentiment", "emotion"}
    assert all(version[0].isdigit() for version in analyzer.versions.values())


@pytest.mark.parametrize(
    "url", ["http:", "http:///v1/models/a", "http://127.0.0.1:8501/v1/models/a", "spam:", "", "local"]
)
def test_an_unknown_backend_is_refused_at_once_and_says_what_there_is(url):
    with pytest.raises(BackendError, match=r"entities: no backend for .*`local:`"):
        Analyzer(entities=url)


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("known", [True, False])
def test_other_languages_are_kept_but_not_rated(analyzer, language, known):
    text = OTHER_LANGUAGES[language]

    analysis = analyzer.analyze([text], [language] if known else None)

    assert analysis.sentiment == [NOT_RATED]
    assert analysis.emotion == [NOT_RATED]
    assert analysis.entities == [[]]
    assert analysis.keywords[0]


def test_accents_are_kept(analyzer):
    keywords = analyzer.analyze([OTHER_LANGUAGES["es"]], ["es"]).keywords[0]

    assert any("mbappé" in keyword.text for keyword in keywords)


def test_english_in_another_script_than_it_says_is_not_rated(analyzer):
    analysis = analyzer.analyze([OTHER_LANGUAGES["ru"]], ["en"])

    assert analysis.sentiment == [NOT_RATED]
    assert analysis.emotion == [NOT_RATED]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\0",
        "\ud800",
        "ok \udfff now",
        "#",
        "@someone",
        "https://example.org/a",
        "🔥🔥🔥",
        "a" * 100_000,
        "!?" * 9_000,
    ],
    ids=["empty", "blank", "nul", "surrogate", "surrogate inside", "hash", "user", "url", "emoji", "long", "marks"],
)
@pytest.mark.parametrize("language", ["en", "und"])
def test_odd_texts_pass_through_every_engine(analyzer, text, language):
    analysis = analyzer.analyze(["a fine day", text], ["en", language])

    assert len(list(analysis.rows(2))) == 2
    for labels in (analysis.sentiment, analysis.emotion):
        assert 0.0 <= labels[1].confidence <= 1.0


@pytest.mark.parametrize("text", ["", "\0", " "])
def test_a_text_without_words_is_not_rated(analyzer, text):
    analysis = analyzer.analyze([text], ["en"])

    assert (analysis.sentiment, analysis.emotion) == ([NOT_RATED], [NOT_RATED])
    assert (analysis.entities, analysis.keywords) == ([[]], [[]])


def test_what_lies_beyond_the_stated_limit_changes_nothing(analyzer):
    text = "what a lovely day in Paris. " * 72  # 2,016 characters

    first, second = analyzer.analyze([text[:2_000], text[:2_000] + "I hate it."], ["en", "en"]).sentiment

    assert first == second


def test_no_texts_give_empty_columns(analyzer):
    assert analyzer.analyze([]).sentiment == []


def test_equal_texts_of_a_batch_are_analysed_once(analyzer):
    analysis = analyzer.analyze(["So happy!"] * 300 + ["So sad!"] + ["So happy!"] * 300)

    assert len(analysis.sentiment) == 601
    assert len({id(label) for label in analysis.sentiment}) == 2
    assert analysis.sentiment[0] == analysis.sentiment[600] != analysis.sentiment[300]


def test_the_language_is_part_of_what_makes_texts_equal(analyzer):
    rated, not_rated = analyzer.analyze(["super happy"] * 2, ["en", "de"]).sentiment

    assert rated != NOT_RATED
    assert not_rated == NOT_RATED


@pytest.mark.parametrize(
    ("texts", "languages", "message"),
    [(["a", "b"], ["en"], "1 languages for 2 texts"), ("a text", None, "a list of strings"), ([None], None, "strings")],
)
def test_what_cannot_be_analysed_is_refused(analyzer, texts, languages, message):
    with pytest.raises(InputError, match=message):
        analyzer.analyze(texts, languages)


def test_a_loaded_analyzer_goes_to_another_process_without_its_models(analyzer):
    pickled = pickle.dumps(analyzer)
    code = f"import pickle; print(pickle.loads({pickled!r}).analyze(['So happy!'], ['en']).sentiment[0].label)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    assert len(pickled) < 1_000
    assert done.stdout.strip() == "positive"


def test_probabilities_are_given_however_unsure_the_model_is(analyzer):
    sentiment = analyzer.probabilities("sentiment", ["hm", OTHER_LANGUAGES["ru"]])
    emotion = analyzer.probabilities("emotion", ["hm"])

    assert [set(row) for row in sentiment] == [{"negative", "neutral", "positive"}] * 2
    assert [sum(row.values()) for row in sentiment] == pytest.approx([1, 1])
    assert list(emotion[0]) == ["sadness", "joy", "love", "anger", "fear", "surprise", "none"]


def test_what_is_said_is_the_likeliest_class(analyzer):
    texts = ["so happy!", "worst day ever", "The council meets on Tuesday at 9"]

    said = [label.label for label in analyzer.analyze(texts, ["en"] * 3).sentiment]

    assert said == [max(row, key=row.get) for row in analyzer.probabilities("sentiment", texts)]


@pytest.mark.parametrize("capability", ["keywords", "emotion"])
def test_what_is_off_or_no_classifier_has_no_probabilities(capability):
    with pytest.raises(InputError, match=f"no probabilities of '{capability}'"):
        Analyzer(emotion=None).probabilities(capability, ["a"])
