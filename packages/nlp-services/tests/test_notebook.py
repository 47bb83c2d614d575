import json

import nlp_services


def test_rows_are_plain_and_print_as_a_table():
    rows = nlp_services.analyze(["Ada Lovelace is so happy in London!", "Сегодня был замечательный день в городе"])

    assert json.loads(json.dumps(rows))[0]["sentiment"]["label"] == "positive"
    head, first, second = repr(rows).splitlines()
    assert head.split() == ["text", "entities", "keywords", "sentiment", "emotion"]
    assert "London (PLACE)" in first
    assert "not_rated" in second


def test_a_long_text_is_shortened_in_print_only():
    rows = nlp_services.analyze(["long " * 100])

    assert "…" in repr(rows)
    assert rows[0]["text"] == "long " * 100


def test_no_texts():
    assert repr(nlp_services.analyze([])) == "no texts"
