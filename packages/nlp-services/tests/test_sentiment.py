import pytest


@pytest.mark.parametrize(
    "text",
    [
        "I don't like this, not good at all. No, never!",
        "this is not good",
        "I hate waiting at the airport :(",
        "worst service ever, never again 😡",
    ],
)
def test_negation_and_anger_are_negative(analyzer, text):
    assert analyzer.analyze([text], ["en"]).sentiment[0].label == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "Great support at the airport, smart start!",
        "soooo happy with this 😍",
        "#WorldCup2022 is on 🔥🔥 best day ever!",
        "I love it ❤️",
    ],
)
def test_praise_is_positive_with_its_emoji_and_hashtags(analyzer, text):
    label = analyzer.analyze([text], ["en"]).sentiment[0]

    assert label.label == "positive"
    assert 0.4 <= label.confidence <= 1.0


def test_an_announcement_is_neutral(analyzer):
    assert (
        analyzer.analyze(["The council meets on Tuesday at 9 in the town hall"], ["en"]).sentiment[0].label == "neutral"
    )


def test_a_user_name_or_an_address_more_or_less_is_the_same_to_the_model(analyzer):
    first, second = analyzer.analyze(
        ["@ada this is lovely https://example.org/a", "@grace this is lovely https://example.org/b"], ["en", "en"]
    ).sentiment

    assert first == second
