"""Which rules heed a post: the package's query language, asked of the whole message.

X knows more of a post than our record of it does, so what a topic may ask of X alone is answered here. The text of a
quoted post counts as the quote's own.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final

import orjson

from twitterhandler.clock import parse_time
from twitterhandler.query import Query
from twitterhandler.query.tree import And, Node, Not, Or, Term
from twitterhandler.query.view import PostView, fold
from twitterhandler.testing.xserver.content import Json, Message
from twitterhandler.x_messages import parse_message

_LOOKED_FOR: Final = frozenset(("words", "anywhere", "near", "#", "@", "$", "url", "url_contains"))
"""What is found in a quoted post, too."""


class Facts:
    """What rules can ask of one message; made when it is asked for."""

    def __init__(self, message: Message) -> None:
        self.data = message.data
        self._message = message

    @cached_property
    def view(self) -> PostView:
        return _view(self._message.as_json())

    @cached_property
    def quoted(self) -> PostView | None:
        for target in self.referred("quoted"):
            return _view({"data": target})
        return None

    @cached_property
    def author(self) -> Json:
        return self.user(str(self.data["author_id"]))

    def user(self, number: str) -> Json:
        return next((user for user in self._message.includes.get("users", ()) if user["id"] == number), {})

    def referred(self, kind: str) -> Iterator[Json]:
        """The posts that it refers to in this way and that are still there."""
        ids = [reference["id"] for reference in self.data.get("referenced_tweets", ()) if reference["type"] == kind]
        return (post for post in self._message.includes.get("tweets", ()) if post["id"] in ids)

    def attached(self, *kinds: str) -> bool:
        media = self._message.includes.get("media", ())
        keys = self.data.get("attachments", {}).get("media_keys", ())
        return any(item["media_key"] in keys and item["type"] in kinds for item in media)

    def place(self) -> Json:
        return next(iter(self._message.includes.get("places", ())), {}) if "geo" in self.data else {}


def heeds(query: Query, facts: Facts) -> bool:
    return _holds(query.root, facts)


def _holds(node: Node, facts: Facts) -> bool:
    match node:
        case And(parts):
            return all(_holds(part, facts) for part in parts)
        case Or(parts):
            return any(_holds(part, facts) for part in parts)
        case Not(term):
            return not _holds(term, facts)
        case Term(name, value) if known := _ONLY_X_KNOWS.get(name):
            return known(facts, value)
        case Term(name):
            found = node.match(facts.view)
            return found or (name in _LOOKED_FOR and facts.quoted is not None and node.match(facts.quoted))


def _view(message: Json) -> PostView:
    at = parse_time(message["data"]["created_at"])
    return PostView(parse_message(orjson.dumps(message), at))


def _is(user: Json, value: str) -> bool:
    return value in (fold(str(user.get("username", ""))), user.get("id"))


def _count(facts: Facts, name: str) -> int:
    return int(facts.author.get("public_metrics", {}).get(name, 0))


def _within(number: int, span: str) -> bool:
    lowest, _, highest = span.partition("..")
    return int(lowest) <= number <= int(highest) if highest else number >= int(lowest)


_ONLY_X_KNOWS: Final[Mapping[str, Callable[[Facts, str], bool]]] = {
    "to": lambda facts, value: _is(facts.user(str(facts.data.get("in_reply_to_user_id"))), value),
    "retweets_of": lambda facts, value: any(
        _is(facts.user(post["author_id"]), value) for post in facts.referred("retweeted")
    ),
    "conversation_id": lambda facts, value: facts.data.get("conversation_id") == value,
    "place_country": lambda facts, value: fold(facts.place().get("country_code", "")) == fold(value),
    "min_followers": lambda facts, value: _count(facts, "followers_count") >= int(value),
    "followers_count": lambda facts, value: _within(_count(facts, "followers_count"), value),
    "tweets_count": lambda facts, value: _within(_count(facts, "tweet_count"), value),
    "following_count": lambda facts, value: _within(_count(facts, "following_count"), value),
    "listed_count": lambda facts, value: _within(_count(facts, "listed_count"), value),
    "is:verified": lambda facts, _: bool(facts.author.get("verified")),
    "is:quote": lambda facts, _: any(kind["type"] == "quoted" for kind in facts.data.get("referenced_tweets", ())),
    "is:reply": lambda facts, _: "in_reply_to_user_id" in facts.data,
    "has:media": lambda facts, _: facts.attached("photo", "video", "animated_gif"),
    "has:images": lambda facts, _: facts.attached("photo"),
    "has:video_link": lambda facts, _: facts.attached("video"),
    "has:geo": lambda facts, _: "geo" in facts.data,
    "sample": lambda facts, value: int(str(facts.data["id"])[-2:]) < float(value),
}
