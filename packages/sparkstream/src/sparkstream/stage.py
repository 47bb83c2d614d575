"""What happens to one partition of one micro-batch: lines in, deltas out, the new posts in the master set.

Plain Python, testable without Spark. A partition holds every copy of its ids in the batch, so no other one decides
about them. Running it again with the same stamp gives the same deltas: rows that carry the batch's own stamp are new
again. That is all that a replayed batch, a retried task or a kill needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sparkstream.annotation import AnnotatedPost, Annotator, annotate
from sparkstream.rollups import fold_minutes
from sparkstream.schema import DeadLetter, Gap, Post, Record, TopicEvent, parse
from sparkstream.stores.base import Delta, Key, MasterStore, Stamp

Probe: TypeAlias = Callable[[str, Stamp], None]
"""Called at the named points below; a test kills there."""

BEFORE_MASTER: Final = "before master write"
INSIDE_MASTER: Final = "inside master write"
AFTER_MASTER: Final = "after master write"
AFTER_SPEED: Final = "after speed write"

ANNOTATED_AT_ONCE: Final = 256
"""Posts given to the annotator in one call, and written in one go: what its models like best (measured for spaCy's and
TensorFlow's).
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue and where it stands there."""

    place: str
    value: bytes


@dataclass(slots=True)
class PartitionResult:
    """`newest_receipt` is that of the new posts, milliseconds or None; `models` the versions that annotated them."""

    deltas: list[Delta] = field(default_factory=list)
    lines: int = 0
    posts: int = 0
    dead: int = 0
    newest_receipt: int | None = None
    models: dict[str, str] = field(default_factory=dict)


def no_probe(point: str, stamp: Stamp) -> None:
    """Nothing happens at the named points."""


def run_stage(
    lines: Iterable[Line], stamp: Stamp, master: MasterStore, annotator: Annotator, *, now: int, probe: Probe = no_probe
) -> PartitionResult:
    """Parse, drop repeats, look up, annotate the new posts, write them to the master set, fold them.

    Args:
        lines: the partition's lines in the order of the queue.
        stamp: of the micro-batch.
        master: where posts and dead letters are kept.
        annotator: finds meaning in the new posts.
        now: milliseconds; the time of dead letters.
        probe: called at the named points.
    """
    records = [parse(line.value, place=line.place, now=now) for line in lines]
    result = PartitionResult(lines=len(records), models=dict(annotator.versions))
    result.dead = _keep_events(records, master)
    new = _new_posts(records, stamp, master)
    posts = list({post.id: post for _, post in new}.values())
    result.posts = len(posts)
    result.newest_receipt = max((post.received_at for post in posts), default=None)
    probe(BEFORE_MASTER, stamp)
    annotated: dict[str, AnnotatedPost] = {}
    for start in range(0, len(posts), ANNOTATED_AT_ONCE):
        some = annotate(posts[start : start + ANNOTATED_AT_ONCE], annotator)
        annotated |= {post.id: post for post in some}
        ids = {post.id for post in some}
        master.write([(topic, annotated[post.id]) for topic, post in new if post.id in ids], stamp)
        probe(INSIDE_MASTER, stamp)
    probe(AFTER_MASTER, stamp)
    result.deltas = _deltas([(topic, annotated[post.id]) for topic, post in new])
    return result


def _keep_events(records: Sequence[Record], master: MasterStore) -> int:
    dead = [record for record in records if isinstance(record, DeadLetter)]
    master.write_events(
        topics=[record for record in records if isinstance(record, TopicEvent)],
        gaps=[record for record in records if isinstance(record, Gap)],
        dead=dead,
    )
    return len(dead)


def _new_posts(records: Sequence[Record], stamp: Stamp, master: MasterStore) -> list[tuple[str, Post]]:
    """(topic, post) pairs that count now, each once: absent from the master set, or written by this very batch before
    it was cut short.
    """
    units: dict[Key, Post] = {}
    for record in records:
        if isinstance(record, Post):
            for topic in record.topics:
                units.setdefault((topic, record.id), record)
    known = master.stamps(list(units))
    first: dict[str, Post] = {}  # copies of a post may differ; all its topics in this batch get the first one
    return [(key[0], first.setdefault(key[1], post)) for key, post in units.items() if known.get(key) in (None, stamp)]


def _deltas(posts: Sequence[tuple[str, AnnotatedPost]]) -> list[Delta]:
    by_topic: dict[str, list[AnnotatedPost]] = {}
    for topic, post in posts:
        by_topic.setdefault(topic, []).append(post)
    return [
        Delta(topic, minute, rollup)
        for topic, some in by_topic.items()
        for minute, rollup in fold_minutes(some).items()
    ]
