"""Messages of Bluesky's Jetstream (v1 wire: one JSON object a frame) as posts.

What of them becomes a record, and what is passed over on purpose:

    commit of app.bsky.feed.post   create: a post; update: an edit; delete: a delete
    commit of another collection   nothing: we ask for posts only. A repost (app.bsky.feed.repost) holds no text, only a
                                   reference, so no query could find it
    identity, account              nothing: a handle that changed, an account closed, suspended or came back.
                                   The network tells of the account alone, and a record is about a post
    any other kind                 unreadable: this wire is frozen, so somebody should see it

Messages know authors by their DID, so that is their handle and name as well. Offsets of facets count bytes of UTF-8.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from twitterhandler.clock import from_microseconds, parse_time
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import UNDETERMINED, Author, Delete, Kind, Post, language

POSTS: Final = "app.bsky.feed.post"

_PASSED_OVER: Final = frozenset({"identity", "account"})
_YEARS: Final = range(1970, 3000)
_URI: Final = re.compile(rf"at://(did:[^/\s]+)/{re.escape(POSTS)}/([^/\s]+)")
_TID_DIGITS: Final = {digit: value for value, digit in enumerate("234567abcdefghijklmnopqrstuvwxyz")}
_TID_LENGTH: Final = 13
_TID_CLOCK_BITS: Final = 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One message.

    Attributes:
        cursor: Its `time_us`: when the server took it in, microseconds since 1970. The next reading may begin here.
        record: None when it is passed over.
    """

    cursor: int
    record: Post | Delete | None

    @property
    def at(self) -> datetime:
        return from_microseconds(self.cursor)


def parse_event(message: bytes, received_at: datetime) -> Event:
    """What one frame tells.

    Raises:
        UnreadableMessageError: no JSON, no event, or a post without id or text.
    """
    try:
        event = orjson.loads(message)
    except orjson.JSONDecodeError as exc:
        raise UnreadableMessageError(f"not JSON: {exc}") from exc
    try:
        return _event(event, received_at)
    except (AttributeError, KeyError, TypeError) as exc:
        raise UnreadableMessageError(f"not an event: a field is missing or another ({type(exc).__name__})") from exc


def _event(event: Json, received_at: datetime) -> Event:
    cursor, kind = event["time_us"], event["kind"]
    if not isinstance(cursor, int) or not 0 < cursor < 1 << 53:
        raise UnreadableMessageError("not an event: `time_us` is no time")
    if kind in _PASSED_OVER:
        return Event(cursor, None)
    if kind != "commit":
        raise UnreadableMessageError(f"events of kind {kind!r} are not known")
    commit: Json = event["commit"]
    if commit["collection"] != POSTS:
        return Event(cursor, None)
    author, operation = _did(event["did"]), commit["operation"]
    id_ = f"bluesky:{author}/{_key(commit['rkey'])}"
    match operation:
        case "create" | "update":
            version = _version(commit.get("rev"), cursor) if operation == "update" else 0
            return Event(
                cursor, _post(id_, author, version, commit["record"], (from_microseconds(cursor), received_at))
            )
        case "delete":
            return Event(cursor, Delete(id=id_, network="bluesky", received_at=received_at))
    raise UnreadableMessageError(f"operation {operation!r} is not known")


def _post(id_: str, author: str, version: int, record: Json, times: tuple[datetime, datetime]) -> Post:
    text = record["text"]
    if not isinstance(text, str):
        raise UnreadableMessageError("a post without text")
    features = list(_features(record, text.encode()))
    embed: Json = record.get("embed") or {}
    kind, target = _reference(record, embed)
    heard_at, received_at = times
    return Post(
        id=id_,
        network="bluesky",
        topics=(),
        created_at=_created_at(record.get("createdAt")) or heard_at,
        received_at=received_at,
        author=Author(id=f"bluesky:{author}", handle=author, name=author),
        text=text,
        lang=_language(record.get("langs")),
        kind=kind,
        refers_to=target,
        hashtags=_distinct([*_of("tag", features), *(record.get("tags") or ())]),
        mentions=_distinct(_of("mention", features)),
        urls=_distinct([*_of("link", features), *_external(embed)]),
        permalink=f"https://bsky.app/profile/{author}/post/{id_.rpartition('/')[2]}",
        version=version,
    )


def _did(written: object) -> str:
    if not isinstance(written, str) or not written.startswith("did:") or "/" in written:
        raise UnreadableMessageError("an event without a DID")
    return written


def _key(written: object) -> str:
    if not isinstance(written, str) or not written or "/" in written:
        raise UnreadableMessageError("a commit without its record's key")
    return written


def _version(rev: object, cursor: int) -> int:
    """Milliseconds since 1970 of the commit: of its `rev`, which grows with every commit of an author and is the same
    from every server; when that is none, of the message.
    """
    if isinstance(rev, str) and len(rev) == _TID_LENGTH and set(rev) <= _TID_DIGITS.keys():
        number = 0
        for digit in rev:
            number = number << 5 | _TID_DIGITS[digit]
        cursor = number >> _TID_CLOCK_BITS
    return max(1, cursor // 1000)


def _created_at(written: object) -> datetime | None:
    """What the author's program says, which is not checked by anybody; None when it is no time of ours."""
    if not isinstance(written, str):
        return None
    try:
        found = parse_time(written)
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def _language(langs: object) -> str:
    """The first: the one in which its author says that it is written."""
    return language(langs[0]) if isinstance(langs, list) and langs else UNDETERMINED


def _reference(record: Json, embed: Json) -> tuple[Kind, str | None]:
    """A quoted list or feed is no post: whoever embeds one quotes nobody."""
    embedded: Json = embed.get("record") or {}
    quoted = embedded.get("uri") or (embedded.get("record") or {}).get("uri")
    if target := _target(quoted):
        return "quote", target
    parent: Json = (record.get("reply") or {}).get("parent") or {}
    if target := _target(parent.get("uri")):
        return "reply", target
    return "original", None


def _target(uri: object) -> str | None:
    found = _URI.fullmatch(uri) if isinstance(uri, str) else None
    return f"bluesky:{found[1]}/{found[2]}" if found else None


def _features(record: Json, text: bytes) -> Iterator[tuple[str, object]]:
    """What facets mark, as (type, value); of a mention the handle as it stands in the text, else the DID."""
    for facet in record.get("facets") or ():
        index: Json = facet.get("index") or {}
        for feature in facet.get("features") or ():
            match str(feature.get("$type")).rpartition("#")[2]:
                case "tag":
                    yield "tag", feature.get("tag")
                case "link":
                    yield "link", feature.get("uri")
                case "mention":
                    yield "mention", _handle(text, index) or feature.get("did")


def _handle(text: bytes, index: Json) -> str | None:
    start, end = index.get("byteStart"), index.get("byteEnd")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        return None
    written = text[start:end].decode(errors="replace")
    return written[1:] if written[0] == "@" and "\ufffd" not in written else None


def _external(embed: Json) -> Iterator[object]:
    """The card of a link, alone or beside a quoted post."""
    for part in (embed, embed.get("media") or {}):
        yield (part.get("external") or {}).get("uri")


def _of(name: str, features: list[tuple[str, object]]) -> list[object]:
    return [value for feature, value in features if feature == name]


def _distinct(values: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))
