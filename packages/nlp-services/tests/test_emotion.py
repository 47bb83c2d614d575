import pytest


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("heartbroken and crying all day 😢", "sadness"),
        ("so happy about our win today!", "joy"),
        ("I love you so much ❤️", "love"),
        ("I'm furious, this is outrageous", "anger"),
        ("I'm so scared of tomorrow", "fear"),
        ("omg what a surprise, I can't believe it!!", "surprise"),
        ("The train leaves at 9:15 from platform 4", "none"),
    ],
)
def test_each_emotion_and_its_absence(analyzer, text, label):
    found = analyzer.analyze([text], ["en"]).emotion[0]

    assert found.label == label
    assert 0.4 <= found.confidence <= 1.0
