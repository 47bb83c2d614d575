import json

import pytest
from nlp_services import Analyzer
from nlp_services.errors import InputError
from nlp_services.evaluation import evaluate_file, says


@pytest.fixture
def measured(tmp_path, analyzer):
    def of(*rows, by=analyzer):
        file = tmp_path / "posts.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return evaluate_file(file, by)

    return of


def test_sentiment_is_a_choice_among_three_and_what_is_said_of_it(measured):
    kind, found = measured(
        {"text": "so happy, I love this!", "label": "positive"},
        {"text": "worst service ever, never again", "label": "negative"},
        {"text": "I hate this", "label": "positive"},
    )

    assert kind == "sentiment"
    assert found["accuracy"].value == pytest.approx(2 / 3)
    assert found["macro recall"].value == pytest.approx((1 / 2 + 1) / 2)
    assert found["rated"].rows == 3


def test_an_emotion_is_chosen_among_the_set_s_labels_and_rows_of_another_label_do_not_count(measured):
    kind, found = measured(
        {"text": "so happy today!", "label": "joy"},
        {"text": "heartbroken and crying", "label": "sadness"},
        {"text": "we can do it", "label": "optimism"},
    )

    assert kind == "emotion"
    assert found["accuracy of 2"].value == 1.0
    assert found["accuracy of 2"].rows == 2


def test_emotions_that_come_together_are_measured_by_none(measured):
    _, found = measured(
        {"text": "The train leaves at 9:15 from platform 4", "labels": ["neutral"]},
        {"text": "so happy, I love you!", "labels": ["joy", "love"]},
    )

    assert found["none F1"].value == 1.0
    assert found["right of rated"].value == 1.0


def test_names_are_right_when_text_and_type_are(measured):
    kind, found = measured(
        {"text": "Ada Lovelace lives in London", "ents": [{"text": "London", "label": "LOC"}]},
        {"text": "nobody is here", "ents": []},
    )

    assert kind == "entities"
    assert found["F1 PLACE"].value == 1.0
    assert found["F1 PERSON"].value == 0.0
    assert found["F1"].value == pytest.approx(2 / 3)


def test_a_window_is_right_when_its_topic_is_among_the_first(measured):
    texts = [f"penalty shootout number {word}" for word in ("one", "two", "three", "four")]

    _, found = measured({"topic": "penaltyshootout", "texts": texts}, {"topic": "weather", "texts": texts})

    assert found["topic in the top 3"].value == 0.5


@pytest.mark.parametrize(
    ("phrase", "topic", "expected"),
    [
        ("world cup", "worldcup", True),
        ("merkel", "angela merkel", True),
        ("the bbc news tonight", "bbc", False),
        ("cup", "", False),
        ("…", "cup", False),
    ],
)
def test_a_phrase_says_a_topic_when_it_holds_most_of_it(phrase, topic, expected):
    assert says(phrase, topic) is expected


def test_an_empty_file_is_refused(tmp_path, analyzer):
    (tmp_path / "posts.jsonl").touch()

    with pytest.raises(InputError, match="is empty; give labelled posts"):
        evaluate_file(tmp_path / "posts.jsonl", analyzer)


def test_a_capability_that_is_off_is_refused(measured):
    with pytest.raises(InputError, match="no probabilities of 'sentiment'"):
        measured({"text": "a", "label": "neutral"}, by=Analyzer(sentiment=None))
