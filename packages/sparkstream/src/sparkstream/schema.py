"""Records of the queue (docs/contracts/queue.md, schema 1): a line in, one of five values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from sparkstream.errors import RecordError
from sparkstream.times import DAY, MINUTE, parse_time

SCHEMA: Final = 1
KINDS: Final = ("original", "repost", "quote", "reply")
TOPIC_STATES: Final = ("started", "stopped", "deleted")
MAX_LINE: Final = 1 << 20
"""Bytes of one record; X's longest posts with all their fields stay under 100 kB."""
MAX_RAW: Final = 64 << 10
"""Bytes of an unreadable line that a dead letter keeps."""
MAX_REASON: Final = 500
"""Characters of its reason, which may cite the line."""
MAX_TOPICS: Final = 200
"""Topics of one post, which is kept once for each of them."""
MAX_DEPTH: Final = 32
"""Arrays and objects within each other; a record has two, and what reads deep ones may be unable to write them."""

_SLUG: Final = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]{1,200}")
_AUTHOR_SETS_TIME: Final = frozenset({"bluesky", "mastodon"})
_MAX_LANGUAGE: Final = 35
_MAX_VERSION: Final = 1_000_000
_AHEAD: Final = 5 * MINUTE
_BEHIND: Final = DAY


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `event_time` decides its minute; `record` is the decoded line, kept whole for the master set."""

    id: str
    topics: tuple[str, ...]
    event_time: int
    received_at: int
    author: str
    text: str
    lang: str
    kind: str
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    urls: tuple[str, ...]
    version: int
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """A post that its network took back."""

    id: str
    network: str
    received_at: int


@dataclass(frozen=True, slots=True)
class TopicEvent:
    slug: str
    query: str | None
    state: str
    at: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing could be heard of `topics`."""

    id: str
    network: str
    topics: tuple[str, ...]
    start: int
    end: int
    reason: str
    filled: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A line that could not be read. `id` is its place in the queue, so that a replayed batch writes it once."""

    id: str
    raw: str
    reason: str
    at: int


Record: TypeAlias = Post | Delete | TopicEvent | Gap | DeadLetter


def parse(line: bytes, *, place: str, now: int) -> Record:
    """Read one line; what is no record of this schema comes back as a dead letter with its reason, never as an error.

    Args:
        line: the bytes between two newlines.
        place: where in the queue the line stands; the id of the dead letter it may become.
        now: milliseconds; the time of that dead letter.
    """
    try:
        return _parse(line)
    except RecordError as error:
        raw = line[:MAX_RAW].decode("utf-8", "replace")
        return DeadLetter(id=place, raw=raw, reason=str(error)[:MAX_REASON], at=now)


def _parse(line: bytes) -> Record:
    if len(line) > MAX_LINE:
        raise RecordError(f"the line has {len(line):,} bytes, more than {MAX_LINE:,}")
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RecordError(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise RecordError(f"a record is a JSON object, this is {type(record).__name__}")
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _is_deep(record):
        raise RecordError(f"arrays and objects lie in each other more than {MAX_DEPTH} deep")
    if record.get("schema") != SCHEMA:
        raise RecordError(f"schema {record.get('schema')!r} is not known, only {SCHEMA}")
    event = record.get("event")
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        raise RecordError(f"event {event!r} is not known, only {', '.join(_READERS)}")
    return reader(record)


def _is_deep(record: dict[str, Any]) -> bool:
    level: list[Any] = [record]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def _post(record: dict[str, Any]) -> Post:
    created_at, received_at = _time(record, "created_at"), _time(record, "received_at")
    kind = _text(record, "kind")
    if kind not in KINDS:
        raise RecordError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    author = record.get("author")
    if not isinstance(author, dict):
        raise RecordError("author is not an object")
    return Post(
        id=_post_id(record),
        topics=_topics(record),
        event_time=_event_time(_text(record, "network"), created_at, received_at),
        received_at=received_at,
        author=_text(author, "id"),
        text=_text(record, "text", may_be_empty=True),
        lang=_language(record),
        kind=kind,
        hashtags=_texts(record, "hashtags"),
        mentions=_texts(record, "mentions"),
        urls=_texts(record, "urls"),
        version=_version(record),
        record=record,
    )


def _version(record: Mapping[str, Any]) -> int:
    version = record.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= _MAX_VERSION:
        raise RecordError(f"version is no number from 0 to {_MAX_VERSION:,}")
    return version


def _language(record: Mapping[str, Any]) -> str:
    """A language tag (RFC 5646, 4.4.1: a limit of 35 characters cuts none that is in use); posts are counted by it."""
    lang = _text(record, "lang")
    if len(lang) > _MAX_LANGUAGE:
        raise RecordError(f"lang has {len(lang):,} characters, more than {_MAX_LANGUAGE}")
    return lang


def _event_time(network: str, created_at: int, received_at: int) -> int:
    """The created_at; or the receipt, where that is over 5 minutes behind it, or where the author could set it and it
    is over 24 h behind the receipt.

    A post from the future would close its topic's periods. The record keeps what the network said.
    """
    too_early = network in _AUTHOR_SETS_TIME and created_at < received_at - _BEHIND
    return received_at if too_early or created_at > received_at + _AHEAD else created_at


def _post_id(record: Mapping[str, Any]) -> str:
    post_id = _text(record, "id")
    if post_id.startswith("topic:"):
        raise RecordError(f"the id {post_id[:100]!r} is a topic's, not a post's")
    return post_id


def _delete(record: dict[str, Any]) -> Delete:
    return Delete(id=_post_id(record), network=_text(record, "network"), received_at=_time(record, "received_at"))


def _topic_event(record: dict[str, Any]) -> TopicEvent:
    query, state = record.get("query"), _text(record, "state")
    if query is not None and not isinstance(query, str):
        raise RecordError("query is neither text nor null")
    if state not in TOPIC_STATES:
        raise RecordError(f"state {state!r} is none of {', '.join(TOPIC_STATES)}")
    return TopicEvent(slug=_slug(_text(record, "id")), query=query, state=state, at=_time(record, "at"))


def _gap(record: dict[str, Any]) -> Gap:
    start, end = _time(record, "from"), _time(record, "to")
    if end < start:
        raise RecordError("the gap ends before it begins")
    return Gap(
        id=_text(record, "id"),
        network=_text(record, "network"),
        topics=_topics(record),
        start=start,
        end=end,
        reason=_text(record, "reason"),
        filled=record.get("filled") is True,
    )


def _dead_letter(record: dict[str, Any]) -> DeadLetter:
    raw, reason = _text(record, "raw", may_be_empty=True)[:MAX_RAW], _text(record, "reason")[:MAX_REASON]
    return DeadLetter(id=_text(record, "id"), raw=raw, reason=reason, at=_time(record, "at"))


_READERS: Final[dict[str, Callable[[dict[str, Any]], Record]]] = {
    "post": _post,
    "edit": _post,
    "delete": _delete,
    "topic": _topic_event,
    "gap": _gap,
    "dead": _dead_letter,
}


def _text(record: Mapping[str, Any], name: str, *, may_be_empty: bool = False) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise RecordError(f"{name} is missing or no text")
    return value


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RecordError(f"{name} is not a list of texts")
    return tuple(value)


def _topics(record: Mapping[str, Any]) -> tuple[str, ...]:
    topics = _texts(record, "topics")
    if not topics:
        raise RecordError("topics is missing or empty")
    if len(topics) > MAX_TOPICS:
        raise RecordError(f"topics are {len(topics):,}, more than {MAX_TOPICS}")
    return tuple(dict.fromkeys(map(_slug, topics)))


def _slug(text: str) -> str:
    """The name of a topic, a part of URLs: what would not stand there is refused, all else is the collector's."""
    if not _SLUG.fullmatch(text):
        raise RecordError(f"the topic {text[:100]!r} is no slug")
    return text


def _time(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    try:
        return parse_time(value) if isinstance(value, str) else _no_time(name)
    except (ValueError, OverflowError) as error:
        raise RecordError(f"{name} is missing or no time with an offset, from 1970 to 2999") from error


def _no_time(name: str) -> int:
    raise ValueError(name)
