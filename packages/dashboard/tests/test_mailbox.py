from __future__ import annotations

import asyncio

from dashboard.mailbox import Mailbox


def test_the_newest_of_each_kind_waits_and_no_more() -> None:
    async def scenario() -> list[str]:
        mailbox = Mailbox()
        mailbox.put("topics", "all topics")
        for number in range(1000):
            mailbox.put("tick", f"tick {number}")
            mailbox.put("figures", f"figures {number}")
        assert (len(mailbox), mailbox.dropped) == (3, 1998)
        return [await mailbox.get() for _ in range(3)]

    assert asyncio.run(scenario()) == ["all topics", "tick 999", "figures 999"]


def test_order_is_that_of_arrival() -> None:
    async def scenario() -> list[str]:
        mailbox = Mailbox()
        mailbox.put("tick", "before")
        mailbox.put("down", "down")
        mailbox.put("tick", "after")
        return [await mailbox.get(), await mailbox.get()]

    assert asyncio.run(scenario()) == ["down", "after"]


def test_an_empty_mailbox_is_waited_for() -> None:
    async def scenario() -> str:
        mailbox = Mailbox()
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(mailbox.get())
            group.create_task(_put(mailbox))
        return reader.result()

    async def _put(mailbox: Mailbox) -> None:
        mailbox.put("tick", "at last")

    assert asyncio.run(scenario()) == "at last"
