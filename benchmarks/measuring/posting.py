"""Writes real posts to a queue at a rate, as if they were heard now: a program of its own.

    python posting.py FILE (spool:FOLDER | kafka://HOST:PORT/TOPIC) FIRST RATExSECONDS…

`received_at` of a post is the moment before it is handed to the queue. Ids ascend from FIRST, so that nothing is a
repeat. Prints one line of JSON for each stretch: rate, began, ended (milliseconds), posts, pairs of topic and post.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from twitterhandler import parse_message
from twitterhandler.posts import Post
from twitterhandler.sinks import KafkaPlace, KafkaSink, Sink, SpoolSink

TICK = 0.01


def main() -> None:
    file, place, first, *plan = sys.argv[1:]
    stretches = [(float(rate), float(seconds)) for rate, seconds in (part.split("x") for part in plan)]
    asyncio.run(post(renumbered(Path(file), int(first)), place, stretches))


async def post(posts: Iterator[Post], place: str, stretches: list[tuple[float, float]]) -> None:
    sink = _sink(place)
    try:
        for rate, seconds in stretches:
            began, clock, sent, pairs = _now(), time.monotonic(), 0, 0
            while (elapsed := time.monotonic() - clock) < seconds:
                for one in itertools.islice(posts, int(elapsed * rate) + 1 - sent):
                    now = datetime.now(UTC)
                    await sink.put(replace(one, created_at=now, received_at=now))
                    sent, pairs = sent + 1, pairs + len(one.topics)
                await sink.flush()
                await asyncio.sleep(TICK)
            told = {"rate": rate, "began": began, "ended": _now(), "posts": sent, "pairs": pairs}
            print(json.dumps(told), flush=True)
    finally:
        await sink.close()


def renumbered(file: Path, first: int) -> Iterator[Post]:
    """The posts of the file again and again, their ids new and ascending."""
    numbers, now = itertools.count(first), datetime.now(UTC)
    while True:
        with gzip.open(file, "rb") as lines:
            for line in lines:
                yield replace(parse_message(line, now), id=f"x:{next(numbers)}")


def _sink(place: str) -> Sink:
    return KafkaSink(KafkaPlace.parse(place)) if place.startswith("kafka:") else SpoolSink(Path(place[6:]))


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
