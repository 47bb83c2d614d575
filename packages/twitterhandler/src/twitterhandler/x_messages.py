"""Messages of X's API v2 (filtered stream, one JSON object a line) as posts.

Both spellings of X's fields are read (`referenced_tweets` and `referenced_posts`, `note_tweet` and `note_post`, …):
its specification changed from one to the other in 2026. Whatever a message may lack (users, tags, originals,
milliseconds) is made up for or left out; only without id, text or time it is unreadable.

Entities say where they stand in the text as X sent it, escaped: in code points, the end exclusive. We keep what they
name and look at the places only where a text was cut, for the last of them may be half a word.
"""

import html
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from twitterhandler.clock import parse_time
from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Author, Dead, Kind, Post, dead, slug

UNTAGGED: Final = "untagged"
"""The topic of a message that names no rule, such as a line of a search's result."""

_KINDS: Final[tuple[tuple[Kind, tuple[str, ...]], ...]] = (
    ("repost", ("retweeted", "reposted")),
    ("quote", ("quoted",)),
    ("reply", ("replied_to",)),
)
_LANGUAGES: Final = {"in": "id", "iw": "he", "ji": "yi"}
"""Codes that X still writes and BCP 47 has retired."""

SNOWFLAKES_BEGIN: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, UTC)
_FIRST_SNOWFLAKE: Final = 1 << 40
"""Below it ids were counted one by one; posts could not be edited then."""
_DIGITS: Final = 20
"""So many no id has: they are 63 bits."""
_STATUS: Final = re.compile(r"https?://(?:\w+\.)?(?:x|twitter)\.com/(?:\w+|i/web)/status/(\d+)")
_CUT: Final = re.compile(r"…(?:\s*https://t\.co/\w+)?\Z")
_REPOST: Final = re.compile(r"RT @\w+: ")
_HASHTAG: Final = re.compile(r"(?<![\w&])[#\uff03](\w*[^\W\d]\w*)")
_MENTION: Final = re.compile(r"(?<![\w@/])[@\uff20](\w{1,15})(?![\w@])")

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
    return read_post(message, received_at)


def read_post(message: Any, received_at: datetime) -> Post:
    """The post of a message whose JSON was read already.

    Raises:
        UnreadableMessageError: see `parse_message`.
    """
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        raise UnreadableMessageError("not a post: no object `data`")
    return _read(message, received_at)


def parse_page(page: Json, received_at: datetime, topics: Sequence[str]) -> tuple[list[Post | Dead], str | None]:
    """The posts on a page of a search, newest first as X gives them, and the token of the next page.

    A search names no rules, so the posts get `topics`.

    Raises:
        UnreadableMessageError: it is no page.
    """
    found, meta = page.get("data") or (), page.get("meta") or {}
    if not isinstance(found, list | tuple) or not isinstance(meta, dict):
        raise UnreadableMessageError("not a page of posts: no list `data`")
    rules = [{"tag": f"topic:{topic}"} for topic in topics]
    messages = ({"data": data, "includes": page.get("includes"), "matching_rules": rules} for data in found)
    return [_read_or_bury(message, received_at) for message in messages], meta.get("next_token")


def created_at(number: int) -> datetime:
    """When X gave out the id `number`, to the millisecond."""
    return SNOWFLAKES_BEGIN + timedelta(milliseconds=number >> 22)


def _read_or_bury(message: Json, received_at: datetime) -> Post | Dead:
    try:
        return _read(message, received_at)
    except UnreadableMessageError as exc:
        return dead(orjson.dumps(message["data"]), str(exc), received_at)


def _read(message: Json, received_at: datetime) -> Post:
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
    if kind == "repost" and original is None:
        text, entities = _without_original(text, entities)
    author = _author(data, includes)
    return Post(
        id=f"x:{number}",
        network="x",
        topics=_topics(message),
        created_at=_created_at(data, number if version else None),
        received_at=received_at,
        author=author,
        text=html.unescape(text) if "&" in text else text,
        lang=_language(source.get("lang") or data.get("lang")),
        kind=kind,
        refers_to=f"x:{_number(original)[0] if original else target}" if target else None,
        hashtags=_names(entities, "hashtags", "tag"),
        mentions=_names(entities, "mentions", "username"),
        urls=tuple(dict.fromkeys(_urls(entities, (data, source), target))),
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
    versions = sorted({*map(str, history), str(number)}, key=lambda version: (len(version), version))
    return versions[0], versions.index(str(number))


def _created_at(data: Json, first: str | None) -> datetime:
    """When the post was written; of an edit, when its `first` version was: the id tells."""
    if first and len(first) < _DIGITS and first.isdecimal() and int(first) >= _FIRST_SNOWFLAKE:
        return created_at(int(first))
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
        targets = {reference.get("type"): reference.get("id") for reference in references}
        for kind, types in _KINDS:
            for name in types:
                if target := targets.get(name):
                    return kind, str(target)
    return "original", None


def _included(includes: Json, number: str) -> Json | None:
    for post in includes.get("tweets") or includes.get("posts") or ():
        if str(post.get("id")) == number:
            return dict(post)
    return None


def _content(data: Json) -> tuple[str, Json]:
    """Text, as X escaped it, and entities: of the long form where there is one."""
    note: Json = data.get("note_tweet") or data.get("note_post") or {}
    text = note.get("text") or data.get("text")
    if not isinstance(text, str):
        raise UnreadableMessageError("a post without text")
    entities: Json = note.get("entities") or data.get("entities") or {}
    if note.get("text") and not note.get("entities"):  # those beside the short form end where it was cut
        return text, _completed(_whole(entities, data.get("text") or ""), html.unescape(text))
    return text, entities


def _without_original(text: str, entities: Json) -> tuple[str, Json]:
    """Of a repost whose original X did not send: where the text is whole it is the original's behind `RT @name: `;
    where it was cut it stays as it is, and what the cut went through is no hashtag.
    """
    if text.endswith("…"):
        return text, _whole(entities, text)
    if not (opening := _REPOST.match(text)):
        return text, entities
    mentions = [one for one in entities.get("mentions") or () if (one.get("start") or 0) >= opening.end()]
    return text[opening.end() :], {**entities, "mentions": mentions}


def _whole(entities: Json, text: str) -> Json:
    """Without those that touch the `…` where `text` was cut: half of a word."""
    cut = _CUT.search(text)
    if not cut:
        return entities
    return {kind: [one for one in found or () if one.get("end") != cut.start()] for kind, found in entities.items()}


def _completed(entities: Json, text: str) -> Json:
    """With the hashtags and mentions of the whole text."""
    found = {"hashtags": ("tag", _HASHTAG), "mentions": ("username", _MENTION)}
    return entities | {
        kind: [{field: name} for name in dict.fromkeys([*_names(entities, kind, field), *pattern.findall(text)])]
        for kind, (field, pattern) in found.items()
    }


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


def _urls(entities: Json, sent: tuple[Json, Json], target: str | None) -> Iterator[str]:
    """Where links lead. An attached picture or video is none, nor is what X writes for the rest of a long post or for
    the quoted post: a link to the very posts that this one is made of.
    """
    for url in entities.get("urls") or ():
        if not url.get("media_key"):
            link = url.get("unwound_url") or url.get("expanded_url") or url.get("url")
            if isinstance(link, str) and not ("/status/" in link and _leads_to(link, sent, target)):
                yield link


def _leads_to(link: str, sent: tuple[Json, Json], target: str | None) -> bool:
    found = _STATUS.match(link)
    return found is not None and any(found[1] == str(number) for number in (target, *(post.get("id") for post in sent)))
