import pytest
from twitterhandler.errors import QueryError
from twitterhandler.posts import Author
from twitterhandler.query import Query, language, matching


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
        ('"party 🎉"', "what a party 🎉!", True),
        ('"party 🎉"', "what a party!", False),
        ("👩", "👩‍👩‍👧 here", True),
        ("❤️", "we \u2764 tea", True),
        ("हिन्दी", "मुझे हिन्दी पसंद है", True),
        ("दिन", "दान", False),
        ("$TSLA", "up goes $tsla.", True),
        ("$TSLA", "up goes tsla", False),
        ("$5", "for $5", True),
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
        ("match lang:de", False),
        ("match -lang:en", False),
        ("match -from:bea -#Other", True),
        ("(match lang:de) OR @fifa", True),
        ("match (lang:de OR lang:en)", True),
        ("from:7", True),
        ("bio_name:Lovelace", True),
        ("url:example.org", True),
        ('url:"https://example.org/news"', True),
        ("url:exam", False),
        ("url_contains:ple.org/NEWS", True),
        ("match is:quote", True),
        ("match is:reply", False),
        ("match -is:retweet", True),
        ("match has:hashtags has:mentions has:links", True),
        ("match has:cashtags", False),
    ],
)
def test_operators_look_at_the_fields(post, query, found):
    made = post(
        text="what a match",
        hashtags=("WorldCup",),
        mentions=("fifa",),
        author=Author(id="x:7", handle="Ada", name="Ada Lovelace"),
        lang="en-GB",
        urls=("https://example.org/news?id=1",),
        kind="quote",
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
        ("a http://b", 2, "no operator"),
        ("a has:links OR has:link", 19, "hashtags, cashtags, links"),
        ("has:links OR is:retweet", 0, "only narrow"),
        ("a OR (is:reply -b)", 6, "only narrow"),
        ("a is:nullcast", 2, "wants `is:nullcast` negated"),
        ("a -sample:10", 2, "cannot be negated"),
        ("a sample:0", 9, "from 1 to 100"),
        ("a lang:english", 7, "code of one language"),
        ("from:a,b", 5, "one account"),
        ("followers_count:9..3", 16, "a range"),
        ("conversation_id:x", 16, "a number"),
        ("place_country:Germany", 14, "two letters"),
        ("context:47", 8, "a domain and an entity"),
        ("embedding:a embedding_threshold:2", 32, "from 0 to 1"),
        ("point_radius:[2.3 48.8]", 13, "longitude, latitude and radius"),
        ("point_radius:[2.3 48.8 99km]", 13, "at most 25 miles"),
        ("bounding_box:[1 2 3", 13, "bracket is never closed"),
        ("bounding_box:[1 9 3 4]", 13, "west, south"),
        ('entity:"a', 7, "quote is never closed"),
        ('"a b"~7', 5, "from 1 to 6"),
        ('"a b"~', 5, "from 1 to 6"),
        ('"a"~2', 0, "two words or more"),
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
    assert Query.parse('"green tea"~3 -is:retweet url:example.org').explain() == (
        "“green tea” with at most 3 other words among them and not a repost and a link with “example org”"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("green tea", True),
        ("green and very fine tea", True),
        ("green and very fine old tea", False),
        ("tea, a green", True),
        ("tea is a green", False),
        ("green green leaves, then much later some tea", False),
        ("green", False),
    ],
)
def test_words_may_stand_near_each_other_and_the_wrong_way_round_counts_two(post, text, found):
    assert Query.parse('"green tea"~3').match(post(text=text)) is found


def test_what_only_x_can_answer_is_for_topics_on_x_only(post):
    query = Query.parse("tea to:ada -has:media")
    query.check(["x"])
    for networks in ([], ["sim"], ["x", "sim"]):
        with pytest.raises(QueryError, match="only X can answer `to:`; make x the only source") as caught:
            query.check(networks)
        assert caught.value.position == 4
    with pytest.raises(QueryError, match="`is:verified`"):
        Query.parse("tea is:verified").check()
    assert not query.match(post(text="tea"))
    about = Query.parse("in_reply_to_tweet_id:7")
    assert about.match(post(kind="reply", refers_to="x:7"))
    with pytest.raises(QueryError, match="only X"):
        about.check()


def test_an_account_of_another_network_is_refused_where_x_is_asked():
    query = Query.parse("tea OR from:ada.example.org")
    query.check(["sim"])
    for networks in ([], ["x"]):
        with pytest.raises(QueryError, match="no account of X") as caught:
            query.check(networks)
        assert caught.value.position == 7


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("coca-cola  OR\t“tea”", '"coca-cola" OR “tea”'),
        ("-don't ＃WM ＠ada", '-"don\'t" #WM @ada'),
        ('a lang:he -lang:ID from:@Ada "b  c"~2', 'a lang:iw -lang:in from:ada "b  c"~2'),
        ("❤️ has:links url:example.org", '"❤️" has:links url:example.org'),
    ],
)
def test_x_gets_a_query_as_it_wants_it_written(query, rule):
    assert Query.parse(query).on_x() == rule


def test_x_is_asked_for_nothing_that_would_be_dropped_here():
    assert Query.parse("a OR b").on_x(languages=["en", "he"], reposts=False) == (
        "(a OR b) (lang:en OR lang:iw) -is:retweet"
    )
    assert Query.parse("a b").on_x(languages=["en"]) == "a b lang:en"


def test_an_account_with_a_contract_may_write_longer_queries():
    text = " OR ".join(["tea"] * 200)
    with pytest.raises(QueryError, match="1,024"):
        Query.parse(text)
    assert Query.parse(text, max_length=2_048).text == text


def test_a_language_is_a_code():
    assert (language("EN"), language("iw"), language("zh-TW")) == ("en", "he", "zh-tw")
    with pytest.raises(ValueError, match="such as en"):
        language("english")
    assert (language("ckb"), language("und"), language("zxx")) == ("ckb", "und", "zxx")
    for unknown in ("xx", "XX-de", "jp", "uk-"):
        with pytest.raises(ValueError, match="the code of one language"):
            language(unknown)
