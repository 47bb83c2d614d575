"""Lines of the stream as records."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson

from twitterhandler.errors import UnreadableMessageError
from twitterhandler.posts import Dead, Post, dead
from twitterhandler.sources.x.rules import topics_of
from twitterhandler.topics import Topic
from twitterhandler.x_messages import read_post

MAX_LINE: Final = 1024 * 1024


def read_line(
    line: bytes, at: datetime, *, known: Mapping[str, tuple[str, ...]], topics: Mapping[str, Topic]
) -> Post | Dead:
    """The post of a line, with the topics that want it, or why it is none.

    Args:
        line: Without its end.
        at: When it was heard.
        known: Slugs by rule id.
        topics: What is listened to, by slug; without them a post has no topic.
    """
    if len(line) > MAX_LINE:
        return dead(line, f"a line longer than {MAX_LINE} bytes", at)
    try:
        message = orjson.loads(line)
        post = read_post(message, at)
        slugs = topics_of(message.get("matching_rules") or (), known, topics)
    except orjson.JSONDecodeError as exc:
        return dead(line, f"not JSON: {exc}", at)
    except UnreadableMessageError as exc:
        return dead(line, str(exc), at)
    return replace(post, topics=tuple(slug for slug in slugs if topics[slug].accepts(post)))
