import asyncio
import contextlib

import pytest
from twitterhandler import listen
from twitterhandler.errors import QueryError
from twitterhandler.sources import JetstreamSource
from twitterhandler.testing import FakeJetstream, LoopClock, run_virtually


def heard(*arguments, **options):
    """Of a network on which tea and coffee are talked of in turn, a word a second."""

    async def main():
        clock = LoopClock()
        async with FakeJetstream(clock) as server:
            talking = asyncio.create_task(talk(server))
            try:
                posts = listen(JetstreamSource(server.url, clock=clock), *arguments, **options)
                async with contextlib.aclosing(posts):
                    found = []
                    async for post in posts:
                        found.append(post.text)
                        if len(found) == 5:
                            break
                    return found
            finally:
                talking.cancel()

    return run_virtually(main())


async def talk(server):
    number = 0
    while True:
        number += 1
        server.delete(server.post(f"{'coffee' if number % 2 else 'tea'} {number}"))
        await asyncio.sleep(1)


def test_all_posts_of_a_source_come_in_order():
    assert heard() == ["coffee 1", "tea 2", "coffee 3", "tea 4", "coffee 5"]


def test_a_query_chooses_among_them():
    assert heard("tea -coffee") == ["tea 2", "tea 4", "tea 6", "tea 8", "tea 10"]


def test_it_ends_by_itself_at_its_limit():
    assert heard("tea", limit=2) == ["tea 2", "tea 4"]


def test_a_wrong_query_is_told_before_anybody_listens():
    with pytest.raises(QueryError, match="never closed"):
        heard("(tea")
