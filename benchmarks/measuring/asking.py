"""Questions to a view API by chance, and how long their answers take."""

from __future__ import annotations

import gzip
import http.client
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from measuring.programs import quantile
from sparkstream.times import DAY, MINUTE, format_time

FACETS = ("keyword", "entity", "hashtag", "mention", "domain", "emoji", "word")
PERIODS = {"30 d": 30 * DAY, "7 d": 7 * DAY, "24 h": DAY}
STEPS = {"30 d": ("1h", "1d"), "7 d": ("1h", "15m"), "24 h": ("1m", "5m", "15m")}
DEEP = 5
"""Pages from the first to a deep one."""


class Question(NamedTuple):
    """`pages` is how many pages before the one that is measured."""

    path: str
    pages: int = 0


class Asker:
    """One connection that stays open, as a dashboard's client has it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def seconds(self, question: Question) -> float:
        """From the request to the last byte, of the last page that is asked for."""
        path, cursor = question.path, None
        for _ in range(question.pages + 1):
            began = time.monotonic()
            answer = self._get(path if cursor is None else f"{path}&{urlencode({'cursor': cursor})}")
            seconds = time.monotonic() - began
            cursor = answer.get("next")
            if cursor is None:
                break
        return seconds

    def close(self) -> None:
        self._connection.close()

    def _get(self, path: str) -> dict[str, Any]:
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        body = response.read()
        if response.getheader("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if response.status != 200:
            sys.exit(f"{path}: {response.status} {body.decode(errors='replace')}")
        answer: dict[str, Any] = json.loads(body)
        return answer


def questions(topics: Sequence[str], end: int, *, seed: int) -> dict[str, Iterator[Question]]:
    """Without end, by kind; the word before the comma is the route, "30 d" and so on its period."""
    random = Random(seed)
    found: dict[str, Iterator[Question]] = {}
    for period, length in PERIODS.items():
        window = _windows(random, topics, end, length)
        for name, filters in _FILTERS.items():
            found[f"summary, {period}, {name}"] = _ask(random, "summary", window, filters)
            if name != "authors":
                steps = STEPS[period]
                found[f"series, {period}, {name}"] = _ask(
                    random, "series", window, lambda r, f=filters, s=steps: {**f(r), "step": r.choice(s)}
                )
        for name in ("all", "a sentiment"):
            filters = _FILTERS[name]
            found[f"top, {period}, {name}"] = _ask(
                random, "top", window, lambda r, f=filters: {**f(r), "facet": r.choice(FACETS)}
            )
    window = _windows(random, topics, end, 30 * DAY)
    for name, (filters, pages) in _PAGES.items():
        found[f"posts, {name}"] = _ask(random, "posts", window, filters, pages)
    return found


_Filters = Callable[[Random], Mapping[str, str]]
_FILTERS: dict[str, _Filters] = {
    "all": lambda _: {},
    "authors": lambda _: {"lens": "authors"},
    "a sentiment": lambda random: {"sentiment": random.choice(("positive", "neutral", "negative"))},
    "a term": lambda random: {"facet": "hashtag", "term": f"tag{random.randrange(50)}"},
}
_PAGES: dict[str, tuple[_Filters, int]] = {
    "first page": (lambda _: {}, 0),
    f"page {DEEP + 1}": (lambda _: {"limit": "100"}, DEEP),
    "a sentiment": (lambda random: {"sentiment": random.choice(("positive", "negative"))}, 0),
    "kind and language": (lambda random: {"kind": "repost", "lang": random.choice(("en", "es", "ja"))}, 0),
    "a term": (lambda random: {"facet": "hashtag", "term": f"tag{random.randrange(20)}"}, 0),
    "a word": (lambda random: {"q": f"w{random.randrange(200)}"}, 0),
}


def _windows(random: Random, topics: Sequence[str], end: int, length: int) -> Callable[[], tuple[str, dict[str, str]]]:
    """A topic and a period that ends in the last day, on any minute."""

    def window() -> tuple[str, dict[str, str]]:
        to = end - random.randrange(DAY // MINUTE) * MINUTE
        return random.choice(topics), {"from": format_time(to - length), "to": format_time(to)}

    return window


def _ask(
    random: Random,
    route: str,
    window: Callable[[], tuple[str, dict[str, str]]],
    filters: _Filters,
    pages: int = 0,
) -> Iterator[Question]:
    while True:
        topic, period = window()
        yield Question(f"/v1/topics/{topic}/{route}?{urlencode({**period, **filters(random)})}", pages)


def report(times: Mapping[str, list[float]], limits: Mapping[str, int]) -> bool:
    """A line of each kind; whether all keep to the limit of their route."""
    right = True
    print(f"  {'milliseconds':<34}{'p50':>8}{'p95':>8}{'limit':>8}")
    for name, seconds in times.items():
        ordered = sorted(1_000 * some for some in seconds)
        p50, p95 = quantile(ordered, 0.5), quantile(ordered, 0.95)
        limit = limits[name.partition(",")[0]]
        broken = p95 > limit
        right = right and not broken
        print(f"  {name:<34}{p50:>8.0f}{p95:>8.0f}{limit:>8}{'  BROKEN' if broken else ''}")
    return right
