"""The budget at work: counts are kept in the topics' file, and topics that have had enough are stopped."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from twitterhandler.budget import Budget, Limits
from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import RegistryError, TopicNotFoundError
from twitterhandler.posts import Post
from twitterhandler.recent import Recent, identity
from twitterhandler.topics import Topic, TopicRegistry

REMEMBERED: Final = 100_000
"""Posts of X of which half at least are known not to be billed again on the same day; older ones count again."""

log = logging.getLogger(__name__)


@lru_cache(maxsize=1024)
def _shared(day: int, topics: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """One for all posts of a day with these topics."""
    return day, topics


@dataclass(frozen=True, slots=True)
class TopicSpending:
    posts: int
    money: float | None


@dataclass(frozen=True, slots=True)
class SpendingStatus:
    """What X was paid in this month of UTC; money is None when the price of a post is not known."""

    posts: int
    money: float | None
    most_posts: int | None
    price: float | None
    until: datetime | None
    topics: dict[str, TopicSpending]


class Spending:
    """Counts what networks deliver; shared by all loops of a process.

    Raises, when it is made and from `follow`, `enforce`, `status` and `close`:
        RegistryError: the topics' file cannot be used.
    """

    def __init__(self, registry: TopicRegistry, limits: Limits | None = None, *, clock: Clock | None = None) -> None:
        self._registry = registry
        self._clock = clock or SystemClock()
        self._budget = Budget(limits or Limits(), registry.spending())
        self._billed: Recent[tuple[int, tuple[str, ...]]] = Recent(REMEMBERED)
        self._topics: Sequence[Topic] = ()

    @property
    def budget(self) -> Budget:
        return self._budget

    def follow(self, topics: Sequence[Topic]) -> None:
        """The topics that are listened to now."""
        self._topics = topics
        self._budget.follow(topics, self._registry.spending())

    def delivered(self, post: Post, *, repeated: bool = False) -> bool:
        """Counts a post, wanted or not; whether a topic may have to stop.

        What X sends again on another day is billed again; on the same day it counts in the topics that are new to it.
        Of other networks nothing that is `repeated` counts.
        """
        now = self._clock.now()
        if post.network != "x":
            return not repeated and self._counted(post, now, billed=True)
        key, day = identity(post), now.toordinal()
        before_day, before = self._billed.get(key) or (0, ())
        news = post if before_day != day else replace(post, topics=tuple(set(post.topics) - set(before)))
        if before_day == day and not news.topics:
            return False
        self._billed.keep(key, _shared(day, news.topics if before_day != day else (*before, *news.topics)))
        return self._counted(news, now, billed=before_day != day)

    def billed(self, posts: int) -> bool:
        """Counts posts of X that nobody could read or keep; whether a topic may have to stop."""
        reached = self._budget.billed(posts, self._clock.now())
        self._keep()
        return reached

    def buy(self, posts: Mapping[str, int]) -> None:
        """Takes so many posts by topic out of what may be bought to fill gaps.

        Raises:
            BudgetError: a limit does not allow it.
        """
        self._budget.buy(posts, self._clock.now())
        self._keep()

    def enforce(self) -> bool:
        """Stops the topics that have had enough; whether there were any."""
        now = self._clock.now()
        enough = [topic.slug for topic in self._topics if self._budget.reached(topic, now)]
        return sum(self._stop(slug, now) for slug in enough) > 0

    def close(self) -> None:
        """Keeps the counts without the reserves that a crash would have needed."""
        if settled := self._budget.settled():
            self._registry.spend(settled)

    def status(self) -> SpendingStatus:
        budget, now = self._budget, self._clock.now()
        limits = budget.limits
        return SpendingStatus(
            posts=budget.month(now),
            money=limits.cost(budget.month(now)),
            most_posts=limits.month,
            price=None if limits.price is None else float(limits.price),
            until=limits.until,
            topics={
                topic.slug: TopicSpending(budget.posts(topic.slug), limits.cost(budget.paid(topic.slug)))
                for topic in self._registry.topics()
            },
        )

    def _counted(self, post: Post, now: datetime, *, billed: bool) -> bool:
        reached = self._budget.delivered(post, now, billed=billed)
        self._keep()
        return reached

    def _stop(self, slug: str, now: datetime) -> bool:
        """Looks at the topic once more: somebody may have changed, stopped or removed it since it was read."""
        try:
            topic = self._registry.get(slug)
            reason = self._budget.reached(topic, now)
            if topic.state == "stopped" or not reason:
                return False
            self._registry.change(slug, state="stopped", stopped_by="limit", stopped_because=reason)
        except TopicNotFoundError:
            return False
        log.warning("topic %s is stopped: %s", slug, reason)
        return True

    def _keep(self) -> None:
        """Writes what is to be written; if it cannot be now, with the next post: listening goes on."""
        if not self._budget.pending:
            return
        try:
            self._registry.spend(self._budget.pending)
        except RegistryError as exc:
            log.warning("%s; what was spent is kept later", exc)
        else:
            self._budget.pending.clear()
