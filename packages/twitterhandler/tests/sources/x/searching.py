"""A search of a fake X that remembers an hour of posts, in virtual time."""

import contextlib
from datetime import timedelta

from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.sources.x.search import RecentSearch
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX


@contextlib.asynccontextmanager
async def _searching(x, **options):
    async with XTransport(BearerToken(x.token), base_url=x.url, clock=x.platform.clock) as transport:
        yield RecentSearch(transport, clock=x.platform.clock, **options)


def searching(story, *, texts=(), patience=0, **options):
    """What `story(x, search)` returns; the texts were posted a minute after each other, the first an hour ago."""

    async def main():
        async with FakeX(clock=LoopClock(), **options) as x:
            for number, text in enumerate(texts):
                x.remember(x.posts.original(text, at=x.now() - timedelta(minutes=60 - number)))
            async with _searching(x, patience=patience) as search:
                return await story(x, search)

    return run_virtually(main())
