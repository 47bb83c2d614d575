"""What was said in the last seven days: recent search and recent counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from twitterhandler.clock import format_time, parse_time
from twitterhandler.errors import QueryError
from twitterhandler.query import Query
from twitterhandler.testing.xserver.content import Json, Message
from twitterhandler.testing.xserver.exchange import Exchange, respond
from twitterhandler.testing.xserver.matching import Facts, heeds
from twitterhandler.testing.xserver.problems import Answer, RefusedError, invalid_parameter
from twitterhandler.testing.xserver.projection import Selection, respell
from twitterhandler.testing.xserver.routes import Route

_WEEK: Final = timedelta(days=7)
_PRESENT: Final = timedelta(seconds=10)
"""What is younger is not found yet."""
_IDS: Final = (0, 1 << 63)
_STEPS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_PERIOD: Final = ("query", "start_time", "end_time", "since_id", "until_id")
_SEARCH: Final = (*_PERIOD, "max_results", "next_token", "pagination_token", "sort_order")


async def _search(exchange: Exchange) -> web.StreamResponse:
    """`GET /2/tweets/search/recent`: newest first."""
    selection = Selection.parse(exchange.query, others=_SEARCH)
    size = exchange.number("max_results", 10, (10, 100))
    start, end = _period(exchange)
    found = list(reversed(list(_found(exchange, start, end))))
    token = exchange.query.get("next_token") or exchange.query.get("pagination_token")
    begin = int(token) if token and token.isdecimal() else 0
    page = found[begin : begin + size]
    meta: Json = {"result_count": len(page)}
    if not page:
        return respond(Answer(200, {"meta": meta}))
    meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if begin + size < len(found):
        meta["next_token"] = str(begin + size)
    whole: Json = {"data": selection.posts(page)}
    for name, part in (("includes", selection.includes(page)), ("errors", selection.errors(page))):
        if part:
            whole[name] = part
    manners = exchange.platform.manners
    exchange.platform.read += len(page)
    return respond(Answer(200, {**(respell(whole) if manners.spelling == "post" else whole), "meta": meta}))


async def _count(exchange: Exchange) -> web.StreamResponse:
    """`GET /2/tweets/counts/recent`: one item a step, also where nothing was said."""
    for name in exchange.query:
        if name not in (*_PERIOD, "granularity", "search_count.fields"):
            raise RefusedError(invalid_parameter(name, exchange.query[name], f"[{name}] is no parameter here"))
    granularity = exchange.query.get("granularity", "hour")
    if granularity not in _STEPS:
        message = f"The `granularity` query parameter value [{granularity}] is not one of [day,hour,minute]"
        raise RefusedError(invalid_parameter("granularity", granularity, message))
    start, end = _period(exchange)
    times = [_created_at(message) for message in _found(exchange, start, end)]
    steps = [
        {
            "start": format_time(left),
            "end": format_time(right),
            "tweet_count": sum(left <= moment < right for moment in times),
        }
        for left, right in _steps(start, end, _STEPS[granularity])
    ]
    return respond(Answer(200, {"data": steps, "meta": {"total_tweet_count": len(times)}}))


def _found(exchange: Exchange, start: datetime, end: datetime) -> Iterator[Message]:
    """The posts of the period that the query finds, oldest first, each once."""
    query = _query(exchange)
    since, until = exchange.number("since_id", 0, _IDS), exchange.number("until_id", _IDS[1], _IDS)
    messages = {post.id: post.message for post in exchange.platform.journal.published}
    for message in sorted(messages.values(), key=lambda message: int(message.id)):
        wanted = since < int(message.id) < until and start <= _created_at(message) < end
        if wanted and heeds(query, Facts(message)):
            yield message


def _query(exchange: Exchange) -> Query:
    text = exchange.query.get("query", "")
    try:
        return Query.parse(text)
    except QueryError as exc:
        message = f"{exc.reason} (at position {exc.position + 1})"
        raise RefusedError(invalid_parameter("query", text, message)) from None


def _period(exchange: Exchange) -> tuple[datetime, datetime]:
    now = exchange.platform.clock.now()
    start, end = exchange.moment("start_time", now - _WEEK), exchange.moment("end_time", now - _PRESENT)
    for name, moment in (("start_time", start), ("end_time", end)):
        if not now - _WEEK <= moment <= now - _PRESENT:
            message = f"'{name}' must be on or after {format_time(now - _WEEK)} and at least 10 s before the request"
            raise RefusedError(invalid_parameter(name, exchange.query.get(name), message))
    if start >= end:
        raise RefusedError(invalid_parameter("start_time", exchange.query.get("start_time"), "it is not before end"))
    return start, end


def _steps(start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The steps of the clock, the first and the last cut to the period."""
    left = start
    while left < end:
        seconds = step.total_seconds()
        edge = datetime.fromtimestamp((left.timestamp() // seconds + 1) * seconds, left.tzinfo)
        yield left, min(edge, end)
        left = edge


def _created_at(message: Message) -> datetime:
    return parse_time(message.data["created_at"])


SEARCH_ROUTES: Final = [
    Route("GET", "/2/tweets/search/recent", "search", "searches", _search),
    Route("GET", "/2/tweets/counts/recent", "counts", "counts", _count),
]
