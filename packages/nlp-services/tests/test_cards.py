import json

import pytest
from nlp_services.annotations import NONE_FROM
from nlp_services.cards import NAMES, load_card
from nlp_services.errors import ModelError


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_those_of_the_card(name):
    card = load_card(name)

    assert card.altered_files() == []
    in_folder = {path.relative_to(card.folder).as_posix() for path in card.folder.rglob("*") if path.is_file()}
    assert in_folder == {*card.facts["sha256"], "card.json"}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_small_and_its_card_complete(name):
    facts = load_card(name).facts

    assert facts["bytes"] <= 12_500_000
    assert {"labels", "languages", "data", "recipe", "calibration", "metrics", "command", "made_with"} <= set(facts)


def test_the_card_promises_no_less_than_what_was_published_first():
    entities, sentiment, emotion = (load_card(name).facts["metrics"]["test"] for name in NAMES)

    assert entities["btc_test"]["f1"] >= 0.54
    assert entities["wnut17_test"]["f1"] >= 0.38
    assert sentiment["macro_recall"] >= 0.66
    assert emotion["dair6_accuracy"] >= 0.88
    assert emotion["dair6_macro_f1"] >= 0.83
    assert emotion["tweeteval_macro_f1_of_three"] >= 0.80
    assert emotion["goemotions_none_f1"] >= 0.62


def test_an_altered_file_is_named(tmp_path):
    (tmp_path / "mood").mkdir()
    facts = {"name": "mood", "version": "1", "sha256": {"a.pb": "0" * 64}}
    (tmp_path / "mood/card.json").write_text(json.dumps(facts))

    assert load_card("mood", data=tmp_path).altered_files() == ["a.pb"]


def test_a_model_without_a_card_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"`mood` has no card .*; install tweet-nlp-services again"):
        load_card("mood", data=tmp_path)


def test_the_emotion_model_says_none_where_the_package_says_it_does():
    assert load_card("emotion").facts["calibration"]["none_from"] == NONE_FROM


def test_all_models_together_are_small():
    assert sum(load_card(name).facts["bytes"] for name in NAMES) <= 25_000_000
