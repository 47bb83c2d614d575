"""The records that cross the queue and their JSON (one object a record, UTF-8, key = id).

Times are aware datetimes in UTC; on the wire they are ISO 8601 with milliseconds and `Z`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

import orjson

from twitterhandler.clock import format_time, parse_time
from twitterhandler.errors import UnreadableMessageError

SCHEMA: Final = 1
RAW_LIMIT: Final = 64 * 1024
"""Bytes of UTF-8 that a dead record keeps of the line it is about."""

UNDETERMINED: Final = "und"

Kind = Literal["original", "repost", "quote", "reply"]
TopicState = Literal["started", "stopped", "deleted"]

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True)
class Author:
    id: str
    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it was heard.

    Attributes:
        id: Network and number, `x:1790000000000000000`; that of the first version of an edited post.
        topics: Slugs of the topics that it matched, without repeats; empty until it was matched.
        text: Unescaped, whole; for a plain repost that of the original. Never cleaned.
        lang: BCP 47, or `und`.
        refers_to: Id of the post that a repost, quote or reply is about.
        version: 0, or the number of an edit; an edit has the id and the created_at of the first version.
        hashtags: As written, without `#`.
        mentions: Handles as written, without `@`.
    """

    id: str
    network: str
    topics: tuple[str, ...]
    created_at: datetime
    received_at: datetime
    author: Author
    text: str
    lang: str = UNDETERMINED
    kind: Kind = "original"
    refers_to: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    permalink: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """A post that its network took back: it is to be forgotten everywhere, and a late copy stays out."""

    id: str
    network: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class TopicEvent:
    """What a reader of the queue knows of a topic; `query` is None for the tag of a replayed file."""

    id: str
    query: str | None
    state: TopicState
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A time, half-open, in which nothing could be heard."""

    id: str
    network: str
    topics: tuple[str, ...]
    start: datetime
    end: datetime
    reason: str
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """A line that could not be read; its id follows from its bytes, so that a repeat is one record."""

    id: str
    raw: str
    reason: str
    at: datetime


Record = Post | Delete | TopicEvent | Gap | Dead


@lru_cache(maxsize=4096)
def slug(tag: str) -> str:
    """The topic that a rule's tag names: `airline:US Airways` is `airline-us-airways`, `topic:x-y` is `x-y`.

    Empty when the tag has neither letters nor digits.
    """
    if tag.startswith("topic:"):
        tag = tag.removeprefix("topic:")
    return _NOT_ALPHANUMERIC.sub("-", unicodedata.normalize("NFKC", tag).casefold()).strip("-")


def language(written: object) -> str:
    """The code that an author or a program has set, where it has the form of BCP 47; else `und`."""
    return written if isinstance(written, str) and _LANGUAGE.fullmatch(written) else UNDETERMINED


def dead(raw: bytes, reason: str, at: datetime) -> Dead:
    """The record of a line that could not be read: decoded with replacement, cut at 64 KiB."""
    digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
    text = raw[:RAW_LIMIT].decode(errors="replace").encode()[:RAW_LIMIT].decode(errors="ignore")
    return Dead(id=f"dead:{digest}", raw=text, reason=reason, at=at)


def broken(line: bytes, at: datetime) -> Dead:
    """The record of a line that `decode` refuses, with its reason.

    Raises:
        ValueError: the line can be read.
    """
    try:
        decode(line)
    except UnreadableMessageError as exc:
        return dead(line, str(exc), at)
    raise ValueError("this line can be read")


def encode(record: Record) -> bytes:
    """The record as one line of JSON, without the newline."""
    return orjson.dumps(to_json(record))


def decode(line: bytes) -> Record:
    """The opposite of `encode`.

    Raises:
        UnreadableMessageError: no JSON, another schema, an unknown event, or a field that is missing or wrong.
    """
    try:
        fields = orjson.loads(line)
        if fields["schema"] != SCHEMA:
            raise UnreadableMessageError(f"schema {fields['schema']!r} is not known")
        reader = _READERS.get(fields["event"])
        if reader is None:
            raise UnreadableMessageError(f"event {fields['event']!r} is not known")
        return reader(fields)
    except orjson.JSONDecodeError as exc:
        raise UnreadableMessageError(f"not JSON: {exc}") from exc
    except (KeyError, TypeError, AttributeError) as exc:
        raise UnreadableMessageError(f"no record: {type(exc).__name__} {exc}") from exc


def to_json(record: Record) -> dict[str, Any]:
    """The fields of `record` on the wire, in the order of the contract."""
    match record:
        case Post():
            return _post_fields(record)
        case Delete():
            head = {"schema": SCHEMA, "event": "delete", "id": record.id, "network": record.network}
            return {**head, "received_at": format_time(record.received_at)}
        case TopicEvent():
            own = {"id": record.id, "query": record.query, "state": record.state, "at": format_time(record.at)}
            return {"schema": SCHEMA, "event": "topic", **own}
        case Gap():
            span = {"from": format_time(record.start), "to": format_time(record.end)}
            head = {"schema": SCHEMA, "event": "gap", "id": record.id, "network": record.network}
            return {**head, "topics": record.topics, **span, "reason": record.reason, "filled": record.filled}
        case Dead():
            own = {"id": record.id, "raw": record.raw, "reason": record.reason, "at": format_time(record.at)}
            return {"schema": SCHEMA, "event": "dead", **own}


def _post_fields(post: Post) -> dict[str, Any]:
    author = post.author
    return {
        "schema": SCHEMA,
        "event": "edit" if post.version else "post",
        "id": post.id,
        "version": post.version,
        "network": post.network,
        "topics": post.topics,
        "created_at": format_time(post.created_at),
        "received_at": format_time(post.received_at),
        "author": {"id": author.id, "handle": author.handle, "name": author.name},
        "text": post.text,
        "lang": post.lang,
        "kind": post.kind,
        "refers_to": post.refers_to,
        "hashtags": post.hashtags,
        "mentions": post.mentions,
        "urls": post.urls,
        "permalink": post.permalink,
    }


def _read_post(fields: dict[str, Any]) -> Post:
    author = fields["author"]
    return Post(
        id=fields["id"],
        network=fields["network"],
        topics=tuple(fields["topics"]),
        created_at=_time(fields, "created_at"),
        received_at=_time(fields, "received_at"),
        author=Author(id=author["id"], handle=author["handle"], name=author["name"]),
        text=fields["text"],
        lang=fields["lang"],
        kind=fields["kind"],
        refers_to=fields["refers_to"],
        hashtags=tuple(fields["hashtags"]),
        mentions=tuple(fields["mentions"]),
        urls=tuple(fields["urls"]),
        permalink=fields["permalink"],
        version=fields["version"],
    )


def _read_delete(fields: dict[str, Any]) -> Delete:
    return Delete(id=fields["id"], network=fields["network"], received_at=_time(fields, "received_at"))


def _read_topic(fields: dict[str, Any]) -> TopicEvent:
    return TopicEvent(id=fields["id"], query=fields["query"], state=fields["state"], at=_time(fields, "at"))


def _read_gap(fields: dict[str, Any]) -> Gap:
    return Gap(
        id=fields["id"],
        network=fields["network"],
        topics=tuple(fields["topics"]),
        start=_time(fields, "from"),
        end=_time(fields, "to"),
        reason=fields["reason"],
        filled=fields["filled"],
    )


def _read_dead(fields: dict[str, Any]) -> Dead:
    return Dead(id=fields["id"], raw=fields["raw"], reason=fields["reason"], at=_time(fields, "at"))


def _time(fields: dict[str, Any], name: str) -> datetime:
    try:
        return parse_time(fields[name])
    except ValueError as exc:
        raise UnreadableMessageError(f"`{name}` is no time: {exc}") from exc


_READERS: Final[dict[str, Callable[[dict[str, Any]], Record]]] = {
    "post": _read_post,
    "edit": _read_post,
    "delete": _read_delete,
    "topic": _read_topic,
    "gap": _read_gap,
    "dead": _read_dead,
}
