"""The program `twitterhandler fake-x`: the fake X on a port, with the simulator's people posting on it."""

import asyncio
import random
import shlex
import signal
from typing import Final

from twitterhandler.errors import ServiceError
from twitterhandler.testing.xserver.crowd import talk, topics
from twitterhandler.testing.xserver.faults import Fault
from twitterhandler.testing.xserver.server import FakeX

PORT: Final = 9010
_KEPT: Final = 20_000


async def serve(port: int = PORT, *, seed: int = 7, rate: float = 5.0, trouble: float | None = None) -> None:
    """Runs until SIGINT or SIGTERM.

    Args:
        port: 0 for any that is free.
        seed: The world follows from it.
        rate: Posts a second, as the mean of a day.
        trouble: Something goes wrong with a connection after so many seconds, again and again; None: nothing does.

    Raises:
        ServiceError: the port cannot be had.
    """
    x = FakeX(port=port, kept=_KEPT)
    try:
        await x.start()
    except OSError as exc:
        reason = (exc.strerror or str(exc)).rpartition(": ")[2]
        raise ServiceError(f"cannot listen on port {port}: {reason}; set another by --port") from exc
    print(_welcome(x, seed), flush=True)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    tasks = [asyncio.create_task(talk(x.platform, seed=seed, rate=rate)), asyncio.create_task(ended.wait())]
    if trouble:
        tasks.append(asyncio.create_task(_go_wrong(x, trouble, random.Random(seed))))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await x.stop()


async def _go_wrong(x: FakeX, seconds: float, rng: random.Random) -> None:
    kinds = [name for name in Fault.names() if Fault.named(name).refusal is None]
    while True:
        await asyncio.sleep(seconds)
        x.fail(Fault.named(rng.choice(kinds)))


def _welcome(x: FakeX, seed: int) -> str:
    slug, query = next(topics(seed))
    return f"""\
A fake of X listens on {x.url}; nothing that is posted there is real. Ctrl-C ends it.

In another terminal:

  export TWITTERHANDLER_X_URL={x.url}
  export TWITTERHANDLER_X_TOKEN={x.token}
  twitterhandler topics add {slug} {shlex.quote(query)} --start
  twitterhandler run x

Something goes wrong ({x.url}/__control/faults lists what can):

  curl {x.url}/__control/faults -d '{{"name": "rst"}}'
"""
