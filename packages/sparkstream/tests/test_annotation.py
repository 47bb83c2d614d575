from collections.abc import Sequence
from dataclasses import dataclass

from factories import NOON, annotated, encode, record
from sparkstream.annotation import annotate, from_record
from sparkstream.annotators import NotRated
from sparkstream.schema import Post, parse
from sparkstream.testing import KnownAnnotator
from sparkstream.testing.annotator import sentiment_of


def posts(*values):
    found = [parse(encode(value), place="p", now=NOON) for value in values]
    assert all(isinstance(post, Post) for post in found)
    return found


def test_a_post_keeps_its_record_and_gains_what_was_found():
    value = record(text="Ada pours tea 🎉", hashtags=["Tea"], mentions=["Bob"], urls=["https://www.a.example/x"])
    (post,) = annotate(posts(value), KnownAnnotator())
    kept = {name: part for name, part in value.items() if name not in ("schema", "event")}
    assert {name: post.record[name] for name in kept} == kept
    assert post.record["entities"] == [{"text": "Ada", "type": "OTHER"}]
    assert [word["text"] for word in post.record["keywords"]] == ["pours", "Ada", "tea"]
    assert post.record["words"] == ["ada", "pours", "tea"]
    assert post.record["domains"] == ["a.example"]
    assert post.record["emoji"] == ["🎉"]
    assert post.record["models"] == {"sentiment": "known", "emotion": "known"}
    assert post.sentiment == post.record["sentiment"]["label"] == sentiment_of(value["text"])
    assert post.terms == {
        "keyword": ("pours", "ada", "tea"),
        "entity": ("OTHER:Ada",),
        "hashtag": ("tea",),
        "mention": ("bob",),
        "domain": ("a.example",),
        "emoji": ("🎉",),
        "word": ("ada", "pours", "tea"),
    }


def test_the_row_of_the_master_set_is_read_back_as_it_was():
    (post,) = annotate(posts(record(text="Ada pours tea")), KnownAnnotator())
    assert from_record(post.record, post.event_time, post.received_at) == post


def test_without_an_annotator_posts_are_not_rated_and_the_rest_is_there():
    (post,) = annotate(posts(record(text="a kettle", hashtags=["Tea"])), NotRated())
    assert (post.sentiment, post.emotion) == ("not_rated", "not_rated")
    assert post.record["sentiment"] == {"label": "not_rated", "confidence": 0.0}
    assert set(post.terms) == {"hashtag", "word"}


def test_the_annotator_gets_texts_as_they_are_and_in_order():
    @dataclass
    class Listening(NotRated):
        heard: list[tuple[Sequence[str], Sequence[str] | None]]

        def analyze(self, texts, languages=None):
            self.heard.append((texts, languages))
            return super().analyze(texts, languages)

    listening = Listening([])
    annotate(posts(record("x:1", text="ＴＥＡ &amp;\0"), record("x:2", text="", lang="de")), listening)
    assert listening.heard == [(["ＴＥＡ &amp;\0", ""], ["en", "de"])]


def test_no_posts_ask_nobody():
    class Deaf:
        versions = {}  # noqa: RUF012 - as the protocol has it

        def analyze(self, texts, languages=None):
            raise AssertionError

    assert annotate([], Deaf()) == []


def test_terms_of_a_post_are_distinct_and_folded():
    post = annotated(hashtags=["Tea", "TEA", "Straße"], mentions=["Ada", "ada"], keywords=["Green Tea", "green tea"])
    assert post.terms == {"hashtag": ("tea", "strasse"), "mention": ("ada",), "keyword": ("green tea",)}
