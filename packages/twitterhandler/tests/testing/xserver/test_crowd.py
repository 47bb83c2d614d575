import asyncio
from datetime import UTC, datetime, timedelta

import orjson
from twitterhandler import parse_message
from twitterhandler.simulation import World
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX
from twitterhandler.testing.xserver.crowd import HISTORY, Crowd, talk, topics

START = datetime(2026, 11, 22, 18, tzinfo=UTC)


def world(minutes=20):
    return [told.post for told in World(7, rate=2).posts(START, START + timedelta(minutes=minutes))]


def test_what_the_world_posts_is_the_same_after_it_went_through_x():
    async def main():
        crowd = Crowd(LoopClock())
        return [parse_message(orjson.dumps(crowd.write(post).as_json()), post.created_at) for post in world()]

    told, read = world(), run_virtually(main())
    assert [(post.created_at, post.author.handle, post.lang) for post in read] == [
        (post.created_at, post.author.handle, post.lang) for post in told
    ]
    alike = [new for new, old in zip(read, told, strict=True) if new.kind == old.kind]
    assert len(alike) / len(told) > 0.98  # the target of some was posted before the world began
    texts = [(new.text, old.text) for new, old in zip(read, told, strict=True) if not old.urls and new.kind == old.kind]
    assert len(texts) > 1_000
    assert all(new == old for new, old in texts)
    assert len({post.id for post in read}) == len({post.id for post in told})


def test_a_post_has_the_same_id_whenever_the_world_is_started():
    async def main(posts):
        crowd = Crowd(LoopClock())
        return [crowd.write(post).id for post in posts]

    ids = run_virtually(main(world()))
    assert run_virtually(main(world()[100:])) == ids[100:]
    assert ids == sorted(ids, key=int)


def test_the_past_is_found_and_the_present_is_streamed(listening):
    async def main():
        async with FakeX(clock=LoopClock(START)) as x:
            rules = tuple(query for _, query in topics())
            async with listening(x, rules=rules) as client:
                talking = asyncio.create_task(talk(x.platform, rate=3))
                await asyncio.sleep(300)
                talking.cancel()
                await asyncio.gather(talking, return_exceptions=True)
            return client.ids, list(x.published)

    ids, published = run_virtually(main())
    past = [post for post in published if post.at < START]
    assert min(post.at for post in past) - (START - HISTORY) < timedelta(seconds=10)
    assert len(past) > 2_000
    assert not any(post.sent for post in past)
    assert ids == [post.id for post in published if post.at > START and post.rules]
    assert len(ids) > 500
