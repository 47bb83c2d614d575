"""Messages of X's API v2 (filtered stream, one JSON object a line) as posts.

Both spellings of X's fields are read (`referenced_tweets` and `referenced_posts`, `note_tweet` and `note_post`, …):
its specification changed from one to the other in 2026. Whatever a message may lack (users, tags, originals,
milliseconds) is made up for or left out; only without id, text or time it is unreadable.
"""

import html
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import orjson

from twitterhandler.clock import parse_time
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Author, Kind, Post, slug

UNTAGGED: Final = "untagged"
"""The topic of a message that names no rule, such as a line of a search's result."""

_KINDS: Final[tuple[tuple[Kind, tuple[str, ...]], ...]] = (
    ("repost", ("retweeted", "reposted")),
    ("quote", ("quoted",)),
    ("reply", ("replied_to",)),
)
_LANGUAGES: Final = {"in": "id", "iw": "he", "ji": "yi"}
"""Codes that X still writes and BCP 47 has retired."""

Json = dict[str, Any]


def parse_message(line: bytes, received_at: datetime) -> Post:
    """The post that one line of the stream carries.

    Raises:
        UnreadableMessageError: no JSON, no post (a notice, a page of several), or one without id, text or time.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        raise UnreadableMessageError(f"not JSON: {exc}") from exc
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        raise UnreadableMessageError("not a post: no object `data`")
    try:
        return _post(message, received_at)
    except (AttributeError, KeyError, TypeError, IndexError) as exc:
        raise UnreadableMessageError(f"not a post: a field has another shape ({type(exc).__name__})") from exc


def _post(message: Json, received_at: datetime) -> Post:
    data: Json = message["data"]
    includes: Json = message.get("includes") or {}
    number, version = _number(data)
    kind, target = _reference(data)
    original = _included(includes, target) if target else None
    source = original if kind == "repost" and original else data
    text, entities = _content(source)
    author = _author(data, includes)
    return Post(
        id=f"x:{number}",
        network="x",
        topics=_topics(message),
        created_at=_created_at(data),
        received_at=received_at,
        author=author,
        text=text,
        lang=_language(source.get("lang") or data.get("lang")),
        kind=kind,
        refers_to=f"x:{_number(original)[0] if original else target}" if target else None,
        hashtags=_names(entities, "hashtags", "tag"),
        mentions=_names(entities, "mentions", "username"),
        urls=tuple(dict.fromkeys(_urls(entities))),
        permalink=f"https://x.com/{author.handle or 'i'}/status/{number}",
        version=version,
    )


def _number(data: Json) -> tuple[str, int]:
    """The id of the first version and which version this is: an edit has an id of its own, the history keeps them
    ascending.
    """
    number = data.get("id")
    if not isinstance(number, str | int) or not number:
        raise UnreadableMessageError("a post without id")
    history = data.get("edit_history_tweet_ids") or data.get("edit_history_post_ids")
    if not history or len(history) == 1:
        return str(number), 0
    versions = [str(version) for version in history]
    return versions[0], versions.index(str(number)) if str(number) in versions else 0


def _created_at(data: Json) -> datetime:
    written = data.get("created_at")
    if not isinstance(written, str):
        raise UnreadableMessageError("a post without created_at")
    try:
        return parse_time(written)
    except ValueError as exc:
        raise UnreadableMessageError(f"created_at is no time: {exc}") from exc


def _reference(data: Json) -> tuple[Kind, str | None]:
    references = data.get("referenced_tweets") or data.get("referenced_posts")
    if references:
        targets = {reference["type"]: str(reference["id"]) for reference in references}
        for kind, types in _KINDS:
            for name in types:
                if name in targets:
                    return kind, targets[name]
    return "original", None


def _included(includes: Json, number: str) -> Json | None:
    for post in includes.get("tweets") or includes.get("posts") or ():
        if str(post.get("id")) == number:
            return dict(post)
    return None


def _content(data: Json) -> tuple[str, Json]:
    """Text, unescaped, and entities: of the long form where there is one."""
    note: Json = data.get("note_tweet") or data.get("note_post") or {}
    text = note.get("text") or data.get("text")
    if not isinstance(text, str):
        raise UnreadableMessageError("a post without text")
    entities: Json = note.get("entities") or data.get("entities") or {}
    return html.unescape(text) if "&" in text else text, entities


def _author(data: Json, includes: Json) -> Author:
    number = str(data.get("author_id") or "unknown")
    for user in includes.get("users") or ():
        if str(user.get("id")) == number:
            handle = str(user.get("username") or "")
            return Author(id=f"x:{number}", handle=handle, name=str(user.get("name") or handle))
    return Author(id=f"x:{number}", handle="", name="")


def _topics(message: Json) -> tuple[str, ...]:
    """Slugs of the rules' tags, in order; a rule without a tag is known by its id."""
    rules = message.get("matching_rules") or ()
    slugs = (slug(str(rule.get("tag") or "")) or slug(f"rule-{rule.get('id', '')}") for rule in rules)
    return tuple(dict.fromkeys(slugs)) or (UNTAGGED,)


def _language(written: str | None) -> str:
    """BCP 47; X's own codes (`qme`: media only, `qht`: hashtags only, …) name no language."""
    code = written or "und"
    if len(code) == 3 and code[0] == "q":
        return "und"
    return _LANGUAGES.get(code, code)


def _names(entities: Json, kind: str, field: str) -> tuple[str, ...]:
    found = entities.get(kind)
    return tuple([entity[field] for entity in found if isinstance(entity.get(field), str)]) if found else ()


def _urls(entities: Json) -> Iterator[str]:
    """Where links lead; an attached picture or video is no link."""
    for url in entities.get("urls") or ():
        if not url.get("media_key"):
            target = url.get("unwound_url") or url.get("expanded_url") or url.get("url")
            if isinstance(target, str):
                yield target
