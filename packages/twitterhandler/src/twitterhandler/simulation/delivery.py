"""How posts arrive: some time after they were written, and some of them once more."""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from twitterhandler.posts import Post
from twitterhandler.simulation.teller import SimulatedPost

_DELAY: Final = (0.2, 1.2)
_COPY_DELAY: Final = (2.0, 30.0)
_LATE: Final = (1_800.0, 21_600.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A post as it arrives; `copy` marks one that had arrived before."""

    post: Post
    about: frozenset[str]
    copy: bool


def deliveries(
    posts: Iterator[SimulatedPost], *, seed: int, duplicates: float, late: float = 0.0
) -> Iterator[Delivery]:
    """The posts in the order of their arrival, `received_at` set: 0.2 to 1.2 s after they were written.

    A share `duplicates` of them comes again 2 to 30 s later, the same but for `received_at`; a share `late` comes half
    an hour to 6 hours after it was written. What happens to a post follows from the seed and its id alone.
    """
    waiting: list[tuple[datetime, str, SimulatedPost, bool]] = []
    for told in posts:
        while waiting and waiting[0][0] <= told.post.created_at:
            yield _arrive(heapq.heappop(waiting))
        for moment, copy in _arrivals(told.post, seed, duplicates, late):
            heapq.heappush(waiting, (moment, f"{told.post.id}{'+' * copy}", told, copy))
    while waiting:
        yield _arrive(heapq.heappop(waiting))


def _arrive(waiting: tuple[datetime, str, SimulatedPost, bool]) -> Delivery:
    moment, _, told, copy = waiting
    return Delivery(replace(told.post, received_at=moment), told.about, copy)


def _arrivals(post: Post, seed: int, duplicates: float, late: float) -> Iterator[tuple[datetime, bool]]:
    digest = hashlib.blake2b(post.id.encode(), key=str(seed).encode(), digest_size=12).digest()
    delay, chance, again = (int.from_bytes(digest[i : i + 4]) / 2**32 for i in (0, 4, 8))
    first = post.created_at + _seconds(delay, _DELAY)
    key, person = str(seed).encode(), b"late"
    digest = hashlib.blake2b(post.id.encode(), key=key, digest_size=8, person=person).digest()
    if int.from_bytes(digest[:4]) / 2**32 < late:
        first += _seconds(int.from_bytes(digest[4:]) / 2**32, _LATE)
    yield first, False
    if chance < duplicates:
        yield first + _seconds(again, _COPY_DELAY), True


def _seconds(share: float, span: tuple[float, float]) -> timedelta:
    return timedelta(milliseconds=int(1000 * (span[0] + share * (span[1] - span[0]))))
