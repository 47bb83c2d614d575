"""The posts of a source, without a queue: for programs that want to look at them themselves."""

import contextlib
import math
from collections.abc import AsyncGenerator

from twitterhandler.posts import Post
from twitterhandler.query import Query
from twitterhandler.sources.base import Source


async def listen(
    source: Source, query: Query | str | None = None, *, limit: int | None = None
) -> AsyncGenerator[Post, None]:
    """What `source` hears, edits too; only what matches `query`, where there is one; at most `limit`.

    Who leaves the loop before its end closes it: `async with contextlib.aclosing(listen(…)) as posts`.

    Gaps, deletes and what cannot be read are left out, and repeats are not: `Ingest` and `source.records()` have all.

    Raises:
        QueryError: the query cannot be parsed.
        SourceError: the source cannot go on.
    """
    wanted = Query.parse(query) if isinstance(query, str) else query
    left = math.inf if limit is None else limit
    async with contextlib.aclosing(source.records()) as records:
        async for record in records:
            if isinstance(record, Post) and (wanted is None or wanted.match(record)):
                yield record
                left -= 1
                if left <= 0:
                    return
