import pytest
from nlp_services.annotations import Entity
from nlp_services.backends.base import Span
from nlp_services.entities import find_entities


class Tagger:
    """Says what it is told to say."""

    version = "1"

    def __init__(self, *spans: Span) -> None:
        self.spans = list(spans)

    def tag(self, texts):
        return [self.spans for _ in texts]


def entities_of(*spans: tuple[str, str]) -> list[Entity]:
    return find_entities(["a text"], Tagger(*(Span(text, label) for text, label in spans)))[0]


@pytest.mark.parametrize(
    ("label", "type_"),
    [
        ("PERSON", "PERSON"),
        ("ORG", "ORG"),
        ("GPE", "PLACE"),
        ("LOC", "PLACE"),
        ("FAC", "PLACE"),
        ("PRODUCT", "PRODUCT"),
        ("EVENT", "EVENT"),
        ("WORK_OF_ART", "WORK"),
        ("NORP", "GROUP"),
        ("LAW", "OTHER"),
    ],
)
def test_labels_become_our_types(label, type_):
    assert entities_of(("Ada", label)) == [Entity("Ada", type_)]


@pytest.mark.parametrize("label", ["DATE", "TIME", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY"])
def test_numbers_dates_and_amounts_are_no_entities(label):
    assert entities_of(("two days", label)) == []


@pytest.mark.parametrize(
    "debris", ["@someone", "https://example.org", "RT", "RT @ada", "#", "🔥🔥", "!", "2022", "-", "x" * 81]
)
def test_debris_is_no_entity(debris):
    assert entities_of((debris, "PERSON")) == []


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("#London", "London"),
        ("Ada 🔥", "Ada"),
        (" New\nYork ", "New York"),
        ("London's", "London"),
        ("U.S.", "U.S."),
        ('"Ada"', "Ada"),
        ("this World Cup", "World Cup"),
        ("the US's", "US"),
        ("The Hague", "The Hague"),
        ("an", "an"),
    ],
)
def test_names_come_without_what_clings_to_them(raw, name):
    assert [entity.text for entity in entities_of((raw, "GPE"))] == [name]


def test_a_name_counts_once_a_text():
    assert len(entities_of(("Ada", "PERSON"), ("#Ada", "PERSON"), ("Ada", "ORG"))) == 2


def test_a_real_text(analyzer):
    text = "Ada Lovelace met 3 friends from Germany in London on Monday, for $5"

    assert analyzer.analyze([text], ["en"]).entities == [
        [Entity("Ada Lovelace", "PERSON"), Entity("Germany", "PLACE"), Entity("London", "PLACE")]
    ]
