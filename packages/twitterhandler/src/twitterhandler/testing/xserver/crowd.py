"""The simulator's world on the fake X: its posts in X's shapes, for ever, at the pace of a clock."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from twitterhandler.clock import Clock
from twitterhandler.posts import Author, Post
from twitterhandler.simulation import World
from twitterhandler.testing.xserver.content import EPOCH_MILLIS, Json, Message, Person, Posts
from twitterhandler.testing.xserver.platform import Platform

_REMEMBERED: Final = 2_000
"""Posts that others can still repost, quote or answer; the simulator's people go back less far."""
HISTORY: Final = timedelta(minutes=20)
_PAST_POSTS: Final = 6_000


class Crowd:
    """Writes the world's posts as messages; the same post always has the same id."""

    def __init__(self, clock: Clock) -> None:
        self._posts = Posts(clock)
        self._written: OrderedDict[str, Message] = OrderedDict()

    def write(self, post: Post) -> Message:
        message = self._write(post)
        self._written[post.id] = message
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        return message

    def _write(self, post: Post) -> Message:
        author, posts = _person(post.author), self._posts
        target = self._written.get(post.refers_to or "")
        when: Json = {"at": post.created_at, "number": _number(post.id)}
        if post.kind == "original" or target is None:
            return posts.original(post.text, author, lang=post.lang, **when)
        if post.kind == "repost":
            return posts.repost(target, author, **when)
        if post.kind == "quote":
            return posts.quote(target, post.text, author, lang=post.lang, **when)
        answer = post.text.partition(" ")[2]  # it begins with the one who is answered
        return posts.reply(target, answer, author, lang=post.lang, **when)


async def talk(platform: Platform, *, seed: int = 7, rate: float = 5.0) -> None:
    """The world goes on, without end.

    What was said in the 20 minutes before (at high rates about the last 6,000 posts) is found by searches and backfill.
    """
    clock, crowd = platform.clock, Crowd(platform.clock)
    began = clock.now()
    for told in World(seed, rate=rate).posts(began - min(HISTORY, timedelta(seconds=_PAST_POSTS / rate))):
        post = told.post
        await clock.sleep(max(0.0, (post.created_at - clock.now()).total_seconds()))
        platform.publish(crowd.write(post), at=post.created_at if post.created_at < began else None)


def topics(seed: int = 7) -> Iterator[tuple[str, str]]:
    """What the world talks about: slugs and queries."""
    return ((topic.slug, topic.query) for topic in World(seed).script.topics)


def _person(author: Author) -> Person:
    digest = hashlib.blake2b(author.id.encode(), digest_size=7).digest()
    return Person(str(int.from_bytes(digest)), author.handle, author.name)


def _number(simulated: str) -> str:
    """X's id of a simulated one: the same time, counted from X's epoch, and the same mark."""
    number = int(simulated.partition(":")[2])
    return str(((number >> 22) - EPOCH_MILLIS) << 22 | number & 0x3FFFFF)
