"""What was said on X in the last seven days: recent counts, which cost no posts, and recent search, which does."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twitterhandler.clock import Clock, SystemClock, parse_time
from twitterhandler.errors import SourceUnavailableError
from twitterhandler.estimate import Span
from twitterhandler.posts import Dead, Post
from twitterhandler.sources.x.transport import XTransport
from twitterhandler.x_messages import parse_page

WEEK: Final = timedelta(days=7)
FIELDS: Final = "author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,referenced_tweets"
EXPANSIONS: Final = "author_id,referenced_tweets.id"
_PAGE: Final = 100
_PAUSE: Final = 60.0
"""Seconds before a request is repeated, if X does not say how many."""

Json = dict[str, Any]


class RecentSearch:
    """Asks X; each call is one request or, of posts, one a page.

    Args:
        transport: To X; who made it closes it.
        patience: How often a request is repeated that X asks to come later with.
        clock: For tests.

    Raises, from each call:
        SourceError: X does not answer, or not to us.
    """

    def __init__(self, transport: XTransport, *, patience: int = 0, clock: Clock | None = None) -> None:
        self._transport = transport
        self._patience = patience
        self._clock = clock or SystemClock()

    async def counts(self, query: str) -> Sequence[Span]:
        """The posts of the last seven days by day, oldest first; the first day and the last are parts of days."""
        return await self._counts({"query": query, "granularity": "day"})

    async def count(self, query: str, start: datetime, end: datetime) -> int:
        """The posts from `start` to `end`, both within the last seven days."""
        found = await self._counts({"query": query, "granularity": "hour", **_period(start, end)})
        return sum(span.posts for span in found)

    async def posts(
        self, query: str, start: datetime, end: datetime, topics: Sequence[str]
    ) -> AsyncGenerator[Sequence[Post | Dead], None]:
        """The posts from `start` to `end` in pages, newest first, as posts of `topics`."""
        params: dict[str, str | int] = {"query": query, "max_results": _PAGE, **_period(start, end)}
        params |= {"tweet.fields": FIELDS, "expansions": EXPANSIONS}
        while True:
            page = await self._ask("/2/tweets/search/recent", params)
            found, following = parse_page(page, self._clock.now(), topics)
            yield found
            if not following:
                return
            params["next_token"] = following

    async def _counts(self, params: Mapping[str, str]) -> list[Span]:
        answer = await self._ask("/2/tweets/counts/recent", params)
        try:
            return [_span(found) for found in answer.get("data") or ()]
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise SourceUnavailableError("X's counts have another shape; update twitterhandler", "server") from exc

    async def _ask(self, path: str, params: Mapping[str, str | int]) -> Json:
        for _ in range(self._patience):
            try:
                return await self._transport.ask("GET", path, params=params)
            except SourceUnavailableError as exc:
                await self._clock.sleep(exc.wait or _PAUSE)
        return await self._transport.ask("GET", path, params=params)


def _span(found: Json) -> Span:
    posts = found["tweet_count"] if "tweet_count" in found else found["post_count"]
    return Span(parse_time(found["start"]), parse_time(found["end"]), int(posts))


def _period(start: datetime, end: datetime) -> dict[str, str]:
    """In whole seconds, as X wants it, and no shorter than it was."""
    last = end.replace(microsecond=0) + timedelta(seconds=end.microsecond > 0)
    return {"start_time": _second(start), "end_time": _second(last)}


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
