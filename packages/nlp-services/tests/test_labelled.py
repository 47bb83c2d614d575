import gzip
import json

import pytest
from nlp_services.errors import InputError
from nlp_services.labelled import kind_of, labelled, read_lines, window


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"text": "a", "label": "positive"}, "sentiment"),
        ({"text": "a", "label": "joy"}, "emotion"),
        ({"text": "a", "labels": []}, "emotion"),
        ({"text": "a", "ents": []}, "entities"),
        ({"topic": "a", "texts": ["b"]}, "keywords"),
    ],
)
def test_a_line_says_what_it_is_labelled_for(row, kind):
    assert kind_of(row) == kind


def test_a_line_without_labels_is_refused():
    with pytest.raises(InputError, match="no `label`, `labels`, `ents` or `topic`"):
        kind_of({"text": "a"})


def test_names_have_our_types_and_user_names_are_none():
    names = [
        {"start": 0, "end": 4, "text": "@ada", "label": "PER", "on_mention": True},
        {"start": 1, "end": 4, "text": "ada", "label": "PER"},
        {"start": 5, "end": 12, "text": "#London", "label": "LOC"},
        {"start": 13, "end": 16, "text": "BBC", "label": "corporation", "label3": "ORG"},
        {"start": 17, "end": 20, "text": "Ulysses", "label": "creative-work", "label3": None},
    ]

    assert labelled({"text": "@ada #London BBC Ulysses", "ents": names}).names == {("London", "PLACE"), ("BBC", "ORG")}


def test_one_label_is_a_choice_and_several_are_not():
    assert labelled({"text": "a", "label": "joy"}).single
    assert not labelled({"text": "a", "labels": ["joy", "love"]}).single


def test_a_text_is_as_a_collector_hands_it_on():
    assert labelled({"text": "fish &amp;amp; chips", "label": "neutral"}).text == "fish & chips"


@pytest.mark.parametrize("row", [{"label": "joy"}, {"text": "a", "labels": None}, {"text": None, "label": "joy"}])
def test_a_half_labelled_line_is_refused(row):
    with pytest.raises(InputError, match="evaluate --help"):
        labelled(row)


def test_a_window_is_its_topic_and_texts():
    assert window({"topic": "cup", "texts": ["a", "b"]}).texts == ("a", "b")


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_files_are_read_compressed_or_not(tmp_path, name):
    opened = gzip.open if name.endswith("gz") else open
    with opened(tmp_path / name, "wt", encoding="utf-8") as file:
        file.write(json.dumps({"text": "Mbappé"}))

    assert list(read_lines(tmp_path / name)) == [{"text": "Mbappé"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"[1]\n", "line 1: no JSON object"), (b"{\n", "no JSONL in UTF-8"), (b"\xff\n", "no JSONL in UTF-8")],
)
def test_what_is_no_jsonl_is_one_line(tmp_path, content, message):
    (tmp_path / "posts.jsonl").write_bytes(content)

    with pytest.raises(InputError, match=message):
        list(read_lines(tmp_path / "posts.jsonl"))


@pytest.mark.parametrize("name", ["absent.jsonl", ""])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot read .*; give a JSONL file with labels"):
        list(read_lines(tmp_path / name))
