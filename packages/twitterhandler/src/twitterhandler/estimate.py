"""What a topic would bring and cost, before it is started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from twitterhandler.budget import Limits
from twitterhandler.topics import Topic

DAYS_A_MONTH: Final = 30
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """How many posts were written from `start` to before `end`."""

    start: datetime
    end: datetime
    posts: int


class Counts(Protocol):
    """A network that counts."""

    async def counts(self, query: str) -> Sequence[Span]:
        """The posts of the last seven days that match, by day, oldest first.

        Raises:
            SourceError: it does not answer, or not to us.
        """
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one network; numbers are None where it cannot be told, and `reason` says why.

    Attributes:
        network: Which.
        posts_a_day: The mean of the days that were counted.
        money_a_day: None too while the price of a post is not set; 0 where posts cost nothing.
        days: What it was made of.
    """

    network: str
    posts_a_day: float | None = None
    posts_a_month: float | None = None
    money_a_day: float | None = None
    money_a_month: float | None = None
    days: tuple[Span, ...] = ()
    reason: str | None = None


async def estimate(
    topic: Topic, networks: Sequence[str], limits: Limits, x_counts: Counts | None
) -> tuple[Estimate, ...]:
    """What `topic` would bring on each of `networks` where it listens.

    X counts by its search, which differs a little from its stream: there a quote matches with the words of the quoted
    post too, so a stream brings rather more.

    Raises:
        SourceError: X does not answer, or not to us.
    """
    found = []
    for network in networks:
        if topic.sources and network not in topic.sources:
            continue
        if network != "x":
            found.append(Estimate(network, money_a_day=0, money_a_month=0, reason="the network gives no counts"))
        elif x_counts is None:
            found.append(Estimate("x", reason="X counts for a key only; set TWITTERHANDLER_X_TOKEN"))
        else:
            found.append(of_x(await x_counts.counts(topic.x_rule()), limits))
    return tuple(found)


def of_x(days: Sequence[Span], limits: Limits) -> Estimate:
    """The mean of whole and begun days alike, by the time that they last."""
    length = sum((day.end - day.start for day in days), timedelta()) / _DAY
    if not length:
        return Estimate("x", reason="X counted nothing; ask again")
    a_day = sum(day.posts for day in days) / length
    a_month = a_day * DAYS_A_MONTH
    money = limits.cost(a_day), limits.cost(a_month)
    reason = None if limits.price is not None else "the price of a post is not set: TWITTERHANDLER_X_PRICE"
    return Estimate("x", round(a_day, 1), round(a_month, 1), *money, tuple(days), reason)
