"""What a request asked for of a post: `tweet.fields`, `expansions` and their like."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from twitterhandler.testing.xserver.content import Json, Message
from twitterhandler.testing.xserver.problems import RefusedError, invalid_parameter

Spelling = Literal["tweet", "post"]

_SPECIFIED: Final = """
tweet.fields article attachments author_id card_uri community_id context_annotations conversation_id created_at
    display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang
    matched_media_notes media_metadata non_public_metrics note_request_suggestions note_tweet organic_metrics
    paid_partnership possibly_sensitive promoted_metrics public_metrics referenced_tweets reply_settings scopes
    source suggested_source_links suggested_source_links_with_counts text withheld
expansions article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
    attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username geo.place_id
    in_reply_to_user_id entities.note.mentions.username referenced_tweets.id
    referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id
user.fields affiliation confirmed_email connection_status created_at description entities id is_identity_verified
    location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected
    public_metrics receives_your_dm subscription subscription_type url username verified
    verified_followers_count verified_type withheld
place.fields contained_within country country_code full_name geo id name place_type
media.fields alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
    promoted_metrics public_metrics type url variants width
poll.fields duration_minutes end_datetime id options voting_status
"""
"""What may be asked for, of version 2.167 of X's specification: a parameter, then its values."""
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(values) for name, *values in map(str.split, re.split(r"\n(?=\w)", _SPECIFIED.strip()))
}
_ALWAYS: Final[Mapping[str, frozenset[str]]] = {
    "tweet.fields": frozenset({"id", "text", "edit_history_tweet_ids"}),
    "user.fields": frozenset({"id", "name", "username"}),
    "place.fields": frozenset({"id", "full_name"}),
    "media.fields": frozenset({"media_key", "type"}),
    "poll.fields": frozenset({"id", "options"}),
}
_BROUGHT: Final[Mapping[str, str]] = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "geo.place_id": "geo",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "entities.mentions.username": "entities",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "referenced_tweets.id.attachments.media_keys": "referenced_tweets",
}
"""The field of the post that an expansion brings with it."""
_RENAMED: Final = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweets": "posts",
}
"""Version 2.167 of the specification writes so."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields and expansions of one request; without any, a post has an id, a text and its history."""

    fields: Mapping[str, frozenset[str]]
    expansions: frozenset[str]

    @classmethod
    def parse(cls, query: Mapping[str, str], *, others: Iterable[str] = ()) -> "Selection":
        """Reads a query string in which the parameters `others` may occur too.

        Raises:
            RefusedError: 400; a parameter, a field or an expansion that there is not.
        """
        for name in query:
            if name not in _ALLOWED and name not in others:
                allowed = ",".join([*others, *_ALLOWED])
                raise RefusedError(
                    invalid_parameter(name, query[name], f"The query parameter [{name}] is not one of [{allowed}]")
                )
        asked = {name: _listed(name, query.get(name, "")) for name in _ALLOWED}
        expansions = asked.pop("expansions")
        brought = {_BROUGHT[name] for name in expansions if name in _BROUGHT}
        fields = {name: values | _ALWAYS[name] for name, values in asked.items()}
        return cls({**fields, "tweet.fields": fields["tweet.fields"] | brought}, expansions)

    def project(self, message: Message, *, spelling: Spelling = "tweet") -> Json:
        """`data`, `includes` and `errors` as they were asked for; the last two only where there are any."""
        whole: Json = {"data": self._only("tweet.fields", message.data)}
        if includes := self.includes([message]):
            whole["includes"] = includes
        if errors := self.errors([message]):
            whole["errors"] = errors
        return respell(whole) if spelling == "post" else whole

    def posts(self, messages: Sequence[Message]) -> list[Json]:
        return [self._only("tweet.fields", message.data) for message in messages]

    def includes(self, messages: Sequence[Message]) -> Json:
        """What the expansions bring of all these posts, each thing once."""
        found: dict[str, dict[str, Json]] = {}
        for message in messages:
            for kind, fields, key, wanted in self._expanded(message.data, message.includes):
                for value in message.includes.get(kind, ()):
                    if value[key] in wanted:
                        found.setdefault(kind, {})[value[key]] = self._only(fields, value)
        return {kind: list(values.values()) for kind, values in found.items()}

    def errors(self, messages: Sequence[Message]) -> list[Json]:
        return [
            error
            for message in messages
            for error in message.errors
            if error["parameter"] not in _ALLOWED["expansions"] or error["parameter"] in self.expansions
        ]

    def _only(self, fields: str, value: Json) -> Json:
        wanted = self.fields[fields]
        return {name: part for name, part in value.items() if name in wanted}

    def _expanded(self, data: Json, includes: Mapping[str, Sequence[Json]]) -> Iterator[tuple[str, str, str, set[str]]]:
        """For each kind of include: its fields' parameter, its key, and the keys that are wanted."""
        asked = self.expansions
        referenced = {str(reference["id"]) for reference in data.get("referenced_tweets", ())}
        targets = [tweet for tweet in includes.get("tweets", ()) if tweet["id"] in referenced]
        users, tweets, media = _users(data, asked), set[str](), set[str]()
        if "referenced_tweets.id" in asked or "referenced_tweets.id.author_id" in asked:
            tweets |= referenced
        if "edit_history_tweet_ids" in asked:
            tweets |= set(data["edit_history_tweet_ids"])
        if "referenced_tweets.id.author_id" in asked:
            users |= {target["author_id"] for target in targets}
        for name, sources in (
            ("attachments.media_keys", [data]),
            ("referenced_tweets.id.attachments.media_keys", targets),
        ):
            if name in asked:
                media |= {key for source in sources for key in source.get("attachments", {}).get("media_keys", ())}
        yield "users", "user.fields", "id", users
        yield "tweets", "tweet.fields", "id", tweets
        yield "media", "media.fields", "media_key", media
        if "geo.place_id" in asked:
            yield "places", "place.fields", "id", {data.get("geo", {}).get("place_id", "")}
        if "attachments.poll_ids" in asked:
            yield "polls", "poll.fields", "id", set(data.get("attachments", {}).get("poll_ids", ()))


def respell(value: Any) -> Any:
    """The same with the names of version 2.167."""
    if isinstance(value, Mapping):
        return {_RENAMED.get(name, name): respell(part) for name, part in value.items()}
    return [respell(part) for part in value] if isinstance(value, list) else value


def _users(data: Json, asked: frozenset[str]) -> set[str]:
    users = {data[name] for name in ("author_id", "in_reply_to_user_id") if name in asked and name in data}
    if "entities.mentions.username" in asked:
        users |= {mention["id"] for mention in data.get("entities", {}).get("mentions", ()) if "id" in mention}
    return users


def _listed(name: str, value: str) -> frozenset[str]:
    values = frozenset(filter(None, value.split(",")))
    for wrong in sorted(values - _ALLOWED[name]):
        allowed = ",".join(sorted(_ALLOWED[name]))
        raise RefusedError(
            invalid_parameter(name, value, f"The `{name}` query parameter value [{wrong}] is not one of [{allowed}]")
        )
    return values
