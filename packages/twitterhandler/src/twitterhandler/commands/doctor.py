"""`twitterhandler doctor`: whether the collector could do its work here."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from typing import Literal

import orjson
import typer

from twitterhandler.budget import RESERVE
from twitterhandler.commands.options import Json
from twitterhandler.errors import SinkLockedError, TwitterhandlerError
from twitterhandler.findings import Finding, failed
from twitterhandler.settings import Settings
from twitterhandler.sources.checkup import check_network
from twitterhandler.sources.jetstream import KEPT
from twitterhandler.sources.x.checkup import check_x
from twitterhandler.spending import Spending, SpendingStatus
from twitterhandler.topics import Topic


def doctor(json: Json = False) -> None:
    """Check the key, the rules, the connections and the clock of X, the other networks, the topics and the queue.

    Nothing is changed. Bluesky and Mastodon are checked where they are among the sources, or were set or heard before.
    Each line is ok, warn or fail and says what to do next; the exit code is 1 when one of them is fail.
    """
    findings = asyncio.run(_collect(Settings.read()))
    if json:
        print(orjson.dumps([asdict(finding) for finding in findings], option=orjson.OPT_INDENT_2).decode())
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            print(f"{finding.level:4}  {finding.what:{width}}  {finding.message}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


async def _collect(settings: Settings) -> list[Finding]:
    return [finding async for finding in _check(settings)]


async def _check(settings: Settings) -> AsyncIterator[Finding]:
    topics: list[Topic] = []
    if settings.topics_file.exists():
        try:
            registry = settings.open_registry()
            topics = [topic for topic in registry.topics() if topic.state == "started"]
            spent = Spending(registry, settings.limits()).status()
        except TwitterhandlerError as exc:
            yield failed("topics", exc)
        else:
            yield _topics(topics)
            yield _budget(spent, on_x=settings.x_token is not None)
    else:
        yield Finding("topics", "warn", "there are none yet; make one by `twitterhandler topics add`")
    x = settings.open_x()
    if x is None:
        yield Finding(
            "key", "warn", "no key of X is set, so X is not listened to; set TWITTERHANDLER_X_TOKEN if it should"
        )
    else:
        async with x:
            async for finding in check_x(x, [topic for topic in topics if topic.on_x]):
                yield finding
    for network in settings.free_networks():
        async for finding in _network(settings, network):
            yield finding
    yield await _sink(settings)


async def _network(settings: Settings, name: Literal["bluesky", "mastodon"]) -> AsyncIterator[Finding]:
    try:
        source = settings.open_bluesky() if name == "bluesky" else settings.open_mastodon()
        position = settings.position(name)
    except TwitterhandlerError as exc:
        yield failed(name, exc)
        return
    kept = KEPT if name == "bluesky" else timedelta()
    async for finding in check_network(source, position, kept=kept):
        yield finding


def _topics(started: list[Topic]) -> Finding:
    if not started:
        return Finding("topics", "warn", "none is started; start one by `twitterhandler topics start`")
    return Finding("topics", "ok", f"{len(started)} started")


def _budget(spent: SpendingStatus, *, on_x: bool) -> Finding:
    this_month = f"at most {spent.posts:,} posts of X in this month" if spent.posts else "no posts of X in this month"
    if spent.money is not None:
        this_month += f", {spent.money:,.2f} in money"
    if spent.posts:
        this_month += f" (a collector that runs counts up to {RESERVE:,} ahead; its /v1/status is exact)"
    if spent.most_posts is None:
        advice = f"{this_month}; nothing limits them: set TWITTERHANDLER_X_MONTH_POSTS"
        return Finding("budget", "warn", advice) if on_x else Finding("budget", "ok", this_month)
    if spent.posts >= spent.most_posts:
        return Finding("budget", "fail", f"{this_month}, the limit of {spent.most_posts:,} is reached; raise it")
    return Finding("budget", "ok", f"{this_month}, of {spent.most_posts:,}")


async def _sink(settings: Settings) -> Finding:
    try:
        sink = settings.open_sink()
        try:
            await sink.flush()
            waiting = sink.waiting
        finally:
            await sink.close()
    except SinkLockedError:
        return Finding("queue", "ok", f"{settings.sink} has a writer: a collector runs")
    except TwitterhandlerError as exc:
        return Finding("queue", "fail", str(exc))
    if waiting:
        return Finding("queue", "warn", f"{waiting}; until then records wait in {settings.spill}")
    return Finding("queue", "ok", f"{settings.sink} can be written")
