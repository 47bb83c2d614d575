"""What is not about posts: connections, usage, and what trends where."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from twitterhandler.clock import format_time
from twitterhandler.testing.xserver.content import Json
from twitterhandler.testing.xserver.exchange import Exchange, respond
from twitterhandler.testing.xserver.journal import Connection
from twitterhandler.testing.xserver.problems import PROBLEMS, Answer, RefusedError, invalid_parameter, invalid_request
from twitterhandler.testing.xserver.routes import Route

_ENDPOINT: Final = "filtered_stream"
_INT32: Final = 2**31 - 1
_TREND_FIELDS: Final = {"trend_name", "tweet_count"}

PLACES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("Worldwide", ""),
    23424829: ("Germany", "DE"),
    23424852: ("Israel", "IL"),
    23424856: ("Japan", "JP"),
    23424975: ("United Kingdom", "GB"),
    23424977: ("United States", "US"),
}
"""Where something trends, by WOEID: name and country code."""


# ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _list_connections(exchange: Exchange) -> web.StreamResponse:
    status = exchange.query.get("status", "active")
    if status not in ("active", "inactive", "all"):
        raise RefusedError(invalid_parameter("status", status, f"[{status}] is not one of [active,inactive,all]"))
    wanted = {"active": {True}, "inactive": {False}, "all": {True, False}}[status]
    found = [log for log in exchange.platform.journal.connections if (log.closed_at is None) in wanted]
    meta = {"result_count": len(found)}
    return respond(Answer(200, {"data": [_shown(log) for log in found], "meta": meta} if found else {"meta": meta}))


async def _terminate_all(exchange: Exchange) -> web.StreamResponse:
    return _terminated(exchange.platform.terminate(lambda _: True))


async def _terminate_endpoint(exchange: Exchange) -> web.StreamResponse:
    endpoint = exchange.request.match_info["endpoint"]
    return _terminated(exchange.platform.terminate(lambda _: endpoint == _ENDPOINT))


async def _terminate_some(exchange: Exchange) -> web.StreamResponse:
    body = await exchange.body()
    uuids = body.get("uuids") if isinstance(body, dict) else None
    if not isinstance(uuids, list) or not uuids:
        raise RefusedError(invalid_request({"parameters": {"uuids": []}, "message": "a list of uuids is needed"}))
    return _terminated(exchange.platform.terminate(lambda log: _uuid(log) in uuids))


def _terminated(count: int) -> web.Response:
    return respond(Answer(200, {"data": {"killed_connections": count > 0, "successful_kills": count}}))


def _uuid(log: Connection) -> str:
    return f"00000000-0000-4000-8000-{log.number:012d}"


def _shown(log: Connection) -> Json:
    shown = {"id": _uuid(log), "endpoint_name": _ENDPOINT, "connected_at": format_time(log.opened_at)}
    if log.closed_at is None:
        return shown
    return {**shown, "disconnected_at": format_time(log.closed_at), "disconnect_reason": log.ended_by}


# ── usage ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _usage(exchange: Exchange) -> web.StreamResponse:
    platform = exchange.platform
    exchange.number("days", 7, (1, 90))
    data = {
        "cap_reset_day": 1,
        "project_cap": str(platform.limits.posts),
        "project_id": "1010101010101010101",
        "project_usage": str(platform.read),
    }
    return respond(Answer(200, {"data": data}))


# ── trends ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def made_up_trends(woeid: int) -> list[Json]:
    """Fifty of them, the first with the largest count; every third has none."""
    names = [f"#MadeUp{woeid}n{rank}" if rank % 2 else f"made up {woeid} {rank}" for rank in range(1, 51)]
    return [
        {"trend_name": name, **({"tweet_count": 200_000 // rank} if rank % 3 else {})}
        for rank, name in enumerate(names, start=1)
    ]


async def _trends(exchange: Exchange) -> web.StreamResponse:
    woeid = _woeid(exchange.request.match_info["woeid"])
    count = exchange.number("max_trends", 20, (1, 50))
    fields = set(filter(None, exchange.query.get("trend.fields", "").split(","))) or _TREND_FIELDS
    if wrong := fields - _TREND_FIELDS:
        raise RefusedError(invalid_parameter("trend.fields", ",".join(wrong), "not one of [trend_name,tweet_count]"))
    if woeid not in PLACES:
        return respond(Answer(200, {"errors": [_unknown_place(woeid)]}))
    trends = exchange.platform.trends.get(woeid) or made_up_trends(woeid)
    kept = fields | {"trend_name"}
    data = [{name: value for name, value in trend.items() if name in kept} for trend in trends[:count]]
    return respond(Answer(200, {"data": data}))


async def _trends_v1(exchange: Exchange) -> web.StreamResponse:
    _check_v1(exchange)
    woeid = _woeid(exchange.query.get("id", ""))
    if woeid not in PLACES:
        raise RefusedError(Answer(404, {"errors": [{"code": 34, "message": "Sorry, that page does not exist."}]}))
    listed = exchange.platform.trends.get(woeid) or made_up_trends(woeid)
    if exchange.query.get("exclude") == "hashtags":
        listed = [trend for trend in listed if not trend["trend_name"].startswith("#")]
    now = format_time(exchange.platform.clock.now())
    place = {"name": PLACES[woeid][0], "woeid": woeid}
    page: Json = {"trends": [_trend_v1(trend) for trend in listed], "as_of": now, "created_at": now}
    return respond(Answer(200, [{**page, "locations": [place]}]))


async def _places_v1(exchange: Exchange) -> web.StreamResponse:
    _check_v1(exchange)
    return respond(Answer(200, [_place_v1(woeid, *names) for woeid, names in PLACES.items()]))


def _check_v1(exchange: Exchange) -> None:
    if not exchange.platform.limits.v1_trends:
        message = "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints only."
        raise RefusedError(Answer(403, {"errors": [{"code": 453, "message": message}]}))


def _woeid(written: str) -> int:
    if not written.isdecimal() or int(written) > _INT32:
        raise RefusedError(invalid_parameter("woeid", written, f"The `woeid` [{written}] is no int32"))
    return int(written)


def _unknown_place(woeid: int) -> Json:
    where: Json = {"resource_type": "trend", "resource_id": str(woeid), "parameter": "woeid", "value": str(woeid)}
    detail = f"Could not find trends with woeid: [{woeid}]."
    return {**where, "title": "Not Found Error", "detail": detail, "type": f"{PROBLEMS}/resource-not-found"}


def _trend_v1(trend: Mapping[str, Any]) -> Json:
    name = trend["trend_name"]
    query = name.replace("#", "%23").replace(" ", "+")
    link = {"url": f"http://twitter.com/search?q={query}", "promoted_content": None, "query": query}
    return {"name": name, **link, "tweet_volume": trend.get("tweet_count")}


def _place_v1(woeid: int, name: str, code: str) -> Json:
    kind = {"code": 12, "name": "Country"} if code else {"code": 19, "name": "Supername"}
    parent = 1 if code else 0
    where = {"placeType": kind, "url": f"http://where.yahooapis.com/v1/place/{woeid}", "parentid": parent}
    return {"name": name, **where, "country": name if code else "", "woeid": woeid, "countryCode": code or None}


_TRENDS: Final[Sequence[Route]] = [
    Route("GET", "/2/trends/by/woeid/{woeid}", "trends", "trends", _trends),
    Route("GET", "/1.1/trends/place.json", "trends", "trends", _trends_v1),
    Route("GET", "/1.1/trends/available.json", "trends", "trends", _places_v1),
]
REFERENCE_ROUTES: Final[Sequence[Route]] = [
    Route("GET", "/2/connections", "connections", "terminations", _list_connections),
    Route("DELETE", "/2/connections", "connections", "terminations", _terminate_some),
    Route("DELETE", "/2/connections/all", "connections", "terminations", _terminate_all),
    Route("DELETE", "/2/connections/{endpoint}", "connections", "terminations", _terminate_endpoint),
    Route("GET", "/2/usage/tweets", "usage", "usage", _usage),
    *_TRENDS,
]
