"""A day of the simulator as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import itemgetter

from twitterhandler.posts import Delete, Gap, Post, TopicEvent, encode
from twitterhandler.query import Query, matching
from twitterhandler.simulation import (
    Changes,
    Dirt,
    Outage,
    World,
    WrongClocks,
    deliveries,
    hear,
    planned_outages,
)
from twitterhandler.simulation.dirt import huge as huge_line


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """What a collector wrote on a made-up day, and what is true of it.

    Attributes:
        lines: The records in the order of their arrival, without newlines: a `topic` record for each topic, then
            posts, duplicates, gaps and broken lines included.
        posts: The distinct posts in the order of their first arrival, each in its newest version, the deleted left out.
        expected: For each topic the ids of the posts that were written about it: the world's own knowledge, without
            the query matcher. What an outage swallowed or a network took back is not in it.
        gaps: The outages, oldest first, of all topics.
        broken: Those of the lines that cannot be read.
        counted_at: When those posts count that claim a time to come: at their first arrival.
    """

    lines: Sequence[bytes]
    posts: Sequence[Post]
    expected: Mapping[str, frozenset[str]]
    gaps: Sequence[Gap] = ()
    broken: Sequence[bytes] = ()
    counted_at: Mapping[str, datetime] = field(default_factory=dict)


def simulated_day(
    seed: int = 7,
    *,
    posts: int = 5_000,
    start: datetime = datetime(2026, 11, 21, tzinfo=UTC),
    hours: float = 24.0,
    duplicates: float = 0.05,
    outages: int = 0,
    dirty: float = 0.0,
    edits: float = 0.0,
    deletes: float = 0.0,
    late: float = 0.0,
    ahead: float = 0.0,
    huge: int = 0,
) -> SimulatedDay:
    """A finite stretch of the simulator's world, the same for the same arguments.

    Args:
        seed: Everything follows from it.
        posts: About how many distinct posts there are.
        start: When it begins, in UTC.
        hours: How long it lasts.
        duplicates: Share of the posts that arrive a second time.
        outages: In how many times of 2 to 10 minutes nothing is heard.
        dirty: Share of the posts after which a line comes that cannot be read.
        edits: Share of the posts that are edited, and of these that are edited again.
        deletes: Share of the posts that are taken back.
        late: Share of the posts that arrive half an hour to 6 hours after they were written.
        ahead: Share of the posts that claim to be written an hour to 400 days after they arrive.
        huge: How many lines there are of more than 1 MiB.
    """
    span = timedelta(hours=hours)
    world = World(seed, rate=posts / span.total_seconds(), origin=start, span=span)
    queries = {topic.slug: Query.parse(topic.query) for topic in world.script.topics}
    lines = [(start, encode(TopicEvent(slug, query.text, "started", start))) for slug, query in queries.items()]
    distinct: dict[str, Post] = {}
    expected: dict[str, set[str]] = {slug: set() for slug in queries}
    gaps: list[Gap] = []
    broken: list[bytes] = []
    oversized: list[tuple[datetime, bytes]] = []
    counted_at: dict[str, datetime] = {}
    clocks, dirt = WrongClocks(ahead, seed=seed), Dirt(dirty, seed=seed)
    planned = planned_outages(outages, seed=seed, start=start, span=span)
    sent = deliveries(world.posts(start, start + span), seed=seed, duplicates=duplicates, late=late)
    for heard in hear(sent, planned):
        if isinstance(heard, Outage):
            gaps.append(heard.gap(tuple(queries)))
            lines.append((heard.end, encode(gaps[-1])))
            continue
        for slug in heard.about:
            expected[slug].add(heard.post.id)
        topics = matching(queries, heard.post)
        if topics:
            post = replace(heard.post, topics=topics)
            if post.received_at < start + span or post.id in counted_at:  # it counts at its arrival: on this day
                post = clocks.date(post)
            lines.append((post.received_at, encode(post)))
            if not heard.copy:
                distinct[post.id] = post
                if post.created_at != heard.post.created_at:
                    counted_at[post.id] = post.received_at
                broken += dirt.after(post)
                lines += ((post.received_at, line) for line in dirt.after(post))
    for post in list(distinct.values())[:: max(1, len(distinct) // huge)][:huge] if huge else ():
        broken.append(huge_line(post))
        oversized.append((post.received_at, broken[-1]))
    changed = _change(distinct, Changes(edits, deletes, seed=seed))
    return SimulatedDay(
        [line for _, line in merge(lines, changed, oversized, key=itemgetter(0))],
        list(distinct.values()),
        {slug: frozenset(ids & distinct.keys()) for slug, ids in expected.items()},
        gaps,
        broken,
        {post_id: at for post_id, at in counted_at.items() if post_id in distinct},
    )


def _change(posts: dict[str, Post], changes: Changes) -> list[tuple[datetime, bytes]]:
    """Make the posts what becomes of them; gives what comes of it in the queue, and when."""
    lines: list[tuple[datetime, bytes]] = []
    for post in list(posts.values()):
        for change in changes.of(post):
            lines.append((change.received_at, encode(change)))
            if isinstance(change, Delete):
                del posts[post.id]
            else:
                posts[post.id] = change
    return sorted(lines)
