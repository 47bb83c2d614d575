import pytest
from nlp_services.backends.langid import LangidDetector
from nlp_services.language import primary, resolve


@pytest.fixture(scope="module")
def detect():
    return LangidDetector().detect


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("EN", "en"), ("", "und"), ("qht", "und"), ("zxx", "und")],
)
def test_codes_are_cut_to_their_first_part(code, expected):
    assert primary(code) == expected


def test_a_language_that_is_given_is_not_guessed_at():
    def never(text: str) -> str:
        raise AssertionError

    assert resolve(["so good", "qué bien"], ["en", "es"], never) == ["en", "es"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What a lovely morning in the city, everyone is smiling", "en"),
        ("¡Qué golazo de Mbappé, increíble partido!", "es"),
        ("Сегодня был замечательный день", "ru"),
        ("今日は本当に素晴らしい一日でした", "ja"),
        ("اليوم كان رائعا جدا", "ar"),
        ("Heute war ein wunderbarer Tag in der Stadt", "de"),
    ],
)
def test_unknown_languages_are_detected(detect, text, language):
    assert resolve([text], None, detect) == [language]


@pytest.mark.parametrize("text", ["", "🔥🔥", "@someone https://example.org", "12:15", "ok"])
def test_too_few_letters_stay_unknown(detect, text):
    assert resolve([text], ["und"], detect) == ["und"]
