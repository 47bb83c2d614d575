from __future__ import annotations

from typing import Any

import pytest
from dashboard import bars


def term(name: str = "penalty shootout", **given: Any) -> Any:
    return {"term": name, "posts": 41, "positive": 20, "neutral": 11, "negative": 8, "previous": 12} | given


def test_a_bar_is_split_by_sentiment_on_the_scale_of_the_biggest() -> None:
    biggest, other = bars.terms(
        [
            term(posts=40, positive=20, neutral=12, negative=8),
            term("red card", posts=10, positive=4, neutral=2, negative=1),
        ],
        facet="keyword",
    )
    assert biggest["parts"] == {"positive": 50.0, "neutral": 30.0, "negative": 20.0}
    assert other["parts"] == {"positive": 10.0, "neutral": 5.0, "negative": 2.5, "unrated": 7.5}
    assert (other["value"], other["note"]) == ("10", "−2")


def test_an_entity_is_shown_by_its_text_and_type() -> None:
    (row,) = bars.terms([term("PERSON:Ada Lovelace", text="Ada Lovelace", type="PERSON")], facet="entity")
    assert (row["label"], row["tag"], row["key"]) == ("Ada Lovelace", "person", "PERSON:Ada Lovelace")


def test_a_hashtag_has_its_sign() -> None:
    assert bars.terms([term("finalnight")], facet="hashtag", prefix="#")[0]["label"] == "#finalnight"


def test_ten_terms_are_enough() -> None:
    assert len(bars.terms([term(str(number)) for number in range(12)], facet="word")) == bars.ROWS


def shares(*items: tuple[str, int, float | None, float | None, float | None], sample: int = 10) -> Any:
    return {
        "sample": sample,
        "items": [
            {"label": label, "count": count, "share": share, "low": low, "high": high}
            for label, count, share, low, high in items
        ],
    }


def test_a_term_without_a_number_before_has_no_change() -> None:
    (row,) = bars.terms([term(previous=None)], facet="keyword")
    assert row["note"] == ""
    assert row["title"].endswith("– in the period before")


def test_a_label_shows_the_interval_of_its_share() -> None:
    joy, none = bars.labels(
        shares(("joy", 5, 0.5, 0.25, 0.75), ("none", 2, 0.2, 0.1, 0.5), ("not_rated", 3, None, None, None)),
        asks="emotion",
    )
    assert (joy["value"], joy["parts"], joy["interval"]) == ("50%", {"accent": 66.67}, (33.33, 66.67))
    assert (none["label"], none["note"], none["asks"]) == ("no emotion", "2", {"emotion": "none"})
    assert joy["title"] == "joy: 5 of 10 rated posts, 25–75%"


def test_labels_of_nothing_rated_have_no_length() -> None:
    (joy,) = bars.labels(shares(("joy", 0, None, None, None), sample=0), asks="emotion")
    assert (joy["value"], joy["parts"]) == ("–", {"accent": 0.0})
    assert "interval" not in joy


def test_labels_that_are_not_counted_can_be_chosen_all_the_same() -> None:
    rows = bars.labels(None, asks="emotion", known=("joy", "none", "not_rated"))
    assert [(row["label"], row["value"], row["asks"]) for row in rows] == [
        ("joy", "", {"emotion": "joy"}),
        ("no emotion", "", {"emotion": "none"}),
    ]
    assert bars.labels(None, asks="lang") == []


def test_a_label_that_all_are_of_has_no_interval() -> None:
    (reply,) = bars.labels(shares(("reply", 10, 1.0, 0.72, 1.0)), asks="kind", chosen="reply")
    assert (reply["parts"], "interval" in reply) == ({"accent": 100.0}, False)
    assert reply["title"] == "reply: 10 of 10 posts, 72–100%"


def test_languages_are_the_most_spoken_ones() -> None:
    rows = bars.labels(shares(*((f"l{n}", 1, 0.1, 0.0, 0.5) for n in range(9)), ("und", 1, 0.1, 0.0, 0.5)), asks="lang")
    assert len(rows) == bars.MOST_LABELS
    (unknown,) = bars.labels(shares(("und", 1, 0.1, 0.0, 0.5)), asks="lang")
    assert (unknown["label"], unknown["asks"]) == ("unknown language", {"lang": "und"})


def test_a_rising_term_shows_how_much_was_not_to_be_expected() -> None:
    items: Any = [
        {"facet": "hashtag", "term": "penalties", "posts": 40, "expected": 10.0, "lift": 4.0, "score": 7.1},
        {"facet": "keyword", "term": "red card", "posts": 20, "expected": 0.1, "lift": 200.0, "score": 5.0},
    ]
    penalties, card = bars.rising(items)
    assert (penalties["label"], penalties["tag"], penalties["value"]) == ("#penalties", "hashtag", "×4.0")
    assert penalties["parts"] == {"unrated": 25.0, "accent": 75.0}
    assert card["value"] == "×99+"


@pytest.mark.parametrize("rated", [0, 10])
def test_the_split_fills_the_track_or_is_empty(rated: int) -> None:
    share = 1 / 3 if rated else None
    (row,) = bars.split(shares(*((label, 1, share, None, None) for label in ("positive", "neutral", "negative"))))
    assert sum(row["parts"].values()) == pytest.approx(100 if rated else 0)
