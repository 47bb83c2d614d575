"""How many posts were taken, what they cost, and when it is enough: values in, values out.

X bills a post once in a day of UTC, however many topics it has and however often it is sent; sent again on another day
it is billed again. What it sent and nobody kept (a line that cannot be read, one for which there was no room) is billed
too. Other networks cost nothing.

Counts are kept by scope: `topic:SLUG` the posts of a topic, `paid:SLUG` those of them that X bills, `month:2026-11`
what X bills in a calendar month of UTC, once for all topics, `fill:2026-11` what may have been bought to fill gaps.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from twitterhandler.clock import format_time
from twitterhandler.errors import BudgetError, SettingError
from twitterhandler.posts import Post
from twitterhandler.topics import Topic, topic_scopes

RESERVE: Final = 1_000
"""Posts that a kept count is at most ahead of what was counted: what a crash may make them look like."""
_SHARE: Final = 20
"""Of what is left until a limit, one part in so many is reserved at once: near the limit it is one post at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent in all; None does not limit.

    Attributes:
        price: What X asks for one post, in whatever currency; None: money is not known.
        posts: Of X, in a calendar month.
        money: For posts of X, in a calendar month; needs the price.
        until: When everything is stopped.
        fill: Posts of X that may be bought in a calendar month to fill gaps; they count in the month as well.
    """

    price: Decimal | None = None
    posts: int | None = None
    money: Decimal | None = None
    until: datetime | None = None
    fill: int = 0

    def __post_init__(self) -> None:
        if any(value is not None and value < 0 for value in (self.price, self.posts, self.money, self.fill)):
            raise SettingError("a price or a limit is negative; correct the settings of the budget")
        if self.money is not None and not self.price:
            raise SettingError("a limit of money needs the price of a post; set TWITTERHANDLER_X_PRICE")

    def cost(self, posts: float) -> float | None:
        """What so many posts of X cost; None when the price is not known."""
        return None if self.price is None else round(float(self.price) * posts, 6)

    @property
    def month(self) -> int | None:
        """Posts of X that a month may have: the smaller limit."""
        known = [limit for limit in (self.posts, self._bought) if limit is not None]
        return min(known, default=None)

    @property
    def setting(self) -> str:
        """The one that `month` follows from."""
        by_money = self._bought is not None and self._bought == self.month
        return f"TWITTERHANDLER_X_MONTH_{'MONEY' if by_money else 'POSTS'}"

    @property
    def _bought(self) -> int | None:
        return int(self.money // self.price) if self.money is not None and self.price else None


class Budget:
    """Counts posts and says who has to stop.

    What is kept in a file is counted ahead in small reserves, so that a crash never makes it less than it was.

    Args:
        limits: In all.
        kept: Counts by scope, as they were kept.

    Attributes:
        pending: Counts that are to be kept now; whoever has kept them clears it.
    """

    def __init__(self, limits: Limits, kept: Mapping[str, int] | None = None) -> None:
        self.limits = limits
        self.pending: dict[str, int] = {}
        self._kept = dict(kept or {})
        self._counts = Counter(self._kept)
        self._most: dict[str, int] = {}
        self._of_kind = {"month": limits.month, "fill": limits.fill}

    def follow(self, topics: Sequence[Topic], kept: Mapping[str, int]) -> None:
        """What is listened to from now on, and what is kept: a topic that lost its counts there was made anew."""
        self._most = {topic_scopes(topic.slug)[0]: topic.limit for topic in topics if topic.limit}
        for scope in self._kept.keys() - kept.keys() - self.pending.keys():
            del self._kept[scope], self._counts[scope]

    def delivered(self, post: Post, at: datetime, *, billed: bool = True) -> bool:
        """Counts a post in its topics and, if X bills it now, in the month; whether a limit is reached by it."""
        paid = post.network == "x"
        scopes = [scope for slug in post.topics for scope in topic_scopes(slug)[: 2 if paid else 1]]
        if paid and billed:
            scopes.append(month_scope(at))
        reached = [self._count(scope) for scope in scopes]
        if self.pending:  # what is written now need not be written with one of the next posts
            for scope in scopes:
                self._reserve(scope)
        return any(reached)

    def billed(self, posts: int, at: datetime) -> bool:
        """Counts posts of X without their topics; whether the limit of the month is reached."""
        return self._count(month_scope(at), posts)

    def buy(self, posts: Mapping[str, int], at: datetime) -> None:
        """Takes so many posts by topic out of what may be bought to fill gaps; delivered they are counted as all are.

        Raises:
            BudgetError: a limit does not allow it; nothing is taken.
        """
        wanted = sum(posts.values())
        left = {
            "what may be bought to fill gaps in a month": self.limits.fill - self._counts[fill_scope(at)],
            "the limit of posts of X in a month": self.left(at),
            **{
                f"the limit of topic {slug}": most - self.posts(slug)
                for slug in posts
                if (most := self._most.get(topic_scopes(slug)[0])) is not None
            },
        }
        for what, posts_left in left.items():
            if posts_left is not None and wanted > posts_left:
                raise BudgetError(f"{wanted:,} posts are to be bought; {what} leaves {max(posts_left, 0):,}: raise it")
        self._count(fill_scope(at), wanted)

    def reached(self, topic: Topic, at: datetime) -> str | None:
        """Why a topic has to stop, and what to do to go on; None when it need not."""
        if topic.limit is not None and self.posts(topic.slug) >= topic.limit:
            return f"its own limit of {topic.limit:,} posts is reached; raise --limit of the topic, then start it again"
        if topic.until is not None and at >= topic.until:
            return (
                f"its end has come, {_said(topic.until)}; set --until of the topic to a later one, then start it again"
            )
        if self.limits.until is not None and at >= self.limits.until:
            advice = "set TWITTERHANDLER_UNTIL to a later one, then start it again"
            return f"the end of all topics has come, {_said(self.limits.until)}; {advice}"
        if topic.on_x and (left := self.left(at)) is not None and left <= 0:
            advice = f"raise {self.limits.setting}, or start it again from {_next_month(at)} on"
            return f"the limit of {self.limits.month:,} posts of X in a month, for all topics, is reached; {advice}"
        return None

    def posts(self, slug: str) -> int:
        """Of a topic, on all networks, since it was made."""
        return self._counts[topic_scopes(slug)[0]]

    def paid(self, slug: str) -> int:
        """Of a topic, on X. A post of two topics is in both, but billed once."""
        return self._counts[topic_scopes(slug)[1]]

    def month(self, at: datetime) -> int:
        """Of X, in the month of `at`, each as often as it is billed."""
        return self._counts[month_scope(at)]

    def left(self, at: datetime) -> int | None:
        """Posts of X that the month of `at` may still have; None: as many as come."""
        most = self._of_kind["month"]
        return None if most is None else most - self.month(at)

    def settled(self) -> dict[str, int]:
        """What is to be kept at the end: the counts without reserves, where they differ."""
        return {scope: self._counts[scope] for scope, kept in self._kept.items() if kept != self._counts[scope]}

    def _count(self, scope: str, posts: int = 1) -> bool:
        """Whether the limit of the scope is reached."""
        self._counts[scope] += posts
        if self._counts[scope] > self._kept.get(scope, 0):
            self._reserve(scope)
        most = self._limit_of(scope)
        return most is not None and self._counts[scope] >= most

    def _reserve(self, scope: str) -> None:
        count, most = self._counts[scope], self._limit_of(scope)
        reserve = RESERVE if most is None else max(0, min(RESERVE, (most - count) // _SHARE))
        if count + reserve > self._kept.get(scope, 0):
            self._kept[scope] = self.pending[scope] = count + reserve

    def _limit_of(self, scope: str) -> int | None:
        return self._of_kind.get(scope.partition(":")[0], self._most.get(scope))


def _said(moment: datetime) -> str:
    return format_time(moment.astimezone(UTC))


def _next_month(at: datetime) -> str:
    first = (at.astimezone(UTC).replace(day=1) + timedelta(days=31)).replace(day=1)
    return f"{first:%Y-%m-%d} (UTC)"


def fill_scope(at: datetime) -> str:
    return f"fill:{at.astimezone(UTC):%Y-%m}"


def month_scope(at: datetime) -> str:
    return f"month:{at.astimezone(UTC):%Y-%m}"
