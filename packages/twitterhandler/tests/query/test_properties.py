"""What is so for every query."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from twitterhandler.errors import QueryError
from twitterhandler.posts import Author, Post
from twitterhandler.query import Query, matching
from twitterhandler.query.operators import NAMES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = ("tea", "cup", "maratón", "茶", "🎉")

pieces = st.sampled_from(
    [*' ()"-~#@$:[]\t', " OR ", " AND ", *WORDS, *(f"{name}:" for name in NAMES), "en", "links", "reply", "3", "1..2"]
)
syntax = st.lists(pieces | st.characters(), max_size=25).map("".join)


def read(text: str) -> Query | QueryError:
    try:
        return Query.parse(text)
    except QueryError as exc:
        return exc


def post(text: str) -> Post:
    author = Author("x:1", "ada", "Ada")
    return Post("x:1", "x", (), NOON, NOON, author, text, lang="en", hashtags=("tea",), urls=("https://example.org",))


@given(syntax | st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=600, deadline=None)
def test_any_text_is_a_query_or_says_where_it_is_none(text, posted):
    query = read(text)
    if isinstance(query, QueryError):
        assert 0 <= query.position <= len(text)
        assert query.pointer()
        assert "\n" not in str(query)
        return
    assert query.explain()
    assert query.match(post(posted)) in (True, False)
    again = Query.parse(query.on_x(), max_length=10_000)
    assert (again.root, again.on_x()) == (query.root, query.on_x())


trees = st.recursive(
    st.sampled_from(WORDS),
    lambda parts: st.tuples(st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3)),
    max_leaves=8,
)
negated = st.lists(st.sampled_from(WORDS), max_size=2)


def written(tree) -> str:
    if isinstance(tree, str):
        return tree
    operator, parts = tree
    inside = [written(part) if isinstance(part, str) else f"({written(part)})" for part in parts]
    return (" OR " if operator == "or" else " ").join(inside)


def holds(tree, text: set[str]) -> bool:
    if isinstance(tree, str):
        return tree in text
    operator, parts = tree
    return (any if operator == "or" else all)(holds(part, text) for part in parts)


@given(trees, negated, st.sets(st.sampled_from(WORDS)))
@settings(max_examples=300, deadline=None)
def test_and_or_and_not_mean_what_they_say(tree, without, said):
    query = Query.parse(" ".join([f"({written(tree)})", *(f"-{word}" for word in without)]))
    expected = holds(tree, said) and not said & set(without)
    assert query.match(post(" ".join(said))) is expected
    assert matching({"q": query}, post(" ".join(said))) == (("q",) if expected else ())


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_space_binds_before_or(branches):
    bare = Query.parse(" OR ".join(" ".join(branch) for branch in branches))
    grouped = Query.parse(" OR ".join(f"({' '.join(branch)})" for branch in branches))
    assert bare.root == grouped.root
