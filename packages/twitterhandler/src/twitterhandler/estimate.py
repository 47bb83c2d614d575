"""What a topic would bring and cost, before it is started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from twitterhandler.budget import Limits
from twitterhandler.clock import Clock, SystemClock
from twitterhandler.topics import Topic

DAYS_A_MONTH: Final = 30
HOLDS: Final = timedelta(minutes=10)
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


class Estimator:
    """What topics would bring.

    X counts by its search, which differs a little from its stream: there a quote matches with the words of the quoted
    post too, so a stream brings rather more. What it said holds for a while, so that asking often costs little.

    Args:
        networks: That the collector can listen on.
        limits: For the price.
        x: Counts; None without a key.
        clock: For tests.
    """

    def __init__(
        self, networks: Sequence[str], limits: Limits, x: Counts | None = None, *, clock: Clock | None = None
    ) -> None:
        self._networks = networks
        self._limits = limits
        self._x = x
        self._clock = clock or SystemClock()
        self._counted: dict[str, tuple[datetime, Sequence[Span]]] = {}

    async def of(self, topic: Topic) -> tuple[Estimate, ...]:
        """For each of its networks.

        Raises:
            SourceError: X does not answer, or not to us.
        """
        wanted = [network for network in self._networks if not topic.sources or network in topic.sources]
        return tuple([await self._on_x(topic) if network == "x" else _free(network) for network in wanted])

    async def _on_x(self, topic: Topic) -> Estimate:
        if self._x is None:
            return Estimate("x", reason="X counts for a key only; set TWITTERHANDLER_X_TOKEN")
        now, rule = self._clock.now(), topic.x_rule()
        self._counted = {asked: found for asked, found in self._counted.items() if now - found[0] < HOLDS}
        if rule not in self._counted:
            self._counted[rule] = (now, await self._x.counts(rule))
        return of_x(self._counted[rule][1], self._limits)


def _free(network: str) -> Estimate:
    return Estimate(network, money_a_day=0, money_a_month=0, reason="the network gives no counts")


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
