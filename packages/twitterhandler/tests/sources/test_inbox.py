import asyncio
from datetime import timedelta

import pytest
from twitterhandler.errors import SourceError
from twitterhandler.sources.inbox import Inbox, Lost
from twitterhandler.testing import FakeClock, run_virtually

NOON = FakeClock().now()
MILLISECOND = timedelta(milliseconds=1)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def offering(inbox, *numbers):
    return [inbox.offer(number, at(number)) for number in numbers]


def taken(inbox, count):
    async def take():
        return [await inbox.take() for _ in range(count)]

    return run_virtually(take())


def test_what_is_offered_is_taken_in_order():
    inbox = Inbox(10, 10)
    assert offering(inbox, 1, 2, 3) == [True] * 3
    assert len(inbox) == 3
    assert taken(inbox, 3) == [1, 2, 3]


def test_who_takes_waits_for_the_next():
    async def wait():
        inbox = Inbox(10, 10)
        taking = asyncio.create_task(inbox.take())
        await asyncio.sleep(5)
        inbox.offer("late", NOON)
        return await taking

    assert run_virtually(wait()) == "late"


def test_what_finds_no_room_is_lost_from_the_first_that_was_to_the_next_that_is_kept():
    inbox = Inbox(4, 100)
    assert offering(inbox, 1, 2, 3, 4, 5, 6) == [True] * 4 + [False] * 2
    assert taken(inbox, 1) == [1]
    assert offering(inbox, 7) == [False], "one free place is not enough: half of it must be free"
    assert taken(inbox, 2) == [2, 3]
    assert offering(inbox, 8) == [True]
    assert taken(inbox, 3) == [4, Lost(at(5), at(8), 3), 8]


def test_a_loss_that_nothing_follows_is_told_too_and_holds_the_last_that_was_lost():
    inbox = Inbox(2, 100)
    offering(inbox, 1, 2, 3)
    assert taken(inbox, 3) == [1, 2, Lost(at(3), at(3) + MILLISECOND, 1)]
    assert offering(inbox, 4) == [True]
    assert taken(inbox, 1) == [4]


def test_few_large_items_fill_it_too():
    inbox = Inbox(100, 10)
    assert [inbox.offer("large", at(number), size=6) for number in range(2)] == [True, False]
    assert taken(inbox, 2) == ["large", Lost(at(1), at(1) + MILLISECOND, 1)]
    assert inbox.offer("large", at(3), size=10)


def test_what_must_not_be_lost_is_kept_however_full_it_is():
    inbox = Inbox(1, 1)
    offering(inbox, 1, 2)
    inbox.put("a gap")
    assert taken(inbox, 3) == [1, "a gap", Lost(at(2), at(2) + MILLISECOND, 1)]


def test_a_failure_comes_after_everything_that_was_heard():
    inbox = Inbox(10, 10)
    offering(inbox, 1)
    inbox.fail(SourceError("no key; set one"))
    assert taken(inbox, 1) == [1]
    with pytest.raises(SourceError, match="no key"):
        taken(inbox, 1)
