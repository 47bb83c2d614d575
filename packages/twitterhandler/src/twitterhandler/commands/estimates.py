"""`twitterhandler estimate`: what a query would bring and cost."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer

from twitterhandler.clock import format_time
from twitterhandler.commands.options import Json, Languages, QueryText, Sources
from twitterhandler.estimate import Estimate
from twitterhandler.settings import Settings
from twitterhandler.topics import Topic


def estimate(
    text: QueryText,
    source: Sources = None,
    language: Languages = None,
    reposts: Annotated[bool, typer.Option("--reposts/--no-reposts", help="Whether plain reposts are kept.")] = True,
    json: Json = False,
) -> None:
    """Say how many posts a query would bring and what they would cost; X is asked for counts of the last seven days."""
    topic = Topic("estimate", text, tuple(source or ()), tuple(language or ()), reposts)
    topic.check()
    found = asyncio.run(_ask(Settings.read(), topic))
    if json:
        print(orjson.dumps([_plain(one) for one in found], option=orjson.OPT_INDENT_2).decode())
        return
    width = max((len(one.network) for one in found), default=0)
    for one in found:
        print(f"{one.network:{width}}  {_said(one)}")


async def _ask(settings: Settings, topic: Topic) -> tuple[Estimate, ...]:
    x = settings.open_x()
    try:
        return await settings.open_estimator(x).of(topic)
    finally:
        if x:
            await x.close()


def _said(one: Estimate) -> str:
    if one.posts_a_day is None or one.posts_a_month is None:
        return f"not known: {one.reason}"
    posts = f"{one.posts_a_day:,.0f} posts a day, {one.posts_a_month:,.0f} in 30 days"
    if one.money_a_day is None or one.money_a_month is None:
        return f"{posts}; {one.reason}"
    return f"{posts}; costs {one.money_a_day:,.2f} a day, {one.money_a_month:,.2f} in 30 days"


def _plain(one: Estimate) -> dict[str, Any]:
    days = [{"start": format_time(day.start), "end": format_time(day.end), "posts": day.posts} for day in one.days]
    return {**asdict(one), "days": days}
