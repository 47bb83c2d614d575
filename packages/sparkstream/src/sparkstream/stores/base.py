"""The values that stores take and give, and what views are asked. Times in milliseconds UTC.

What each store has to do stands in `protocols`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, get_args

from sparkstream.annotation import AnnotatedPost
from sparkstream.rollups import Rollup
from sparkstream.schema import DeadLetter, Gap
from sparkstream.times import Span

Key: TypeAlias = tuple[str, str]
"""(topic, id): what a post counts once for."""
Minute: TypeAlias = tuple[str, int]
"""(topic, start of a minute)."""


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


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a held post without reading it: who wrote it first, and which version it is now."""

    stamp: Stamp
    version: int
    event_time: int


@dataclass(frozen=True, slots=True)
class Held:
    """What the master set has under an id: its rows by topic, and since when a tombstone keeps more of it out."""

    rows: Mapping[str, Row]
    buried: int | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An id that has been deleted or forgotten; `at` is when, `reason` says by what.

    The id `topic:SLUG` is that of a topic: what was received until then is kept out of it, what comes later is not.
    """

    id: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A minute whose sums no longer follow from what was added to them. `token` tells it from a later mark of the same
    minute.
    """

    topic: str
    minute: int
    token: str


@dataclass(frozen=True, slots=True)
class Run:
    """`started` is the last batch that may have written to the master set; an abandoned run never begins another."""

    started: int
    abandoned: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """Event time of a topic's first and last post, and when the last one was received."""

    first: int
    last: int
    last_received: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a topic's batch views stand.

    Attributes:
        generation: what is read of them; 0 before the first.
        until: event time, on a minute's edge: minutes before it are read from the batch views only, the others from the
            speed views only.
        announced: where a batch that is being folded will put `until`; before that it is `until` itself.
    """

    generation: int = 0
    until: int = 0
    announced: int = 0


Layer: TypeAlias = Literal["batch", "speed"]
"""`batch` is the store of the master set, too."""
LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """Where the layers meet, and how far they reach; `down` names those that could not be read."""

    batch_until: int | None
    speed_until: int | None
    down: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """[start, end), of which a store that is down keeps something to itself: sums, posts, or which gaps there are."""

    start: int
    end: int
    reason: str
    sums: bool
    posts: bool


class ViewReader(Protocol):
    """Sums per topic and minute, hour and day, as one layer holds them."""

    def count(self, topic: str, spans: Sequence[Span]) -> int:
        """How many posts are in them."""

    def periods(self, topic: str, spans: Sequence[Span], labels: Sequence[str] | None = None) -> list[Period]:
        """Those that hold posts, oldest first within a span; with the sketches of some labels at least, or of all."""

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
        """Most first by the column `by` (posts, positive, neutral, negative or not_rated), ties by term; none of 0.

        `hidden` terms are left out; entities by their case-folded text, whatever their type.
        """

    def terms(self, topic: str, spans: Sequence[Span], facet: str, terms: Sequence[str]) -> dict[str, TermCount]: ...

    def term_periods(self, topic: str, spans: Sequence[Span], facet: str, term: str) -> dict[int, TermCount]:
        """By the start of the period."""

    def version(self) -> str:
        """Another one after every change of the sums."""


class Store(ViewReader, Protocol):
    """What views are asked: both layers as one, and the posts behind them."""

    def at_once(self) -> Store:
        """The store for one answer: what is down is down for all of it."""

    def down(self) -> tuple[Layer, ...]:
        """The layers that this answer does without."""

    def unread(self, topic: str) -> list[Unread]:
        """What is not known of a topic because a layer is down."""

    def layers(self, topic: str | None = None) -> LayerTimes: ...

    def status(self) -> JobStatus | None:
        """None before the first word of a job, and when nobody can tell."""

    def topics(self) -> list[Topic]:
        """By slug; deleted ones left out."""

    def topic(self, slug: str) -> Topic | None: ...

    def posts(
        self, topic: str, start: int, end: int, *, before: PagePosition | None, sentiment: str | None, limit: int
    ) -> list[StoredPost]:
        """A page, newest first, ties by id."""

    def gaps(self, topic: str, start: int, end: int) -> list[Gap]:
        """Those that touch [start, end), oldest first."""

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Newest first."""

    def dead_letter_count(self) -> int | None:
        """None when nobody can tell."""
