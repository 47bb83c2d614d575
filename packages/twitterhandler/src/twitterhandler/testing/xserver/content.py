"""Made-up posts in the shapes that X gives them: with everything that any field or expansion can ask for.

Texts are given plain. On the wire they are as X writes them: HTML-escaped, links shortened, entities with the offsets
of code points in that text, its end exclusive.
"""

import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from twitterhandler.clock import Clock, format_time

Json = dict[str, Any]

EPOCH_MILLIS: Final = 1_288_834_974_657
"""Where X's ids count their milliseconds from."""
TEXT_LIMIT: Final = 280
REPOST_LIMIT: Final = 140
"""Characters of a repost's text before it is cut."""

_URL: Final = re.compile(r"https?://[^\s<>\"]+")
_ENTITIES: Final = (
    ("hashtags", "tag", re.compile(r"(?<![\w&])[#＃](\w+)")),
    ("cashtags", "tag", re.compile(r"(?<!\w)\$([A-Za-z]{1,6})\b")),
    ("mentions", "username", re.compile(r"(?<!\w)[@＠](\w{1,15})")),
)


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    username: str
    name: str

    def as_user(self) -> Json:
        numbers = {"followers_count": 12, "following_count": 34, "tweet_count": 56, "listed_count": 0}
        return {
            "id": self.id,
            "name": self.name,
            "username": self.username,
            "created_at": "2019-03-01T08:00:00.000Z",
            "description": f"made up: {self.name}",
            "location": "nowhere",
            "verified": False,
            "protected": False,
            "public_metrics": numbers,
        }


ADA: Final = Person("2244994901", "ada_made_up", "Ada Example")
BEN: Final = Person("2244994902", "ben_made_up", "Ben Example")


@dataclass(frozen=True, slots=True)
class Message:
    """A post and all that may come beside it; the server gives of it what was asked for.

    Attributes:
        data: The post with all its fields.
        includes: What expansions can bring: `users`, `tweets`, `media`, `places`, `polls`.
        errors: What stands beside the data, such as an original that is no longer there.
    """

    data: Json
    includes: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    errors: Sequence[Json] = ()

    @property
    def id(self) -> str:
        return str(self.data["id"])

    def as_json(self) -> Json:
        whole: Json = {"data": self.data, "includes": self.includes}
        return {**whole, "errors": self.errors} if self.errors else whole


class Posts:
    """Writes posts; their ids and times are those of the clock, unless `at` says another time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0

    def original(
        self,
        text: str,
        author: Person = ADA,
        *,
        lang: str = "en",
        at: datetime | None = None,
        number: str | None = None,
        **fields: Any,
    ) -> Message:
        """A post of its own, its id a new one unless it is given as `number`; `fields` go into its data as they are."""
        at = at or self._clock.now()
        number = number or self._id(at)
        written, entities = annotate(text)
        editable = {"is_edit_eligible": True, "editable_until": format_time(at + timedelta(hours=1))}
        metrics = ("retweet", "reply", "like", "quote", "bookmark", "impression")
        data = {
            "id": number,
            "text": written,
            "edit_history_tweet_ids": [number],
            "author_id": author.id,
            "conversation_id": number,
            "created_at": format_time(at),
            "lang": lang,
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "edit_controls": {**editable, "edits_remaining": 5},
            "public_metrics": {f"{name}_count": 0 for name in metrics},
            **({"entities": entities} if entities else {}),
            **fields,
        }
        return Message(data, {"users": [author.as_user()]})

    def repost(self, of: Message, author: Person = BEN, *, there: bool = True, **options: Any) -> Message:
        """A plain repost, its text cut and with the entities of what is left; `there`: whether X still has the
        original.
        """
        whole = f"RT @{_username(of)}: {html.unescape(of.data['text'])}"
        cut = whole if len(whole) <= REPOST_LIMIT else f"{whole[: REPOST_LIMIT - 1]}…"
        post = self.original(cut, author, **{"lang": of.data["lang"], **options})
        return _referring(post, [("retweeted", of)], there=there)

    def quote(self, of: Message, text: str, author: Person = BEN, *, there: bool = True, **options: Any) -> Message:
        """A quote; `there`: whether X still has what is quoted."""
        return _referring(self.original(text, author, **options), [("quoted", of)], there=there)

    def reply(self, to: Message, text: str, author: Person = BEN, *, there: bool = True, **options: Any) -> Message:
        post = self.original(f"@{_username(to)} {text}", author, **_answering(to), **options)
        return _referring(post, [("replied_to", to)], there=there)

    def reply_with_quote(
        self, to: Message, quoted: Message, text: str, author: Person = BEN, **options: Any
    ) -> Message:
        """Both at once: it answers one post and quotes another."""
        post = self.original(f"@{_username(to)} {text}", author, **_answering(to), **options)
        return _referring(post, [("quoted", quoted), ("replied_to", to)])

    def long(self, text: str, author: Person = ADA, **options: Any) -> Message:
        """A text over 280 characters: `text` is cut, `note_tweet` has the whole of it."""
        written, entities = annotate(text)
        note = {"text": written, **({"entities": entities} if entities else {})}
        cut = f"{text[: TEXT_LIMIT - 1]}…" if len(text) > TEXT_LIMIT else text
        return self.original(cut, author, note_tweet=note, display_text_range=[0, TEXT_LIMIT], **options)

    def edit(self, of: Message, text: str, **options: Any) -> Message:
        """A later version of a post: an id of its own at the end of the history."""
        author = next(person for person in of.includes["users"] if person["id"] == of.data["author_id"])
        new = self.original(text, Person(author["id"], author["username"], author["name"]), **options)
        history = [*of.data["edit_history_tweet_ids"], new.id]
        controls = {**of.data["edit_controls"], "edits_remaining": 6 - len(history)}
        kept: Json = {name: of.data[name] for name in ("conversation_id", "referenced_tweets") if name in of.data}
        data: Json = {**new.data, **kept, "edit_history_tweet_ids": history, "edit_controls": controls}
        return Message(data, of.includes, of.errors)

    def withheld(self, text: str, countries: Sequence[str] = ("DE", "FR"), **options: Any) -> Message:
        notice = {"copyright": False, "country_codes": list(countries), "scope": "tweet"}
        return self.original(text, withheld=notice, **options)

    def at_place(self, text: str, **options: Any) -> Message:
        place = "a0583a9994e6bf1b"
        geo = {"place_id": place, "coordinates": {"type": "Point", "coordinates": [34.3, -13.2]}}
        where = {"type": "Feature", "bbox": [32.67, -17.13, 35.92, -9.37], "properties": {}}
        whole = {"id": place, "full_name": "Malawi", "name": "Malawi", "country": "Malawi", "country_code": "MW"}
        return _including(
            self.original(text, geo=geo, **options), "places", {**whole, "place_type": "country", "geo": where}
        )

    def poll(self, text: str, choices: Sequence[str] = ("yes", "no"), **options: Any) -> Message:
        post = self.original(text, **options)
        labels = [{"position": n, "label": label, "votes": 0} for n, label in enumerate(choices, start=1)]
        poll = {"id": post.id, "options": labels, "duration_minutes": 1_440, "voting_status": "open"}
        attached = Message({**post.data, "attachments": {"poll_ids": [post.id]}}, post.includes)
        return _including(attached, "polls", poll)

    def with_media(self, text: str, **options: Any) -> Message:
        """A post with a picture, whose link is part of its text."""
        key = f"3_{self._count}"
        post = self.original(f"{text} https://example.org/picture/{key}", **options)
        post.data["entities"]["urls"][-1]["media_key"] = key
        attached = Message({**post.data, "attachments": {"media_keys": [key]}}, post.includes)
        picture = {"type": "photo", "url": f"https://example.org/media/{key}.jpg", "width": 640, "height": 480}
        return _including(attached, "media", {"media_key": key, **picture, "alt_text": "made up"})

    def _id(self, at: datetime) -> str:
        self._count += 1
        return str((int(at.timestamp() * 1000) - EPOCH_MILLIS) << 22 | self._count & 0x3FFFFF)


def annotate(text: str) -> tuple[str, Json]:
    """The text as X writes it, and its entities by kind."""
    urls: dict[str, str] = {}

    def shorten(found: re.Match[str]) -> str:
        short = f"https://t.co/{hashlib.blake2b(found[0].encode(), digest_size=5).hexdigest()}"
        urls[short] = found[0]
        return short

    written = html.escape(_URL.sub(shorten, text), quote=False)
    entities: dict[str, list[Json]] = {}
    for kind, name, pattern in _ENTITIES:
        entities[kind] = [{"start": m.start(), "end": m.end(), name: m[1]} for m in pattern.finditer(written)]
    entities["urls"] = [{**link, **_target(urls[link["url"]])} for link in _links(written)]
    return written, {kind: found for kind, found in entities.items() if found}


def missing(parameter: str, resource: str) -> Json:
    """The error that stands beside data when a post that it refers to is gone."""
    return {
        "resource_type": "tweet",
        "resource_id": resource,
        "parameter": parameter,
        "value": resource,
        "title": "Not Found Error",
        "detail": f"Could not find tweet with {parameter}: [{resource}].",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def _links(written: str) -> Iterator[Json]:
    for found in _URL.finditer(written):
        yield {"start": found.start(), "end": found.end(), "url": found[0]}


def _target(url: str) -> Json:
    return {"expanded_url": url, "display_url": url.partition("//")[2][:26], "status": 200, "unwound_url": url}


def _username(message: Message) -> str:
    author = message.data["author_id"]
    return next(str(user["username"]) for user in message.includes["users"] if user["id"] == author)


def _answering(to: Message) -> Json:
    return {"in_reply_to_user_id": to.data["author_id"], "conversation_id": to.data["conversation_id"]}


def _referring(post: Message, targets: Sequence[tuple[str, Message]], *, there: bool = True) -> Message:
    references = [{"type": kind, "id": target.id} for kind, target in targets]
    data = {**post.data, "referenced_tweets": references}
    if not there:
        return Message(data, post.includes, [missing("referenced_tweets.id", target.id) for _, target in targets])
    includes: dict[str, list[Json]] = {kind: list(values) for kind, values in post.includes.items()}
    for _, target in targets:
        for kind, values in {**target.includes, "tweets": [target.data]}.items():
            known = includes.setdefault(kind, [])
            known += [value for value in values if value not in known]
    return Message(data, includes)


def _including(post: Message, kind: str, value: Json) -> Message:
    return Message(post.data, {**post.includes, kind: [value]}, post.errors)
