"""What a topic is doing now, from what its queue said and when it last brought a post."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from sparkstream.stores.base import Topic
from sparkstream.times import HOUR, MINUTE

State: TypeAlias = Literal["gathering", "live", "silent", "stopped"]

SILENT_AFTER: Final = 2 * MINUTE
"""Without a post for so long even a busy topic is silent."""
SILENT_SPACINGS: Final = 10
"""So many of its usual spacings without a post make a slow one silent: by chance once in e^10."""


def state(topic: Topic, now: int) -> State:
    """`gathering` before its first post, `live` while posts come at its usual rhythm, `silent` when they ceased.

    Args:
        topic: as a store gives it.
        now: the job's clock, milliseconds: while the job says nothing, no topic falls silent.
    """
    if topic.state != "started":
        return "stopped"
    if topic.last_received is None:
        return "gathering"
    patience = max(SILENT_AFTER, SILENT_SPACINGS * spacing(topic))
    return "silent" if now - topic.last_received > patience else "live"


def spacing(topic: Topic) -> float:
    """Mean milliseconds between the posts of its last hour; 0 of a topic's first post, which knows no rhythm."""
    if topic.first_post is None or topic.last_post is None:
        return 0.0
    return min(HOUR, topic.last_post - topic.first_post) / max(1, topic.last_hour - 1)
