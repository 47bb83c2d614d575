"""Pages of posts, newest first, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sparkstream.errors import QueryError
from sparkstream.queries import UNFILTERED, Filter, Window
from sparkstream.stores.base import PagePosition, Store, StoredPost

READ_AT_ONCE: Final = 500
_NUMBER: Final = re.compile("[0-9]{1,14}")
"""A time in milliseconds or an offset."""


@dataclass(frozen=True, slots=True)
class Page:
    """`next` leads on, None at the end of the window."""

    posts: list[StoredPost]
    next: str | None


def newest(
    store: Store, topic: str, window: Window, sentiment: str | None, *, before: PagePosition | None = None, at_once: int
) -> Iterator[StoredPost]:
    """The posts of a window, newest first, read `at_once` at a time."""
    while True:
        some = store.posts(topic, window.start, window.end, before=before, sentiment=sentiment, limit=at_once)
        yield from some
        if len(some) < at_once:
            return
        before = PagePosition(some[-1].post.event_time, some[-1].post.id)


def post_page(
    store: Store, topic: str, window: Window, only: Filter, *, limit: int, scanned: int, cursor: str | None = None
) -> Page:
    """At most `limit` posts that match, from at most `scanned` posts looked at; a short page with a `next` means that
    more may follow.
    """
    before = _position(cursor) if cursor is not None else None
    at_once = min(limit + 1, READ_AT_ONCE) if only in (UNFILTERED, Filter(only.sentiment)) else READ_AT_ONCE
    found: list[StoredPost] = []
    for looked_at, stored in enumerate(newest(store, topic, window, only.sentiment, before=before, at_once=at_once)):
        if len(found) == limit or looked_at == scanned:
            return Page(found, _cursor(before))
        before = PagePosition(stored.post.event_time, stored.post.id)
        if only.passes(stored.post):
            found.append(stored)
    return Page(found, None)


def _cursor(position: PagePosition | None) -> str | None:
    return encode_cursor(position.event_time, position.id) if position else None


def _position(cursor: str) -> PagePosition:
    time, _, post_id = _decode(cursor).partition(" ")
    return PagePosition(_number(time, cursor), post_id)


def encode_cursor(*parts: int | str) -> str:
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> int:
    """The offset in the cursor of a top; 0 for none."""
    if cursor is None:
        return 0
    return _number(_decode(cursor), cursor)


def _number(text: str, cursor: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _bad(cursor)
    return int(text)


def _decode(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise _bad(cursor) from error


def _bad(cursor: str) -> QueryError:
    return QueryError(f"cursor {cursor!r} is none of ours; take it from `next` as it is")
