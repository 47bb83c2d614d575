"""The fake's own routes, under /__control: what a test does to it in Python, a program does to it over HTTP.

POST  /__control/posts    {"text": "tea again"} or {"message": {"data": {…}, "includes": {…}}}, or a list of them
POST  /__control/faults   {"name": "rst", "route": "stream", "arguments": {}}, or a list of them
POST  /__control/clock    {"advance": 900}
PATCH /__control/limits   {"connections": 2}
PATCH /__control/manners  {"keep_alive": 1}
GET   /__control/requests, connections, deliveries, posts, faults
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Final

import orjson
from aiohttp import web

from twitterhandler.testing.xserver.content import Json, Message, Posts
from twitterhandler.testing.xserver.exchange import respond
from twitterhandler.testing.xserver.faults import Fault
from twitterhandler.testing.xserver.journal import Delivery, Published
from twitterhandler.testing.xserver.platform import CONNECT, Platform
from twitterhandler.testing.xserver.problems import Answer

PREFIX: Final = "/__control"


def add_control(app: web.Application, platform: Platform, posts: Posts) -> None:
    """Adds the routes; they ask for no token, as the server listens on loopback only."""
    control = _Control(platform, posts)
    for method, name, act in (
        ("POST", "posts", control.post),
        ("POST", "faults", control.fail),
        ("POST", "clock", control.advance),
        ("PATCH", "limits", control.change_limits),
        ("PATCH", "manners", control.change_manners),
    ):
        app.router.add_route(method, f"{PREFIX}/{name}", _changing(act))
    for name, show in (
        ("requests", lambda: [asdict(request) for request in platform.journal.requests]),
        ("connections", lambda: [asdict(connection) for connection in platform.journal.connections]),
        ("deliveries", lambda: [_delivery(delivery) for delivery in platform.journal.deliveries]),
        ("posts", lambda: [_published(post) for post in platform.journal.published]),
        ("faults", Fault.names),
    ):
        app.router.add_get(f"{PREFIX}/{name}", _showing(show))


class _Control:
    def __init__(self, platform: Platform, posts: Posts) -> None:
        self._platform = platform
        self._posts = posts

    def post(self, asked: Any) -> Json:
        published = [self._platform.publish(self._message(one)) for one in _several(asked)]
        return {"ids": [post.id for post in published]}

    def fail(self, asked: Any) -> Json:
        faults = [(Fault.named(one["name"], **one.get("arguments", {})), one.get("route")) for one in _several(asked)]
        for fault, route in faults:
            self._platform.line_up(fault, route or CONNECT)
        return {"lined_up": [fault.name for fault, _ in faults]}

    def advance(self, asked: Any) -> Json:
        self._platform.clock.advance(float(asked["advance"]))
        return {"now": self._platform.clock.now()}

    def change_limits(self, asked: Any) -> Json:
        self._platform.limits = replace(self._platform.limits, **asked)
        return asdict(self._platform.limits)

    def change_manners(self, asked: Any) -> Json:
        self._platform.manners = replace(self._platform.manners, **asked)
        return {field.name: getattr(self._platform.manners, field.name) for field in fields(self._platform.manners)}

    def _message(self, one: Any) -> Message:
        if "message" in one:
            return Message(one["message"]["data"], one["message"].get("includes", {}), one["message"].get("errors", ()))
        return self._posts.original(one["text"], lang=one.get("lang", "en"))


def _changing(act: Callable[[Any], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        try:
            return _shown(act(orjson.loads(await request.read())))
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            return respond(Answer(400, {"title": "cannot be done", "detail": f"{type(exc).__name__}: {exc}"}))

    return serve


def _showing(show: Callable[[], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        return _shown(show())

    return serve


def _shown(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _several(asked: Any) -> list[Mapping[str, Any]]:
    return asked if isinstance(asked, list) else [asked]


def _delivery(delivery: Delivery) -> Json:
    shown = {"at": delivery.at, "connection": delivery.connection, "id": delivery.id}
    return {**shown, "rules": [rule.id for rule in delivery.rules], "whole": delivery.whole, "copy": delivery.copy}


def _published(post: Published) -> Json:
    return {"at": post.at, "id": post.id, "rules": [rule.id for rule in post.rules], "sent": post.sent}
