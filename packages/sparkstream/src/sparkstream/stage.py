"""What happens to one partition of one micro-batch: lines in, deltas out, the posts in the master set.

Plain Python, testable without Spark. A partition holds every copy of its ids in the batch, so no other one decides
about them. Running it again with the same stamp gives the same deltas: rows that carry the batch's own stamp are new
again. That is all that a replayed batch, a retried task or a kill needs.

New posts are folded to deltas, which are added. What an edit or a delete changes is not in them: its minutes are
marked, before the change, and folded again after the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sparkstream.annotation import AnnotatedPost, Annotator, annotate
from sparkstream.changes import Changes, changes, grave, ids, is_buried
from sparkstream.rollups import fold_minutes
from sparkstream.schema import DeadLetter, Delete, Gap, Post, Record, TopicEvent, parse
from sparkstream.stores.base import Delta, Stamp, Tombstone
from sparkstream.stores.protocols import MasterStore
from sparkstream.times import MINUTE, floor

Probe: TypeAlias = Callable[[str, Stamp], None]
"""Called at the named points below; a test kills there."""

BEFORE_MASTER: Final = "before master write"
INSIDE_REMOVAL: Final = "between tombstone and removal"
INSIDE_MASTER: Final = "inside master write"
AFTER_MASTER: Final = "after master write"
BETWEEN_STORES: Final = "between the stores"
AFTER_SPEED: Final = "after speed write"
BEFORE_COMMIT: Final = "before commit"
POINTS: Final = (
    *(BEFORE_MASTER, INSIDE_REMOVAL, INSIDE_MASTER, AFTER_MASTER),  # of each partition, in its worker
    *(BETWEEN_STORES, AFTER_SPEED, BEFORE_COMMIT),  # of the batch, in the driver
)
"""In the order in which a batch passes them."""

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
    """`posts` are the new ones, `changed` those that an edit or a delete reached; `newest_receipt` is that of the new
    posts, milliseconds or None; `models` the versions that annotated them.
    """

    deltas: list[Delta] = field(default_factory=list)
    lines: int = 0
    posts: int = 0
    changed: int = 0
    dead: int = 0
    newest_receipt: int | None = None
    models: dict[str, str] = field(default_factory=dict)


def no_probe(point: str, stamp: Stamp) -> None:
    """Nothing happens at the named points."""


def run_stage(
    lines: Iterable[Line], stamp: Stamp, master: MasterStore, annotator: Annotator, *, now: int, probe: Probe = no_probe
) -> PartitionResult:
    """Parse, drop repeats, look up, annotate what is new, write it to the master set, fold it.

    Args:
        lines: the partition's lines in the order of the queue.
        stamp: of the micro-batch.
        master: where posts and dead letters are kept.
        annotator: finds meaning in the new posts.
        now: milliseconds; the time of dead letters and tombstones.
        probe: called at the named points.
    """
    records = [parse(line.value, place=line.place, now=now) for line in lines]
    result = PartitionResult(lines=len(records), models=dict(annotator.versions))
    result.dead = _keep_events(records, master)
    posts = [record for record in records if isinstance(record, Post | Delete)]
    found = changes(posts, master.held(ids(posts)), stamp)
    new = {post.id: post for _, post in found.new}
    result.posts, result.changed = (
        len(new),
        len({post.id for _, post in found.edited} | {key[1] for key in found.removed}),
    )
    result.newest_receipt = max((post.received_at for post in new.values()), default=None)
    probe(BEFORE_MASTER, stamp)
    master.mark(found.dirty)
    _remove(found, stamp, master, now, probe)
    added = list(_write(found, stamp, master, annotator, probe))
    probe(AFTER_MASTER, stamp)
    result.deltas = _deltas(_without_buried(added, found.edited, master))
    return result


def _keep_events(records: Sequence[Record], master: MasterStore) -> int:
    dead = [record for record in records if isinstance(record, DeadLetter)]
    master.write_events(
        topics=[record for record in records if isinstance(record, TopicEvent)],
        gaps=[record for record in records if isinstance(record, Gap)],
        dead=dead,
    )
    return len(dead)


def _remove(found: Changes, stamp: Stamp, master: MasterStore, now: int, probe: Probe) -> None:
    """Tombstones first: whoever dies between the two has kept out what he has not yet removed."""
    master.bury([Tombstone(post_id, now, f"deleted by {record.network}") for post_id, record in found.buried.items()])
    probe(INSIDE_REMOVAL, stamp)
    master.remove(found.removed)


def _write(
    found: Changes, stamp: Stamp, master: MasterStore, annotator: Annotator, probe: Probe
) -> Iterator[tuple[str, AnnotatedPost]]:
    """Annotate and write some at a time; gives the (topic, post) pairs that are new."""
    posts = list({post.id: post for _, post in (*found.new, *found.edited)}.values())
    copies = master.read(list(found.copied.values()))
    for start in range(0, len(posts), ANNOTATED_AT_ONCE):
        some = {post.id: post for post in annotate(posts[start : start + ANNOTATED_AT_ONCE], annotator)}
        new = [(topic, some[post.id]) for topic, post in found.new if post.id in some]
        new = [(topic, copies.get(found.copied.get((topic, post.id), ("", "")), post)) for topic, post in new]
        master.write(new, stamp)
        master.rewrite([(topic, some[post.id]) for topic, post in found.edited if post.id in some])
        probe(INSIDE_MASTER, stamp)
        yield from new


def _without_buried(
    added: list[tuple[str, AnnotatedPost]], edited: list[tuple[str, Post]], master: MasterStore
) -> list[tuple[str, AnnotatedPost]]:
    """What was forgotten while it was being written goes again; whoever forgets buries first and looks then.

    Marked like every change: a batch that began meanwhile may have folded it.
    """
    written: list[tuple[str, AnnotatedPost | Post]] = [*added, *edited]
    held = master.held([*{post.id for _, post in written}, *{grave(topic) for topic, _ in written}])
    out = {
        (topic, post.id): floor(post.event_time, MINUTE)
        for topic, post in written
        if is_buried(topic, post.id, post.received_at, held)
    }
    if out:
        master.mark((topic, minute) for (topic, _), minute in out.items())
        master.remove(sorted(out))
    return [(topic, post) for topic, post in added if (topic, post.id) not in out]


def _deltas(posts: Sequence[tuple[str, AnnotatedPost]]) -> list[Delta]:
    by_topic: dict[str, list[AnnotatedPost]] = {}
    for topic, post in posts:
        by_topic.setdefault(topic, []).append(post)
    return [
        Delta(topic, minute, rollup)
        for topic, some in by_topic.items()
        for minute, rollup in fold_minutes(some).items()
    ]
