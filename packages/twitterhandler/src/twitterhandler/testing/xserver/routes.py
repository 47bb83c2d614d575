"""X's routes over HTTP, what each request passes before its own work, and the rules' routes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from twitterhandler.testing.xserver import problems, rules, stream
from twitterhandler.testing.xserver.account import Window
from twitterhandler.testing.xserver.content import Json, Posts
from twitterhandler.testing.xserver.control import add_control
from twitterhandler.testing.xserver.exchange import Exchange, exhausted, respond
from twitterhandler.testing.xserver.faults import Refusal
from twitterhandler.testing.xserver.journal import Request
from twitterhandler.testing.xserver.platform import Platform
from twitterhandler.testing.xserver.problems import Answer, RefusedError

Handler = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One of X's: `name` is that by which a fault is lined up for it, `window` the limit that counts its requests."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    window: str
    handler: Handler


def create_app(platform: Platform, posts: Posts, routes: Iterable[Route]) -> web.Application:
    app = web.Application(client_max_size=16 * 1024 * 1024)
    add_control(app, platform, posts)
    for route in routes:
        app.router.add_route(route.method, route.path, _served(platform, route))
    app.router.add_route("*", "/{path:.*}", _served(platform, None))
    return app


def _served(platform: Platform, route: Route | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Writes the request down and answers it, a refusal too."""

    async def serve(request: web.Request) -> web.StreamResponse:
        logged = Request(platform.clock.now(), request.method, request.path, dict(request.query))
        platform.journal.requests.append(logged)
        exchange = Exchange(platform, request, logged)
        try:
            response = await _answer(exchange, route)
        except RefusedError as exc:
            response = respond(exc.answer)
        if not response.prepared:
            exchange.dress(response)
        return response

    return serve


async def _answer(exchange: Exchange, route: Route | None) -> web.StreamResponse:
    """What comes before a route's own work: a fault, the token, the limit."""
    platform, request = exchange.platform, exchange.request
    if route is None:
        raise RefusedError(problems.not_found(request.path))
    window = platform.window(route.window)
    if refusal := platform.next_refusal(route.name):
        await _refuse(exchange, refusal, window)
    if request.headers.get("authorization") != f"Bearer {platform.token}":
        raise RefusedError(problems.unauthorized())
    if platform.forbidden:
        raise RefusedError(problems.forbidden(platform.forbidden))
    allowed = window.take(platform.clock.now())
    exchange.limits = window.headers()
    if not allowed:
        raise RefusedError(problems.rate_limited())
    return await route.handler(exchange)


async def _refuse(exchange: Exchange, refusal: Refusal, window: Window) -> None:
    clock = exchange.platform.clock
    if refusal.delay:
        await clock.sleep(refusal.delay)
    if refusal.goes_on:
        return
    window.take(clock.now())
    exchange.limits = window.headers()
    if refusal.answer is None:
        exchange.reset()
        await asyncio.Event().wait()  # until the lost connection cancels this request
        return
    if refusal.exhausted is not None:
        exchange.limits = exhausted(clock.now(), refusal.exhausted)
    raise RefusedError(refusal.answer)


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _list_rules(exchange: Exchange) -> web.StreamResponse:
    platform = exchange.platform
    ids = list(filter(None, exchange.query.get("ids", "").split(",")))
    size = exchange.number("max_results", rules.PAGE, (1, rules.PAGE))
    token = exchange.query.get("pagination_token")
    return respond(Answer(200, platform.rules.page(ids, size, token, platform.clock.now())))


async def _change_rules(exchange: Exchange) -> web.StreamResponse:
    platform = exchange.platform
    dry_run, delete_all = (exchange.flag(name) for name in ("dry_run", "delete_all"))
    now = platform.clock.now()
    if delete_all:
        return respond(Answer(200, platform.rules.delete_all(now=now, dry_run=dry_run)))
    command, about = rules.one_command(await exchange.body())
    if command == "delete":
        return respond(Answer(200, platform.rules.delete(about, now=now, dry_run=dry_run)))
    manners = platform.manners
    answer = platform.rules.add(about, now=now, limits=platform.limits, delay=manners.rule_delay, dry_run=dry_run)
    if "data" not in answer and manners.refuse_invalid:
        return respond(Answer(400, problems.invalid_request_body(*answer["errors"])))
    return respond(Answer(manners.created_status, answer))


async def _count_rules(exchange: Exchange) -> web.StreamResponse:
    platform = exchange.platform
    count, cap = len(platform.rules), str(platform.limits.rules)
    own = {"client_app_id": "101010", "rule_count": count}
    data: Json = {"cap_per_client_app": cap, "cap_per_project": cap, "client_app_rules_count": own}
    return respond(Answer(200, {"data": {**data, "project_rules_count": str(count)}}))


_RULES: Final = "/2/tweets/search/stream/rules"
STREAM_ROUTES: Final = [
    Route("GET", "/2/tweets/search/stream", "stream", "connects", stream.connect),
    Route("GET", _RULES, "rules", "rule_reads", _list_rules),
    Route("POST", _RULES, "rules", "rule_writes", _change_rules),
    Route("GET", f"{_RULES}/counts", "rules", "rule_reads", _count_rules),
]
