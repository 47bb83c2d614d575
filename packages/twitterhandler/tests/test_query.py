import pytest
from twitterhandler.errors import QueryError
from twitterhandler.posts import Author
from twitterhandler.query import Query, matching


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("cup", "The CUP is ours", True),
        ("cup", "cupboard", False),
        ("cup", "that cup!", True),
        ("coca-cola", "I like Coca Cola", True),
        ("coca-cola", "cola, coca", False),
        ('"world cup"', "the World   Cup, at last", True),
        ('"world cup"', "world of the cup", False),
        ("world cup", "cup of the world", True),
        ("world cup", "the world", False),
        ("a OR b c", "a", True),
        ("a OR b c", "b", False),
        ("(a OR b) c", "a", False),
        ("(a OR b) c", "b and c", True),
        ("a -b", "a c", True),
        ("a -b", "a b", False),
        ('a -"b c"', "a c b", True),
        ('a -"b c"', "a, b c", False),
        ("maratón", "MARATÓN", True),
        ("maratón", "maraton", False),
        ("strasse", "Straße", True),
        ("café", "cafe\u0301", True),
        ("ワールド", "今日のワールドカップ", True),
        ("🎉", "yes🎉", True),
        ("or", "this or that", True),
        ("10:30", "at 10:30 sharp", True),
        ("don't", "I don't", True),
    ],
)
def test_words_and_phrases_match_whole_tokens(post, query, text, found):
    assert Query.parse(query).match(post(text=text)) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("#worldcup", True),
        ("#World", False),
        ("@FIFA", True),
        ("@fif", False),
        ("from:ADA", True),
        ("from:@ada", True),
        ("from:adam", False),
        ("match lang:EN", True),
        ("match lang:en-GB", True),
        ("match lang:e", False),
        ("match -lang:en", False),
        ("match -from:bea -#Other", True),
        ("(match lang:de) OR @fifa", True),
    ],
)
def test_operators_look_at_the_fields(post, query, found):
    made = post(
        text="what a match",
        hashtags=("WorldCup",),
        mentions=("fifa",),
        author=Author(id="x:1", handle="Ada", name="Ada"),
        lang="en-GB",
    )
    assert Query.parse(query).match(made) is found


@pytest.mark.parametrize(
    ("query", "position", "reason"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ('a "b c', 2, "quote"),
        ('a ""', 2, "phrase is empty"),
        ("a (b OR (c", 8, "never closed"),
        ("a (b", 2, "never closed"),
        ("(", 0, "never closed"),
        ("a) b", 1, "closes nothing"),
        ("a ()", 2, "parentheses are empty"),
        ("OR a", 0, "missing"),
        ("a OR", 2, "needs something after"),
        ("a OR OR b", 2, "needs something after"),
        ("(a OR)", 3, "needs something after"),
        ("a AND b", 2, "already means AND"),
        ("a - b", 2, "stands alone"),
        ("a -", 2, "stands alone"),
        ("a -(b c)", 2, "cannot be negated"),
        ("-a", 0, "only narrow"),
        ("lang:en", 0, "only narrow"),
        ("a OR -b lang:en", 5, "only narrow"),
        ("a # b", 2, "needs a name"),
        ("from:", 0, "needs its value"),
        ("a has:links", 2, "no operator"),
        ("a --b", 2, "stands alone"),
        ("a" * 1_025, 1_024, "longer than 1,024 characters"),
        ("(" * 400 + "a" + ")" * 400, 50, "more than 50 deep"),
        ("tea OR \udcff", 7, "write the query in UTF-8"),
    ],
)
def test_an_error_points_at_its_character(query, position, reason):
    with pytest.raises(QueryError, match=reason) as caught:
        Query.parse(query)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("a (b", "a (b\n  ^"),
        ("日本 (b", "日本 (b\n     ^"),
        ("👍 (b", "👍 (b\n   ^"),
        ("e\u0301 (b", "e\u0301 (b\n  ^"),
        ("a\t\x1b (b", "a   (b\n    ^"),
    ],
)
def test_the_caret_stands_under_the_character_on_a_terminal(query, pointer):
    with pytest.raises(QueryError) as caught:
        Query.parse(query)
    assert caught.value.pointer() == pointer


def test_groups_may_lie_in_each_other_and_follow_each_other():
    Query.parse("(" * 50 + "a" + ")" * 50)
    Query.parse(" OR ".join(["((a))"] * 100))


def test_a_post_is_matched_with_many_queries_at_once(post):
    queries = {"b": Query.parse("match"), "c": Query.parse("cup"), "a": Query.parse("what -cup")}
    assert matching(queries, post()) == ("b", "a")


def test_a_query_is_explained_in_words():
    explained = Query.parse('"world cup" (final OR #WM) -lang:de OR from:ada @bea -tickets').explain()
    assert explained == (
        "(“world cup” and (“final” or the hashtag #wm) and not written in 'de') "
        "or (written by @ada and a mention of @bea and not “tickets”)"
    )
