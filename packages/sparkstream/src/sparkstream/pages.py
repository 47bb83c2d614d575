"""Pages of posts, newest first, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from sparkstream.errors import QueryError
from sparkstream.queries import Filter, Term, Window
from sparkstream.rollups import MAX_TERM
from sparkstream.stores.base import PagePosition, Store, StoredPost

_READ_AT_ONCE: Final = 500
_NUMBER: Final = re.compile("[0-9]{1,14}")
"""A time in milliseconds or an offset."""


@dataclass(frozen=True, slots=True)
class Page:
    """`next` leads on, None at the end of the window."""

    posts: list[StoredPost]
    next: str | None


def post_page(
    store: Store, topic: str, window: Window, only: Filter, *, limit: int, scanned: int, cursor: str | None = None
) -> Page:
    """At most `limit` posts that match, from at most `scanned` posts looked at; a short page with a `next` means that
    more may follow.
    """
    before = _position(cursor) if cursor is not None else None
    found: list[StoredPost] = []
    looked_at = 0
    while looked_at < scanned:
        wanted = _READ_AT_ONCE if only.term else min(limit - len(found) + 1, _READ_AT_ONCE)
        some = store.posts(topic, window.start, window.end, before=before, sentiment=only.sentiment, limit=wanted)
        for stored in some:
            if len(found) == limit:
                return Page(found, _cursor(before))
            before = PagePosition(stored.post.event_time, stored.post.id)
            if only.term is None or _carries(stored, only.term):
                found.append(stored)
        looked_at += len(some)
        if len(some) < wanted:
            return Page(found, None)
    return Page(found, _cursor(before))


def _carries(stored: StoredPost, term: Term) -> bool:
    return any(text[:MAX_TERM] == term.term for text in stored.post.terms.get(term.facet, ()))


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
