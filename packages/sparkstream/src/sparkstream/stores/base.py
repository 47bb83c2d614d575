"""What a store has to do, and the values it takes and gives. Times in milliseconds UTC.

Two stores in one protocol each, because servers may keep them apart: the master set, immutable and keyed by (topic,
id), and the speed views, sums that may be thrown away and folded again from it. One writer, the job; any number of
readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from sparkstream.annotation import AnnotatedPost
from sparkstream.rollups import Rollup
from sparkstream.schema import DeadLetter, Gap, TopicEvent
from sparkstream.times import Span

Key: TypeAlias = tuple[str, str]
"""(topic, id): what a post counts once for."""


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """One micro-batch: the checkpoint's run id and Spark's batch id, which a replayed batch has again."""

    run: str
    batch: int

    def __str__(self) -> str:
        return f"{self.run}:{self.batch}"


@dataclass(frozen=True, slots=True)
class Delta:
    """What one micro-batch adds to one minute of one topic."""

    topic: str
    minute: int
    rollup: Rollup


SILENT_AFTER: Final = 15_000
"""Milliseconds without a word after which the job counts as stopped; it says one every 5 seconds."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the job says of itself; `rate` in distinct posts a second, `lag` in milliseconds or None before any post."""

    run: str
    batch: int
    updated_at: int
    rate: float
    lag: int | None
    models: Mapping[str, str]

    def silent(self, now: int) -> bool:
        """Whether the job counts as stopped."""
        return now - self.updated_at > SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Topic:
    """`state` is that of its last event; `last_received` when its newest post was; `last_hour` how many posts there
    are of the hour that ends with it (of 60 whole minutes).
    """

    slug: str
    query: str | None
    state: str
    posts: int
    first_post: int | None
    last_post: int | None
    last_received: int | None = None
    last_hour: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """Stored sums of one topic over one period; `authors` and `messages` by sentiment label and for `all`: sketches."""

    step: int
    start: int
    posts: int
    counts: Mapping[str, Mapping[str, int]]
    authors: Mapping[str, bytes | None]
    messages: Mapping[str, bytes | None]
    cut: bool


@dataclass(frozen=True, slots=True)
class TermCount:
    term: str
    posts: int
    positive: int
    neutral: int
    negative: int


@dataclass(frozen=True, slots=True)
class StoredPost:
    post: AnnotatedPost
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class PagePosition:
    """Where a page of posts, newest first, goes on: strictly before this post."""

    event_time: int
    id: str


class MasterStore(Protocol):
    """Every post once for each of its topics, with what was found in it; and every line that was none."""

    def stamps(self, keys: Sequence[Key]) -> dict[Key, Stamp]:
        """Which of them are held already, and the batch that wrote each first."""

    def write(self, posts: Sequence[tuple[str, AnnotatedPost]], stamp: Stamp) -> None:
        """Keep (topic, post) pairs. Idempotent; rows that another batch wrote stay as they are.

        Not atomic: a kill leaves some of them.
        """

    def write_events(self, topics: Sequence[TopicEvent], gaps: Sequence[Gap], dead: Sequence[DeadLetter]) -> None:
        """Idempotent; of two events of a topic the later one stands."""

    def scan(self, topic: str, start: int, end: int) -> Iterator[AnnotatedPost]:
        """The posts of [start, end), in no order."""

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        """A page, newest first, ties by id."""

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        """Those that touch [start, end), oldest first."""

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Newest first."""

    def dead_letter_count(self) -> int: ...

    def distinct_posts(self) -> int:
        """How many posts are held, each counted once however many topics it has. Reads the whole set."""


class SpeedViews(Protocol):
    """Sums per topic and minute, hour and day, that follow the master set batch by batch."""

    def begin(self, stamp: Stamp) -> None:
        """Note that a batch is about to write to the master set.

        Raises:
            CheckpointError: another run has taken this store over since.
        """

    def applied(self, run: str) -> int | None:
        """The last batch of this run whose deltas are in the views."""

    def in_flight(self, run: str) -> bool:
        """Whether a batch of this run has begun and is not applied."""

    def apply(self, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> bool:
        """Add a batch, atomically and once: False, and nothing changed, when it is in already.

        Closes the periods that are over.
        """

    def heartbeat(self, status: JobStatus) -> None: ...

    def dirty(self, limit: int) -> list[tuple[str, Span]]:
        """Periods, one step each, whose sums have to be folded again from the master set."""

    def replace(self, topic: str, period: Span, rollup: Rollup) -> None:
        """Put a fold of the master set in the place of a period's sums; it is dirty no more."""

    def adopt(self, run: str) -> int:
        """Take over what other runs left half done: periods of their unapplied rows become dirty. Returns how many."""

    def version(self) -> str:
        """Changes with every batch that is applied."""

    def status(self) -> JobStatus | None: ...

    def topics(self) -> list[Topic]:
        """By slug; deleted ones left out."""

    def topic(self, slug: str) -> Topic | None: ...

    def periods(self, topic: str, spans: Sequence[Span]) -> list[Period]:
        """Those that hold posts, oldest first within a span."""

    def is_cut(self, topic: str, spans: Sequence[Span]) -> bool:
        """Whether a close has taken terms from any of the periods, so that a top of them may lack some."""

    def top(
        self,
        topic: str,
        spans: Sequence[Span],
        facet: str,
        *,
        by: str,
        limit: int,
        offset: int = 0,
        hidden: frozenset[str] = frozenset(),
    ) -> list[TermCount]:
        """Most first by the column `by` (posts, positive, neutral, negative or not_rated), ties by term.

        `hidden` terms are left out; entities by their case-folded text, whatever their type.
        """

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]: ...

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        """By the start of the period."""


class Store(MasterStore, SpeedViews, Protocol):
    """Both in one place."""

    def close(self) -> None: ...
