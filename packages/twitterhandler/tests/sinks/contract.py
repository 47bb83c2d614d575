"""What every sink does; whoever makes one runs this suite on it.

A subclass has a fixture `place` with `open()`, a sink in a running event loop, and `lines()`, what is in the queue.
"""

import asyncio
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from twitterhandler.posts import Delete, Gap, TopicEvent, dead, encode

MANY = 3_000


def by_key(lines):
    """The lines of each id, in their order: a queue may have partitions."""
    found = defaultdict(list)
    for line in lines:
        found[orjson.loads(line)["id"]].append(line)
    return found


class SinkContract:
    @pytest.fixture
    def records(self, post):
        """One of each kind, and the versions of some posts, mixed."""
        first = post()
        at = first.created_at
        versions = [
            replace(first, id=f"x:{number}", version=version, text=f"tea {version}")
            for version in range(20)
            for number in range(10)
        ]
        gap = Gap("gap:x:1", "x", ("tea",), at, at + timedelta(minutes=2), "disconnected")
        others = [TopicEvent("tea", "tea OR kettle", "started", at), gap, dead(b"{torn", "not JSON", at)]
        return [*others, *versions, Delete("x:3", "x", at)]

    def carry(self, place, records):
        async def run():
            async with place.open() as sink:
                for record in records:
                    await sink.put(record)

        asyncio.run(run())

    def test_what_is_put_arrives_whole_and_in_the_order_of_its_key(self, place, records):
        self.carry(place, records)
        assert by_key(place.lines()) == by_key(map(encode, records))

    def test_a_flush_hands_everything_over(self, place, records):
        async def run():
            sink = place.open()
            before = sink.position
            for record in records:
                await sink.put(record)
            await sink.flush()
            after = sink.position
            arrived = await asyncio.to_thread(place.lines)
            await sink.flush()
            again = sink.position
            await sink.close()
            return before, after, again, arrived

        before, after, again, arrived = asyncio.run(run())
        assert before < after == again
        assert len(arrived) == len(records)

    def test_closing_hands_everything_over_and_a_second_time_does_nothing(self, place, records):
        async def run():
            sink = place.open()
            for record in records:
                await sink.put(record)
            await sink.close()
            await sink.close()

        asyncio.run(run())
        assert by_key(place.lines()) == by_key(map(encode, records))

    def test_a_sink_that_was_given_nothing_closes(self, place):
        self.carry(place, [])
        assert place.lines() == []

    def test_it_goes_on_after_what_was_there(self, place, records):
        self.carry(place, records[:100])
        self.carry(place, records[100:])
        assert by_key(place.lines()) == by_key(map(encode, records))

    def test_more_than_any_buffer_holds_arrives(self, place, post):
        posts = [post(id=f"x:{number % 50}", version=number) for number in range(MANY)]
        self.carry(place, posts)
        assert by_key(place.lines()) == by_key(map(encode, posts))

    def test_two_tasks_may_put_at_once(self, place, post):
        kinds = [[post(id=f"{name}:{number}") for number in range(300)] for name in ("x", "bluesky")]

        async def run():
            async with place.open() as sink:

                async def put(posts):
                    for one in posts:
                        await sink.put(one)
                        await asyncio.sleep(0)

                await asyncio.gather(*map(put, kinds))

        asyncio.run(run())
        assert sorted(place.lines()) == sorted(encode(one) for posts in kinds for one in posts)

    def test_while_records_go_through_it_waits_for_nothing(self, place, post):
        async def run():
            async with place.open() as sink:
                await sink.put(post())
                await sink.flush()
                return sink.waiting, sink.spilled

        assert asyncio.run(run()) == (None, 0)
