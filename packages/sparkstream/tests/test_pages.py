import base64
from contextlib import suppress

import pytest
from factories import NOON, annotated, keep
from hypothesis import given
from hypothesis import strategies as st
from sparkstream.errors import QueryError
from sparkstream.pages import decode_cursor, encode_cursor, post_page
from sparkstream.queries import UNFILTERED, Filter, Term, Window
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import MINUTE, Span

HERE = Window(NOON, NOON + MINUTE)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Posts of which every third is positive, every seventh carries #pot, and many share their time."""
    opened = SqliteStore(str(tmp_path_factory.mktemp("pages") / "views.db"))
    posts = [
        annotated(
            f"x:{number} ü",
            NOON + number // 10,
            sentiment="negative" if number % 3 else "positive",
            hashtags=[] if number % 7 else ["Pot"],
        )
        for number in range(1_200)
    ]
    keep(opened, [("tea", post) for post in posts])
    yield opened
    opened.close()


def all_pages(store, only, limit, scanned=20_000):
    cursor, found, pages = None, [], 0
    while True:
        page = post_page(store, "tea", HERE, only, limit=limit, scanned=scanned, cursor=cursor)
        found += [stored.post for stored in page.posts]
        pages += 1
        assert len(page.posts) <= limit
        if page.next is None:
            return found, pages
        cursor = page.next


@pytest.mark.parametrize("limit", [7, 200])
@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        (UNFILTERED, 1_200),
        (Filter(sentiment="positive"), 400),
        (Filter(term=Term("hashtag", "pot")), 172),
        (Filter(term=Term("hashtag", "never")), 0),
        (Filter(sentiment="positive", term=Term("hashtag", "pot")), 58),
        (Filter(kind="original", lang="en", word="kettle"), 1_200),
        (Filter(kind="quote"), 0),
    ],
)
def test_paging_through_all_gives_every_post_once_newest_first(store, only, wanted, limit):
    found, _ = all_pages(store, only, limit)
    assert len({post.id for post in found}) == len(found) == wanted
    assert found == sorted(found, key=lambda post: (post.event_time, post.id), reverse=True)


def test_the_last_page_has_no_next_even_when_it_is_full(store):
    assert all_pages(store, UNFILTERED, 400)[1] == 3
    assert all_pages(store, Filter(term=Term("hashtag", "pot")), 172)[1] == 1


def test_looking_ends_somewhere_and_says_where_to_go_on(store):
    page = post_page(store, "tea", HERE, Filter(term=Term("hashtag", "never")), limit=10, scanned=500)
    assert page.posts == []
    assert page.next is not None
    found, pages = all_pages(store, Filter(term=Term("hashtag", "pot")), 200, scanned=500)
    assert (len(found), pages) == (172, 3)


def test_a_page_of_an_empty_time_is_empty(store):
    page = post_page(store, "tea", Window(0, MINUTE), UNFILTERED, limit=10, scanned=100)
    assert (page.posts, page.next) == ([], None)


def test_a_term_longer_than_is_counted_still_finds_its_posts(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    keep(opened, [("tea", annotated(hashtags=["x" * 300]))])
    (counted,) = opened.top("tea", [Span(MINUTE, NOON, NOON + MINUTE)], "hashtag", by="posts", limit=5)
    page = post_page(opened, "tea", HERE, Filter(term=Term("hashtag", counted.term)), limit=5, scanned=100)
    assert len(page.posts) == 1
    opened.close()


@given(st.integers(0, 10**9))
def test_the_cursor_of_a_top_is_its_offset(offset):
    assert decode_cursor(encode_cursor(offset)) == offset


def test_no_cursor_is_the_beginning():
    assert decode_cursor(None) == 0


def foreign(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "!",
        "ü",
        "a",
        foreign(""),
        foreign("-1"),
        foreign("x 1"),
        foreign("٣ x:1"),
        foreign("9" * 5_000),
        foreign("--5 x:1"),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(store, cursor):
    with pytest.raises(QueryError, match="none of ours; take it from `next`"):
        decode_cursor(cursor)
    with pytest.raises(QueryError, match="none of ours; take it from `next`"):
        post_page(store, "tea", HERE, UNFILTERED, limit=1, scanned=1, cursor=cursor)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40))
def test_whatever_the_cursor_it_is_an_offset_or_a_query_error(cursor):
    with suppress(QueryError):
        assert decode_cursor(cursor) >= 0
