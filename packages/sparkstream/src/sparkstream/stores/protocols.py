"""What a store has to do: three protocols, because servers may keep them apart. Times in milliseconds UTC.

- `MasterStore`: every post once for each of its topics, and the ledger of who writes.
- `BatchViews`: sums folded from the master set, by generation; in the master set's store.
- `SpeedViews`: sums that follow the stream batch by batch; they may be thrown away and folded again.

Nothing is atomic over two of them. Each promise of the order of writes below is what makes a kill between two of them
harmless. The master set has one job that writes at a time; `forget`, retention and the batch layer write beside it, one
of these at a time (`hold`). Any number of readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from sparkstream.annotation import AnnotatedPost
from sparkstream.rollups import Rollup
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.stores.base import (
    Delta,
    Ends,
    Held,
    JobStatus,
    Key,
    Mark,
    Minute,
    PagePosition,
    Pointer,
    Run,
    Stamp,
    StoredPost,
    Tombstone,
    ViewReader,
)
from sparkstream.stores.packing import PackedSums
from sparkstream.times import Span


class PostStore(Protocol):
    """The posts: by topic and time, and by id. No call is atomic, each is idempotent: a kill leaves a part of it."""

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """What is known of those ids that are known: a row is held only once `scan` finds it, and until it does not."""

    def read(self, keys: Sequence[Key]) -> dict[Key, AnnotatedPost]:
        """The posts behind keys; those that are not held are left out."""

    def write(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        """Keep (topic, post) pairs that are not held, or that this very batch wrote before it was cut short.

        Their minutes are noted for `touched` before any of them, and their topics are known afterwards.
        """

    def rewrite(self, posts: Sequence[tuple[str, AnnotatedPost]]) -> None:
        """Put a newer version in the place of held posts; the stamp and the event time stay theirs."""

    def remove(self, keys: Sequence[Key]) -> None: ...

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        """Keep ids out from now on: `held` says so. The rows stay until they are removed; of two the later stands."""

    def scan(self, topic: str, start: int, end: int) -> Iterator[StoredPost]:
        """The posts of [start, end), in no order; reads on while it is asked, holding nothing between two pages."""

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        """A page, newest first, ties by id."""

    def days(self, topic: str, start: int, end: int) -> list[int]:
        """The days by their start, in order, that have posts in [start, end), and perhaps some that had."""

    def ends(self, topic: str) -> Ends | None:
        """None without posts."""

    def distinct_posts(self) -> int:
        """How many posts are held, each counted once however many topics it has. Reads the whole set."""


class EventStore(Protocol):
    """What else came through the queue."""

    def write_events(self, topics: Sequence[TopicEvent], gaps: Sequence[Gap], dead: Sequence[DeadLetter]) -> None:
        """Idempotent; of two events of a topic the later one stands."""

    def topic_events(self) -> list[TopicEvent]:
        """The last event of each topic, by slug; one of which only posts came counts as started, at 0."""

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        """Those that touch [start, end), oldest first."""

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Newest first."""

    def dead_letter_count(self) -> int: ...

    def drop_topic(self, slug: str) -> None:
        """Forget a topic's event and gaps: it is known no more until something of it comes."""

    def drop_gaps(self, topic: str, before: int) -> None:
        """Forget those of a topic that end by then."""

    def drop_dead_letters(self, ids: Sequence[str]) -> None: ...


class Ledger(Protocol):
    """Who writes, what is half done, and what has to be folded again."""

    def begin(self, stamp: Stamp) -> None:
        """Note that a batch is about to write to the master set.

        Raises:
            CheckpointError: its run has been abandoned.
        """

    def runs(self) -> dict[str, Run]: ...

    def abandon(self, run: str) -> None:
        """Another run has taken over: this one begins no more, and what it touched is known no more."""

    def touched(self, stamp: Stamp) -> set[Minute]:
        """The minutes of the rows that a batch wrote, and perhaps more; known until its run begins a later one.

        Afterwards all rows that it wrote until then are held, those too that a kill had left for a scan only.
        """

    def mark(self, minutes: Iterable[Minute]) -> None:
        """Minutes that have to be folded again. Comes before the change that makes it so."""

    def marks(self, limit: int) -> list[Mark]:
        """Some that are not settled."""

    def settle(self, marks: Sequence[Mark]) -> None:
        """These have been folded again; a later mark of the same minute stays."""

    def hold(self, holder: str, *, now: int, until: int) -> bool:
        """Take or prolong the one hold of those who write beside the job; False while another's has not run out."""

    def release(self, holder: str) -> None: ...

    def holder(self, now: int) -> str | None: ...


class MasterStore(PostStore, EventStore, Ledger, Protocol):
    def version(self) -> str:
        """Another one after every event of a topic, every mark and every settled one."""

    def close(self) -> None: ...


class BatchViews(ViewReader, Protocol):
    """What is read is the pointer's generation: of each period the newest sums that are not newer than it.

    So a generation holds only what has changed, nothing of a new one is seen before the pointer names it, and sums of
    no posts hide older ones.
    """

    def pointers(self) -> dict[str, Pointer]:
        """Of the topics that have one."""

    def pointer(self, topic: str) -> Pointer:
        """`Pointer()` for a topic without one."""

    def announce(self, topic: str, until: int) -> None:
        """A batch is about to fold what lies before `until`: from now on the job marks what it adds there."""

    def write(self, topic: str, generation: int, sums: Sequence[tuple[Span, Rollup]]) -> None:
        """Keep sums of whole periods, their tops cut. Idempotent; replaces those of the same generation."""

    def put(self, topic: str, generation: int, sums: Iterable[PackedSums]) -> None:
        """The same of sums that are packed."""

    def starts(self, topic: str, span: Span) -> list[int]:
        """Those of the periods of a span that `periods` finds."""

    def flip(self, topic: str, generation: int, until: int) -> None:
        """Read another generation up to another time: one write, seen whole or not at all."""

    def prune(self, topic: str) -> None:
        """Remove the sums that the pointer does not lead to any more, or never did; not while a batch is folded."""

    def drop(self, topic: str, span: Span | None = None) -> None:
        """Remove the sums of all periods that lie within a span, of every step and generation; without one the topic
        as a whole, with its pointer.
        """

    def freeze(self, topic: str, days: Sequence[int]) -> None:
        """Note days, by their start, whose posts have gone: their sums are folded never again."""

    def frozen(self, topic: str) -> frozenset[int]: ...

    def close(self) -> None: ...


class SpeedViews(ViewReader, Protocol):
    """Sums that follow the master set batch by batch.

    A period closes when the newest post of its topic is 10 minutes past its end; then its tops are cut
    (`stores.summing`).
    """

    def applied(self) -> dict[str, int]:
        """By run the last batch whose deltas are in the sums; of a run without one, nothing."""

    def apply(self, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> bool:
        """Add a batch, atomically and once: False, and nothing changed, when it is in already.

        Closes the periods that are over; one that comes to a closed period which has lost terms makes it dirty.
        """

    def heartbeat(self, status: JobStatus) -> None: ...

    def status(self) -> JobStatus | None: ...

    def dirty(self, limit: int) -> list[tuple[str, Span]]:
        """Periods, one step each, whose sums have to be folded again from the master set."""

    def replace(self, topic: str, sums: Sequence[tuple[Span, Rollup]]) -> None:
        """Put folds of the master set in the place of periods' sums, each atomically; they are dirty no more."""

    def drop(self, topic: str, before: int | None = None) -> None:
        """Remove the periods that end by then: they are read from the batch views. Without a time the whole topic."""

    def clear(self) -> None:
        """Forget all sums and, before them, all stamps: who finds no stamp knows that the sums are not whole."""

    def restore(self, applied: Mapping[str, int]) -> None:
        """The sums have been folded again up to these batches."""

    def topics(self) -> list[str]:
        """Those of which there are sums, in any order."""

    def newest(self, topic: str) -> int | None:
        """The latest event time that was applied."""

    def oldest(self, topic: str) -> int | None:
        """The start of the first minute that there is: from it on the sums are whole, whatever has been dropped."""

    def close(self) -> None: ...
