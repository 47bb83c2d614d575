"""A fake X that sends made-up posts at a rate to whoever connects: a program of its own, on a core of its own.

Prints its address and token as one line of JSON, and once it has sent everything a second one: posts, seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from twitterhandler.simulation import World
from twitterhandler.testing.xserver import FakeX, Fault, Message, Published
from twitterhandler.testing.xserver.acts import Outcome, Wire
from twitterhandler.testing.xserver.crowd import Crowd

WRITTEN = 5_000
"""Different posts; they come again and again, each time with new ids."""
TICK = 0.01


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--posts", type=int, required=True)
    arguments.add_argument("--rate", type=float, default=math.inf)
    asked = arguments.parse_args()
    asyncio.run(feed(asked.posts, asked.rate))


async def feed(posts: int, rate: float) -> None:
    async with FakeX(kept=1_000) as x:

        async def flood(wire: Wire) -> Outcome:
            lines = renumbered(rendered(wire, x))
            began = time.perf_counter()
            sent = 0
            while sent < posts:
                due = posts if math.isinf(rate) else min(posts, int((time.perf_counter() - began) * rate) + 1)
                for _ in range(sent, due, 50):
                    chunk = list(islice(lines, min(50, due - sent)))
                    await wire.write(b"".join(chunk))
                    sent += len(chunk)
                await asyncio.sleep(0 if math.isinf(rate) else TICK)
            print(json.dumps({"posts": sent, "seconds": time.perf_counter() - began}), flush=True)
            return "goes on"

        x.fail(Fault("flood", stream=flood))
        print(json.dumps({"url": x.url, "token": x.token}), flush=True)
        await asyncio.Event().wait()


def messages(x: FakeX) -> list[Message]:
    """Posts of the simulated world: originals, reposts, quotes and replies in seven languages."""
    crowd, start = Crowd(x.platform.clock), datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return [crowd.write(told.post) for told in islice(World(7, rate=50).posts(start), WRITTEN)]


def rendered(wire: Wire, x: FakeX) -> list[tuple[bytes, bytes]]:
    """Id and line of each post that a rule heeds, with all the fields that the client asked for."""
    posts = (Published(x.now(), message, x.rules.matching(message, x.now())) for message in messages(x))
    return [(post.id.encode(), wire.render(post) + b"\r\n") for post in posts if post.rules]


def renumbered(lines: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The lines again and again, their ids new and ascending."""
    for number, (old, line) in enumerate(cycle(lines), start=int(lines[-1][0]) + 1):
        yield line.replace(old, b"%d" % number)


if __name__ == "__main__":
    main()
