import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.cleaning import domains, emoji, finder, message_key, words


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("The kettle is singing", "en", ["kettle", "singing"]),
        ("Kettle KETTLE kettle", "en", ["kettle"]),
        ("a naïve café, the Ålesund café", "en", ["naïve", "café", "ålesund"]),
        ("Cafe\u0301", "fr", ["café"]),
        ("I don't and don’t", "en", []),
        ("state-of-the-art teapot's lid", "en", ["state-of-the-art", "teapot's", "lid"]),
        ("Der Tee ist nicht heiß", "de", ["tee", "heiss"]),
        ("Das heißt, daß es Tee ist", "de", ["heisst", "tee"]),
        ("चाय बहुत अच्छी है", "xx", ["चाय", "बहुत", "अच्छी", "है"]),
        ("чай и самовар", "ru", ["чай", "самовар"]),
        ("الشاي لذيذ", "xx", ["الشاي", "لذيذ"]),
        ("می‌خواهم", "xx", ["می‌خواهم"]),
        ("お茶が好き", "ja", ["お茶が好き"]),
        ("차를 마시다", "xx", ["차를", "마시다"]),
        ("ชาร้อน", "xx", ["ชาร้อน"]),
        ("#Tea @ada https://example.org/a?b=c 12 3.5 ☕ :-) x", "en", []),
        ("soooooo gooooood", "en", ["sooo", "goood"]),
        ("", "en", []),
        ("\0\u202e\u200d", "en", []),
    ],
)
def test_words_are_what_a_topic_is_made_of(text, language, found):
    assert words(text, language) == found


def test_a_run_of_letters_without_end_is_no_word():
    assert words("ab" * 30, "en") == []


def test_the_negation_of_a_text_is_no_word_but_stays_in_its_message():
    assert words("not bad, never good", "en") == ["bad", "never", "good"]
    assert message_key("not bad") != message_key("bad")


def test_a_language_without_a_list_has_all_its_words():
    assert words("the kettle", "xx") == ["the", "kettle"]


@given(st.text(max_size=200))
def test_any_text_has_words_that_are_folded_and_distinct(text):
    found = words(text, "und")
    assert len(set(found)) == len(found)
    assert all(word == word.casefold() and 2 <= len(word) <= 40 for word in found)


@pytest.mark.parametrize(
    "text",
    ["a." * 20_000, "1.2." * 20_000, "x.com/(" * 9_000, "@" * 90_000, "#a" * 50_000, "🎉" * 30_000, "&#xD800;" * 9_000],
)
def test_a_text_made_to_be_slow_is_cleaned_all_the_same(text):
    words(text, "en")
    emoji(text)
    message_key(text)


def test_html_of_a_surrogate_gives_no_half_character():
    assert words("tea &#xD800; &#55296; cup", "en") == ["tea", "cup"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no emoji at all, 100 %", []),
        ("🎉 and 🎉 and ☕", ["🎉", "☕"]),
        ("👩‍👩‍👧 👍🏽 🇩🇪 1️⃣", ["👩‍👩‍👧", "👍🏽", "🇩🇪", "1️⃣"]),
        ("❤ ❤️", ["❤️"]),
        ("👁️‍🗨 👁‍🗨", ["👁️‍🗨️"]),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿"]),
    ],
)
def test_an_emoji_is_one_with_all_its_parts_and_in_one_spelling(text, found):
    assert emoji(text) == found


@pytest.mark.parametrize(
    ("urls", "hosts"),
    [
        (
            ["https://www.example.org/a", "http://EXAMPLE.org/b", "https://news.example.org"],
            ["example.org", "news.example.org"],
        ),
        (["https://ada@example.org:8443/x?y#z"], ["example.org"]),
        (["example.org", "mailto:ada@example.org", "javascript:alert(1)", "", "http://[::1"], []),
        (["https://münchen.example/"], ["münchen.example"]),
    ],
)
def test_a_domain_is_the_host_without_its_www(urls, hosts):
    assert domains(urls) == hosts


@pytest.mark.parametrize(
    "copy",
    [
        "RT @ada: The kettle sings https://t.co/abc",
        "rt @ada the KETTLE sings",
        "the kettle   sings\n@bob",
        "Ｔｈｅ kettle sings https://t.co/x http://t.co/y",
    ],
)
def test_copies_of_a_message_meet_under_one_key(copy):
    assert message_key(copy) == message_key("The kettle sings")


@pytest.mark.parametrize(
    "other", ["The kettle sang", "The kettle sings ☕", "The kettle sings #tea", "Thé kettle sings"]
)
def test_another_message_has_another_key(other):
    assert message_key(other) != message_key("The kettle sings")


def test_messages_of_only_links_share_a_key():
    assert message_key("https://t.co/a @ada") == message_key("http://t.co/b") == message_key("")


@given(st.text(st.characters(), max_size=100))
def test_any_text_has_a_key_of_16_hex_digits(text):
    assert len(message_key(text)) == 16
    int(message_key(text), 16)


@pytest.mark.parametrize(
    ("word", "text", "held"),
    [
        ("tea", "Tea!", True),
        ("TEA", "green tea-pot", True),
        ("tea", "a teapot, a steam", False),
        ("the", "The kettle", True),
        ("pot", "tea_pot", False),
        ("café", "Cafe\u0301 au lait", True),
        ("cafe", "café", False),
        ("don't", "I don’t", True),
        ("don’t", "I don't", True),
        ("straße", "STRASSE", True),
        ("#tea", "more #Tea now", True),
        ("#tea", "#teatime", False),
        ("c++", "in C++, mostly", True),
        ("茶", "お茶が好き", True),
        ("ชา", "ชาร้อน", True),
        ("차를", "차를 마시다", True),
        ("чай", "Чай и самовар", True),
        ("☕", "tea☕☕", True),
        ("a.b", "a-b", False),
        ("(", "a (b", True),
    ],
)
def test_a_word_is_found_whole_whatever_its_case(word, text, held):
    assert finder(word)(text) is held


@given(st.text(min_size=1, max_size=20), st.text(max_size=40))
def test_any_word_may_be_looked_for(word, text):
    assert finder(word)(word)
    finder(word)(text)
