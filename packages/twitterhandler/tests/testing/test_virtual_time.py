import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from twitterhandler.testing import LoopClock, VirtualTimeError, run_virtually

DAY = 86_400


def virtual_seconds(main):
    """How long `main` took on its loop; fails when it took real time."""

    async def measured():
        await main()
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    seconds = run_virtually(measured())
    assert time.monotonic() - began < 10
    return seconds


def test_weeks_of_waiting_pass_at_once():
    async def wait():
        await asyncio.sleep(30 * DAY)
        async with asyncio.timeout(DAY):
            await asyncio.sleep(3_600.25)

    assert virtual_seconds(wait) == 30 * DAY + 3_600.25


def test_sleepers_wake_in_the_order_of_their_time():
    woken = []

    async def sleeper(seconds):
        await asyncio.sleep(seconds)
        woken.append((seconds, asyncio.get_running_loop().time()))

    async def main():
        await asyncio.gather(*map(sleeper, (300, 0.001, DAY, 20, 20.5)))

    run_virtually(main())
    assert woken == [(seconds, seconds) for seconds in (0.001, 20, 20.5, 300, DAY)]


def test_work_takes_no_time():
    async def work():
        sum(range(200_000))
        for _ in range(100):
            await asyncio.sleep(0)

    assert virtual_seconds(work) == 0


def test_a_timeout_passes_in_virtual_time():
    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 600)

    assert virtual_seconds(main) == 600


def test_each_loop_begins_at_zero_and_its_clock_at_its_start():
    start = datetime(2026, 2, 28, 23, tzinfo=UTC)
    clock = LoopClock(start)

    async def main():
        began = clock.now()
        await clock.sleep(5_400)
        return began, clock.now()

    assert run_virtually(main()) == (start, start + timedelta(hours=1.5))
    assert run_virtually(main()) == (start, start + timedelta(hours=1.5))


def test_outside_of_a_loop_a_clock_shows_nothing():
    with pytest.raises(RuntimeError, match="no running event loop"):
        LoopClock().now()


def test_data_between_real_sockets_arrives_before_any_timer():
    heard = []

    async def echo(reader, writer):
        while line := await reader.readline():
            await asyncio.sleep(7)
            writer.write(line)
        writer.close()

    async def main():
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            for number in range(300):
                await asyncio.sleep(3)
                writer.write(b"%d\n" % number)
                async with asyncio.timeout(7.000_001):
                    heard.append((int(await reader.readline()), loop.time()))
            writer.close()
            await writer.wait_closed()

    run_virtually(main())
    assert heard == [(number, 10 * (number + 1)) for number in range(300)]


def test_connecting_and_megabytes_take_no_time():
    blob = bytes(range(256)) * 20_000

    async def send(reader, writer):
        writer.write(blob)
        await writer.drain()
        writer.close()

    async def main():
        async with await asyncio.start_server(send, "127.0.0.1", 0) as server:
            for _ in range(5):
                async with asyncio.timeout(1e-6):
                    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                    assert await reader.read(-1) == blob
                writer.close()
                await writer.wait_closed()

    assert virtual_seconds(main) == 0


def test_a_peer_that_is_silent_is_waited_for_in_virtual_time():
    async def stay_silent(reader, writer):
        await reader.read()
        writer.close()

    async def main():
        async with await asyncio.start_server(stay_silent, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(21):
                    await reader.readline()
            writer.close()
            await writer.wait_closed()

    assert virtual_seconds(main) == 21


def test_threads_are_waited_for_while_time_stands_still():
    begun = threading.Event()

    def work():
        begun.set()
        return sum(range(3_000_000))

    async def main():
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(1e-6):
            assert await asyncio.to_thread(work) == sum(range(3_000_000))
            assert await loop.getaddrinfo("127.0.0.1", 80)
        assert begun.is_set()

    assert virtual_seconds(main) == 0


def test_a_program_that_waits_for_nothing_is_told():
    with pytest.raises(VirtualTimeError, match=r"nothing can happen any more.*after 0\.1 s"):
        run_virtually(asyncio.Event().wait(), real_limit=0.1)


def test_time_that_goes_on_without_result_is_told():
    async def beat():
        while True:
            await asyncio.sleep(20)

    async def spin():
        while True:
            await asyncio.sleep(0)

    for endless in (beat, spin):
        with pytest.raises(VirtualTimeError, match=r"it still runs after 0\.1 s"):
            run_virtually(endless(), real_limit=0.1)


def test_a_thread_that_does_not_end_is_told():
    release = threading.Event()

    async def main():
        waiting = asyncio.to_thread(release.wait)
        asyncio.get_running_loop().call_later(1, release.set)  # never: time stands still
        await waiting

    try:
        with pytest.raises(VirtualTimeError, match="a thread of an executor does not end"):
            run_virtually(_releasing(main, release), real_limit=0.1)
    finally:
        release.set()


async def _releasing(main, release):
    """Frees the thread when the loop gives up, since the loop waits for its threads when it closes."""
    try:
        await main()
    finally:
        release.set()


def test_what_the_program_raises_comes_out_and_its_tasks_are_ended():
    ended = []

    async def forever():
        try:
            await asyncio.sleep(9 * DAY)
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def main():
        task = asyncio.create_task(forever())
        await asyncio.sleep(5)
        raise LookupError(task.get_name())

    with pytest.raises(LookupError):
        run_virtually(main())
    assert ended == [5]
