"""What was missed on X, bought from its recent search as far as the budget allows."""

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import BudgetError, SourceRefusedError
from twitterhandler.posts import Dead, Gap, Post
from twitterhandler.sources.x.search import WEEK, RecentSearch
from twitterhandler.topics import Topic

_MARGIN: Final = timedelta(minutes=1)
"""Of a week: what is found at its very end has gone when the last page is asked for."""
_MORE: Final = 100
"""Posts that a search may find beyond those that were counted: some come to be found meanwhile."""

log = logging.getLogger(__name__)


class Purse(Protocol):
    """See `twitterhandler.spending.Spending`."""

    def buy(self, posts: Mapping[str, int]) -> None:
        """Takes so many posts by topic out of the budget.

        Raises:
            BudgetError: it does not allow it; nothing is taken.
        """
        ...


class SearchFiller:
    """Fills a gap wholly or not at all: it is counted first what the posts of all its topics would cost."""

    def __init__(self, search: RecentSearch, purse: Purse, *, clock: Clock | None = None) -> None:
        self._search = search
        self._purse = purse
        self._clock = clock or SystemClock()

    async def posts(self, gap: Gap, topics: Sequence[Topic]) -> AsyncGenerator[Post | Dead, None]:
        """The posts of a gap, each once, with the topics that want them.

        Raises:
            BudgetError: they cost too much; nothing was spent.
            SourceError: X does not find them, or not all.
        """
        if gap.start < self._clock.now() - WEEK + _MARGIN:
            raise SourceRefusedError("X finds nothing that is older than seven days; the gap stays")
        rules = {topic.slug: topic.x_rule() for topic in topics}
        counted = {slug: await self._search.count(rule, gap.start, gap.end) for slug, rule in rules.items()}
        self._purse.buy(counted)
        found: dict[str, Post | Dead] = {}
        for topic in topics:
            pages = self._search.posts(rules[topic.slug], gap.start, gap.end, [topic.slug])
            async with contextlib.aclosing(pages):
                await _collect(pages, topic, counted[topic.slug] + _MORE, found)
        log.info("the gap from %s to %s is filled: %d posts", gap.start, gap.end, len(found))
        for record in sorted(found.values(), key=_at):
            yield record


async def _collect(
    pages: AsyncIterator[Sequence[Post | Dead]], topic: Topic, most: int, found: dict[str, Post | Dead]
) -> None:
    """Adds what is on the pages; at most `most` posts, which were paid for in advance."""
    bought = 0
    async for page in pages:
        bought += len(page)
        if bought > most:
            raise BudgetError(f"X finds more posts of topic {topic.slug} than the {most:,} that it counted; try again")
        for record in page:
            before = found.get(_key(record))
            if isinstance(record, Post) and not topic.accepts(record):
                continue
            if isinstance(record, Post) and isinstance(before, Post):
                record = replace(before, topics=(*before.topics, *record.topics))
            found[_key(record)] = record


def _key(record: Post | Dead) -> str:
    return f"{record.id} {record.version}" if isinstance(record, Post) else record.id


def _at(record: Post | Dead) -> datetime:
    return record.created_at if isinstance(record, Post) else record.at
