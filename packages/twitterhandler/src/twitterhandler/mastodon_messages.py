"""Events of Mastodon's streams as posts.

    update            a post, or an edit where its author has changed it before it came here
    status.update     an edit
    delete            a delete
    any other event   nothing: notifications, filters, announcements are about an account, not about posts

A status that is not public or unlisted is passed over. Ids are those of the server that is listened to, since a delete
names no other: one post heard from two servers is two. Accounts are known as `user@server`, from every server the same.
"""

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Final

import orjson

from twitterhandler.clock import parse_time
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Author, Delete, Kind, Post, language

_VISIBLE: Final = frozenset({"public", "unlisted"})
_STATUSES: Final = frozenset({"update", "status.update"})
_PARAGRAPHS: Final = frozenset({"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_CONTENT: Final = 100_000
"""Characters of HTML: servers allow some thousands, and reading it takes more than twice as long for twice as much."""
_DECLARATION: Final = re.compile(r"<[!?][^>]*>?")
"""Comments and what is none: they show nothing, and `html.parser` stumbles over those that it does not know."""
_SPACE: Final = re.compile(r"\s*\n\s*")
"""Of the source, where it wraps; it shows as one space."""
_LINES: Final = frozenset({"li", "div"})
_QUOTED_LINK: Final = "quote-inline"
"""Of the paragraph with a quoted post's address that stands in for the quote where quotes are not known."""

Json = dict[str, Any]


def parse_event(name: str, data: bytes, server: str, received_at: datetime) -> Post | Delete | None:
    """What one event of a stream of `server` (a host's name) tells; None when it is passed over.

    Raises:
        UnreadableMessageError: no JSON, no status, or one without id, text or time.
    """
    if name == "delete":
        return Delete(
            id=f"mastodon:{server}/{_number(data.decode(errors='replace'))}",
            network="mastodon",
            received_at=received_at,
        )
    if name not in _STATUSES:
        return None
    try:
        status = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise UnreadableMessageError(f"not JSON: {exc}") from exc
    try:
        return _post(status, server, received_at) if status["visibility"] in _VISIBLE else None
    except (AttributeError, KeyError, TypeError) as exc:
        raise UnreadableMessageError(f"not a status: a field is missing or another ({type(exc).__name__})") from exc


def _post(status: Json, server: str, received_at: datetime) -> Post:
    original: Json | None = status.get("reblog")
    source = original or status
    kind, target = _reference(status)
    content = _Content(quotes=kind == "quote")
    content.read(_text(source, "content"))
    warning = _text(source, "spoiler_text") if source.get("spoiler_text") else ""
    return Post(
        id=f"mastodon:{server}/{_number(status['id'])}",
        network="mastodon",
        topics=(),
        created_at=_time(status["created_at"]),
        received_at=received_at,
        author=_author(status["account"], server),
        text="\n\n".join(filter(None, [warning, content.text])),
        lang=language(source.get("language")),
        kind=kind,
        refers_to=f"mastodon:{server}/{target}" if target else None,
        hashtags=tuple(str(tag["name"]) for tag in source.get("tags") or ()),
        mentions=tuple(_account(mention["acct"], server) for mention in source.get("mentions") or ()),
        urls=tuple(dict.fromkeys(content.links)),
        permalink=_link(status),
        version=_version(status.get("edited_at")),
    )


def _number(written: object) -> str:
    """Ids are numbers of 64 bits written as text; other programs than Mastodon have words."""
    if not isinstance(written, str) or not written or len(written) > 100 or not written.isalnum():
        raise UnreadableMessageError("an event without the id of a status")
    return written


def _text(status: Json, name: str) -> str:
    value = status[name]
    if not isinstance(value, str):
        raise UnreadableMessageError(f"a status whose `{name}` is no text")
    if len(value) > _MAX_CONTENT:
        raise UnreadableMessageError(f"a status whose `{name}` is longer than {_MAX_CONTENT:,} characters")
    return value


def _link(status: Json) -> str | None:
    return next((value for name in ("url", "uri") if isinstance(value := status.get(name), str)), None)


def _time(written: object) -> datetime:
    try:
        return parse_time(written) if isinstance(written, str) else _no_time()
    except (ValueError, OverflowError) as exc:
        raise UnreadableMessageError("a status whose time is none") from exc


def _no_time() -> datetime:
    raise ValueError("no text")


def _version(edited_at: object) -> int:
    """Milliseconds since 1970 of the edit: the stream does not number them."""
    return 0 if edited_at is None else max(1, int(_time(edited_at).timestamp() * 1000))


def _author(account: Json, server: str) -> Author:
    handle = _account(account["acct"], server)
    return Author(id=f"mastodon:{handle}", handle=handle, name=str(account.get("display_name") or handle))


def _account(written: str, server: str) -> str:
    """`acct` leaves the server's own name out."""
    return written if "@" in written else f"{written}@{server}"


def _reference(status: Json) -> tuple[Kind, str | None]:
    """A quote of a post that its author has withdrawn or not allowed is one without target."""
    if original := status.get("reblog"):
        return "repost", _number(original["id"])
    if quote := status.get("quote"):
        quoted = quote.get("quoted_status_id") or (quote.get("quoted_status") or {}).get("id")
        return "quote", _number(quoted) if quoted else None
    if parent := status.get("in_reply_to_id"):
        return "reply", _number(parent)
    return "original", None


class _Content(HTMLParser):
    """The text that HTML shows, with line breaks, and where its links lead.

    Mastodon cuts a link's text by spans: `invisible` hides, `ellipsis` adds `…`. All parts together are the address as
    it was written, so they are read and the classes are not.
    """

    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._quotes = quotes
        self._parts: list[str] = []
        self._breaks = 0
        self._verbatim = False
        self._skipped: str | None = None
        self.links: list[str] = []

    def read(self, html: str) -> None:
        self.feed(_DECLARATION.sub("", html))
        self.close()

    @property
    def text(self) -> str:
        return "".join(self._parts).rstrip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if self._quotes and _QUOTED_LINK in classes and self._skipped is None:
            self._skipped = tag
        if self._skipped:
            return
        if tag == "br":
            self._breaks += 1
        elif tag == "pre":
            self._verbatim = True
            self._break(2)
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._break(2 if tag in _PARAGRAPHS else 1)
        elif tag == "a" and (target := given.get("href")) and not {"mention", "hashtag"} & set(classes):
            self.links.append(target)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipped:
            self._skipped = None
        if tag == "pre":
            self._verbatim = False
        elif tag in _PARAGRAPHS and not self._skipped:
            self._break(2)

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if not self._verbatim:
            data = _SPACE.sub(" ", data)
            if self._breaks or not self._parts:
                data = data.lstrip(" ")
        if data:
            self._parts.append("\n" * self._breaks + data if self._parts else data)
            self._breaks = 0

    def _break(self, lines: int) -> None:
        """So many line breaks before what follows, if anything does; those of neighbours are not added up."""
        self._breaks = max(self._breaks, lines)
