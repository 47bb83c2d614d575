"""Whether the views say what the posts say: each hour folded afresh and held against the layer that is read for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sparkstream.answers import layers
from sparkstream.errors import QueryError
from sparkstream.layers import in_flight
from sparkstream.queries import Window
from sparkstream.rollups import FACETS, Rollup, fold
from sparkstream.sketches import distinct
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import TermCount
from sparkstream.stores.summing import KEPT_TERMS, SKETCHES, new_sketches, rank
from sparkstream.sums import add_up
from sparkstream.times import DAY, HOUR, MINUTE, Span, floor, format_time

_EVERY: Final = 1 << 31
_TRIES: Final = 5
MAX_HOURS: Final = 200
"""Of all topics together in one answer."""


@dataclass(frozen=True, slots=True)
class AuditedHour:
    """`master` is how many posts a fresh fold finds in the hour; `batch` and `speed` how many the layer has that is
    read for it, None where it is not read. `differs` names what is not the same; `frozen` that the posts have gone and
    only their sums are left. While a micro-batch is under way (`moving`) its posts may be on one side only.
    """

    topic: str
    start: int
    master: int
    batch: int | None
    speed: int | None
    differs: tuple[str, ...]
    frozen: bool = False
    moving: bool = False


def audit(store: LayeredStore, topic: str, start: int, end: int) -> Iterator[AuditedHour]:
    """The hours of [start, end) that have posts on either side, oldest first. Reads every post of them."""
    for hour in _hours(store, topic, floor(start, HOUR), end):
        found = _settled(store, topic, hour)
        if found.master or found.batch or found.speed:
            yield found


def _hours(store: LayeredStore, topic: str, start: int, end: int) -> Iterator[int]:
    """Those with posts or sums: most of the years that a topic may reach over have none."""
    spans = [Span(step, floor(start, step), end) for step in (MINUTE, HOUR)]
    held = {floor(period.start, HOUR) for period in store.periods(topic, spans, ())}
    for day in sorted({floor(hour, DAY) for hour in held}.union(store.master.days(topic, start, end))):
        for hour in range(max(day, start), min(day + DAY, end), HOUR):
            posts = store.master.posts(topic, hour, hour + HOUR, before=None, sentiment=None, limit=1)
            if posts or hour in held:
                yield hour


def audit_answer(store: LayeredStore, topics: Sequence[str], window: Window) -> dict[str, Any]:
    """The answer of GET /v1/audit (docs/contracts/views.md).

    Raises:
        QueryError: more hours than may be asked for at once.
    """
    if (window.end - window.start) * len(topics) > MAX_HOURS * HOUR:
        raise QueryError(
            f"an audit reads every post: ask for at most {MAX_HOURS} hours of all topics together, or one topic;"
            " `sparkstream audit` has no limit"
        )
    hours = [hour for topic in topics for hour in audit(store, topic, window.start, window.end)]
    items = [{**asdict(hour), "start": format_time(hour.start), "differs": list(hour.differs)} for hour in hours]
    equal = not any(hour.differs for hour in hours)
    return {"items": items, "next": None, "equal": equal, "layers": layers(store.layers())}


def _settled(store: LayeredStore, topic: str, hour: int) -> AuditedHour:
    """Looked at again while the job changes what is compared."""
    for _ in range(_TRIES):
        before = store.version()
        found = _hour(store, topic, hour)
        if not found.differs or (store.version() == before and not found.moving):
            break
    return found


def _hour(store: LayeredStore, topic: str, hour: int) -> AuditedHour:
    moving = in_flight(store)
    fresh = fold(stored.post for stored in store.master.scan(topic, hour, hour + HOUR))
    until = store.batch.pointer(topic).until
    early, late = Span(MINUTE, hour, min(hour + HOUR, until)), Span(MINUTE, max(hour, until), hour + HOUR)
    batch = store.batch.count(topic, [early]) if early.start < early.end else None
    speed = store.speed.count(topic, [late]) if late.start < late.end else None
    frozen = floor(hour, DAY) in store.batch.frozen(topic)
    differs = () if frozen else tuple(_differences(store, topic, hour, fresh))
    return AuditedHour(topic, hour, fresh.posts, batch, speed, differs, frozen, moving and bool(differs))


def _differences(store: LayeredStore, topic: str, hour: int, fresh: Rollup) -> Iterator[str]:
    """Of the hour as it is read, and of its minutes."""
    sums = add_up(store.periods(topic, [Span(HOUR, hour, hour + HOUR)]))
    minutes = store.count(topic, [Span(MINUTE, hour, hour + HOUR)])
    if not sums.posts == minutes == fresh.posts:
        yield "posts"
    for dimension, labels in fresh.counts.items():
        if +sums.counts[dimension] != labels:
            yield dimension
    sketches = [distinct(sketch) for sketch in new_sketches(fresh)]
    for name, held, wanted in (
        ("authors", sums.authors, sketches[: len(SKETCHES)]),
        ("messages", sums.messages, sketches[len(SKETCHES) :]),
    ):
        if [held[label] for label in SKETCHES] != wanted:
            yield name
    for facet in FACETS:
        if not _same_top(store, topic, hour, facet, fresh):
            yield facet


def _same_top(store: LayeredStore, topic: str, hour: int, facet: str, fresh: Rollup) -> bool:
    span = Span(HOUR, hour, hour + HOUR)
    held = store.top(topic, [span], facet, by="posts", limit=_EVERY)
    counts = (TermCount(term, *sums) for (of, term), sums in fresh.terms.items() if of == facet)
    wanted = rank(counts, facet, by="posts")
    if held == wanted or not store.is_cut(topic, [span]):
        return held == wanted
    # An hour in which the layers meet is put together from cut minutes: it may lack terms, and posts of those it has.
    known = {count.term: count for count in wanted}
    return held == wanted[: KEPT_TERMS[HOUR]] or (
        len(store.periods(topic, [span])) > 1 and all(count.posts <= known[count.term].posts for count in held)
    )
