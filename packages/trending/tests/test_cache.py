import asyncio

import pytest
from trending.cache import TtlCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Loader:
    def __init__(self) -> None:
        self.loads = 0

    async def __call__(self) -> int:
        self.loads += 1
        await asyncio.sleep(0)  # a switch to the others that ask
        return self.loads


def test_a_value_is_kept_for_its_time_and_then_loaded_again() -> None:
    async def ask() -> list[int]:
        clock, load = Clock(), Loader()
        cache: TtlCache[str, int] = TtlCache(10, clock)
        found = [await cache.get("a", load)]
        for clock.now in (9.9, 10.0):
            found.append(await cache.get("a", load))
        return found

    assert asyncio.run(ask()) == [1, 1, 2]


def test_who_asks_at_the_same_time_shares_one_load() -> None:
    async def ask() -> tuple[list[int], int]:
        load = Loader()
        cache: TtlCache[str, int] = TtlCache(10, Clock())
        return await asyncio.gather(*(cache.get("a", load) for _ in range(20))), load.loads

    assert asyncio.run(ask()) == ([1] * 20, 1)


def test_keys_are_apart_and_the_one_asked_for_longest_ago_goes_first() -> None:
    async def ask() -> list[int]:
        load = Loader()
        cache: TtlCache[str, int] = TtlCache(10, Clock(), capacity=2)
        return [await cache.get(key, load) for key in ("a", "b", "a", "c", "a", "b")]

    assert asyncio.run(ask()) == [1, 2, 1, 3, 1, 4]


def test_an_error_is_passed_on_and_not_kept() -> None:
    async def fail() -> int:
        raise LookupError

    async def ask() -> int:
        cache: TtlCache[str, int] = TtlCache(10, Clock())
        with pytest.raises(LookupError):
            await cache.get("a", fail)
        return await cache.get("a", Loader())

    assert asyncio.run(ask()) == 1
