"""What the records of one post in a batch change in the master set: posts, edits and deletes in one rule. Pure.

- A deleted post goes from all its topics, and its tombstone keeps every other copy out, earlier or later in the batch.
- The newest version stands, in every topic that the post ever had; of two equal ones the one that came first.
- The event time is that of the version that came first, whatever the versions after it say.

The rule is told what is held already, rows of the same batch included, and decides the same of a batch that was cut
short anywhere: its own rows are new again, rows of others that it has edited are not edited twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sparkstream.schema import Delete, Post
from sparkstream.stores.base import Held, Key, Minute, Stamp
from sparkstream.times import MINUTE, floor

PostRecord: TypeAlias = Post | Delete

_NOTHING = Held({})


@dataclass(slots=True)
class Changes:
    """What a batch does to the posts of a partition.

    Attributes:
        new: (topic, post) pairs that count now: absent, or written by this batch before it was cut short.
        edited: pairs that are held in an older version.
        copied: of new pairs whose post is held in a newer version under another topic, that key to copy from.
        removed: keys that go.
        buried: deleted posts by id, as their records are.
        dirty: the minutes of `edited` and `removed`.
    """

    new: list[tuple[str, Post]] = field(default_factory=list)
    edited: list[tuple[str, Post]] = field(default_factory=list)
    copied: dict[Key, Key] = field(default_factory=dict)
    removed: list[Key] = field(default_factory=list)
    buried: dict[str, Delete] = field(default_factory=dict)
    dirty: set[Minute] = field(default_factory=set)

    @property
    def changed(self) -> int:
        """How many held posts an edit or a delete reaches."""
        return len({post.id for _, post in self.edited} | {post_id for _, post_id in self.removed})


def changes(records: Iterable[PostRecord], held: Mapping[str, Held], stamp: Stamp) -> Changes:
    """Of records in the order of the queue, and what the master set has under their ids."""
    by_id: dict[str, list[PostRecord]] = {}
    for record in records:
        by_id.setdefault(record.id, []).append(record)
    found = Changes()
    for post_id, some in by_id.items():
        known = held.get(post_id, _NOTHING)
        deletes = [record for record in some if isinstance(record, Delete)]
        if known.buried is not None or deletes:
            _remove(found, post_id, known)
            if deletes:
                found.buried[post_id] = deletes[0]
        else:
            copies = (_without_buried_topics(record, held) for record in some if isinstance(record, Post))
            if kept := [copy for copy in copies if copy.topics]:
                _keep(found, kept, known, stamp)
    return found


def grave(topic: str) -> str:
    """The id under which a topic is buried, which no post has."""
    return f"topic:{topic}"


def ids(records: Sequence[PostRecord]) -> list[str]:
    """What has to be looked up for them: their ids, and those of their topics."""
    topics = {topic for record in records if isinstance(record, Post) for topic in record.topics}
    return [*{record.id for record in records}, *map(grave, topics)]


def is_buried(topic: str, post_id: str, received_at: int, held: Mapping[str, Held]) -> bool:
    """Whether a tombstone keeps it out: that of the post, or one of the topic that is not older than its receipt."""
    of_topic = held.get(grave(topic), _NOTHING).buried
    return held.get(post_id, _NOTHING).buried is not None or (of_topic is not None and received_at <= of_topic)


def _without_buried_topics(post: Post, held: Mapping[str, Held]) -> Post:
    topics = tuple(topic for topic in post.topics if not is_buried(topic, post.id, post.received_at, held))
    return post if topics == post.topics else replace(post, topics=topics)


def _remove(found: Changes, post_id: str, known: Held) -> None:
    for topic, row in known.rows.items():
        found.removed.append((topic, post_id))
        found.dirty.add((topic, floor(row.event_time, MINUTE)))


def _keep(found: Changes, copies: Sequence[Post], known: Held, stamp: Stamp) -> None:
    others = {topic: row for topic, row in known.rows.items() if row.stamp != stamp}
    first = min(copies, key=lambda post: post.version)
    latest = max(copies, key=lambda post: post.version)
    at = next((row.event_time for row in others.values()), first.event_time)
    post = replace(latest, event_time=at)
    newer = next((topic for topic, row in others.items() if row.version > post.version), None)
    for topic in dict.fromkeys((*(topic for copy in copies for topic in copy.topics), *known.rows)):
        row = others.get(topic)
        if row is None:
            found.new.append((topic, post))
            if newer is not None:
                found.copied[topic, post.id] = (newer, post.id)
        elif row.version < post.version:
            found.edited.append((topic, post))
            found.dirty.add((topic, floor(row.event_time, MINUTE)))
