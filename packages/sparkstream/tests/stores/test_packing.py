"""Terms that are kept as texts: what is found in them is what was put in, however it is written there."""

import pytest
from factories import NOON, annotated
from sparkstream.rollups import fold
from sparkstream.stores import packing
from sparkstream.stores.base import TermCount
from sparkstream.stores.packing import PackedTerms, by_bytes, pack
from sparkstream.times import MINUTE, Span

HERE = Span(MINUTE, NOON, NOON + MINUTE)
ODD = ["a", "ab", 'a"', '["a",', "a\\", "a/b", "é", "e\u0301", "茶", "\n", "\x7f", "\u2028", "a\u200b", "", "1"]


class Texts(PackedTerms):
    """Of one period, or of none."""

    def __init__(self, *packed):
        self.packed = packed

    def texts(self, topic, spans, facet):
        return ((sums.period.start, sums.terms[facet]) for sums in self.packed if facet in sums.terms)


@pytest.mark.parametrize("term", ODD)
def test_every_term_is_found_and_no_other_one(term):
    views = Texts(pack(HERE, fold([annotated(hashtags=ODD, sentiment="negative")])))
    found = TermCount(term, 1, 0, 0, 1)
    assert views.term_periods("tea", [HERE], "hashtag", term) == {NOON: found}
    assert views.terms("tea", [HERE], "hashtag", [term]) == {term: found}
    assert views.terms("tea", [HERE], "hashtag", [term, "other"]) == {term: found}
    without = Texts(pack(HERE, fold([annotated(hashtags=[other for other in ODD if other != term])])))
    assert without.term_periods("tea", [HERE], "hashtag", term) == {}


def test_nothing_is_asked_of_no_terms():
    assert Texts(pack(HERE, fold([annotated(hashtags=ODD)]))).terms("tea", [HERE], "hashtag", []) == {}


def test_a_facet_without_terms_is_left_out():
    assert pack(HERE, fold([annotated(hashtags=["pot"])])).terms == {"hashtag": '[["pot",1,0,1,0]]'}


def test_what_one_transaction_writes_is_bounded(monkeypatch):
    monkeypatch.setattr(packing, "WRITTEN", 1_000)
    sums = [pack(HERE, fold([annotated(hashtags=["x" * 100])])) for _ in range(10)]
    lots = list(by_bytes(sums))
    assert [packed for some in lots for packed in some] == sums
    assert {sum(packed.size for packed in some[:-1]) < 1_000 for some in lots} == {True}
    assert len(lots) > 2
