"""The stream: one connection from its first byte to its end."""

import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from aiohttp import web

from twitterhandler.testing.xserver import problems
from twitterhandler.testing.xserver.account import Manners
from twitterhandler.testing.xserver.acts import END, Outcome
from twitterhandler.testing.xserver.content import Json
from twitterhandler.testing.xserver.exchange import Exchange
from twitterhandler.testing.xserver.faults import Fault
from twitterhandler.testing.xserver.journal import Published
from twitterhandler.testing.xserver.platform import Item, OpenConnection, Platform
from twitterhandler.testing.xserver.problems import RefusedError, invalid_parameter
from twitterhandler.testing.xserver.projection import Selection
from twitterhandler.testing.xserver.rules import Rule

_PARAMETERS: Final = ("backfill_minutes", "start_time", "end_time")
_BACKFILL_MINUTES: Final = 5
_RECOVERY: Final = timedelta(hours=24)


async def connect(exchange: Exchange) -> web.StreamResponse:
    """`GET /2/tweets/search/stream`."""
    platform = exchange.platform
    selection = Selection.parse(exchange.query, others=_PARAMETERS)
    past = _past(exchange)
    if not len(platform.rules):
        raise RefusedError(problems.no_rules())
    recovering = "start_time" in exchange.query
    if not recovering and not platform.has_slot():
        raise RefusedError(problems.too_many_connections())
    response = web.StreamResponse(headers={"content-type": "application/json; charset=utf-8"})
    response.enable_chunked_encoding()
    exchange.dress(response)
    connection = platform.connect()
    for post in past:
        connection.put(post)
    if recovering:
        connection.put(Fault.eof())
    wire = _HttpWire(platform, connection, selection, response)
    ended_by = "client"
    try:
        wire.compress(exchange.request.headers.get("accept-encoding", ""))
        await response.prepare(exchange.request)
        ended_by = await _carry(exchange, connection, wire)
    except ConnectionError:
        pass  # the client went away while it was written to
    finally:
        by = "server" if platform.stopping else ended_by
        platform.disconnected(connection, by, wire.unspent())
    return response


async def _carry(exchange: Exchange, connection: OpenConnection, wire: "_HttpWire") -> str:
    """Writes what comes until a fault ends the connection; the name of it."""
    while True:
        item = await connection.next(exchange.platform.manners.keep_alive)
        outcome = await (wire.tick() if item is None else wire.apply(item))
        if outcome != "goes on":
            if outcome == "is reset":
                exchange.reset()
            elif outcome == "is cut":
                exchange.cut()
            return wire.ended_by


class _HttpWire:
    """Writes posts, faults and keep-alives to one connection, each write a chunk of HTTP."""

    def __init__(
        self, platform: Platform, connection: OpenConnection, selection: Selection, response: web.StreamResponse
    ) -> None:
        self._platform = platform
        self._connection = connection
        self._selection = selection
        self._response = response
        self._compressor: Any = None
        self._armed: list[tuple[Fault, list[Published]]] = []
        self.ended_by = "server"

    def compress(self, accepted: str) -> None:
        if self._platform.manners.gzip and "gzip" in accepted:
            self._response.headers["content-encoding"] = "gzip"
            self._compressor = zlib.compressobj(wbits=31)

    async def apply(self, item: Item) -> Outcome:
        if isinstance(item, Published):
            return await self.send(item)
        if item.stream:
            self.ended_by = item.name
            return await item.stream(self)
        self._armed.append((item, []))
        return "goes on"

    async def send(self, post: Published) -> Outcome:
        """Writes a post, or gives it to the fault that waits for posts."""
        if not self._armed:
            await self.write(self.render(post) + END)
            self.note(post)
            return "goes on"
        fault, taken = self._armed[0]
        taken.append(post)
        return await self._spend() if len(taken) == fault.posts else "goes on"

    async def tick(self) -> Outcome:
        """Nothing came for the time of a keep-alive: what waited for more posts waits no longer."""
        if self._armed and self._armed[0][1]:
            return await self._spend()
        await self.write(END)
        return "goes on"

    async def _spend(self) -> Outcome:
        fault, taken = self._armed.pop(0)
        self.ended_by = fault.name
        return await fault.post(self, taken) if fault.post else "goes on"

    def unspent(self) -> list[Fault]:
        return [fault for fault, _ in self._armed]

    # ── what a fault can do ─────────────────────────────────────────────────────────────────────────────────────────

    def render(self, post: Published, **more: Any) -> bytes:
        manners = self._platform.manners
        whole = self._selection.project(post.message, spelling=manners.spelling)
        whole["matching_rules"] = [_matched(rule, manners) for rule in post.rules]
        return orjson.dumps({**whole, **more})

    async def write(self, data: bytes) -> None:
        if self._compressor:
            data = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self._response.write(data)

    def note(self, post: Published, *, whole: bool = True) -> None:
        now, number = self._platform.clock.now(), self._connection.log.number
        self._platform.journal.deliver(post, number, now, whole=whole)
        self._platform.read += 1

    def recent(self, count: int) -> Sequence[Published]:
        deliveries = list(self._platform.journal.deliveries)[-count:]
        posts = {post.id: post for post in self._platform.journal.published}
        return [posts[delivery.id] for delivery in deliveries if delivery.id in posts]


def _matched(rule: Rule, manners: Manners) -> Json:
    shown: Json = {"id": int(rule.id) if manners.number_ids else rule.id}
    if rule.tag is None or manners.tags == "absent":
        return shown
    return {**shown, "tag": {"given": rule.tag, "empty": "", "null": None}[manners.tags]}


def _past(exchange: Exchange) -> list[Published]:
    """Of the time before the connection what backfill or recovery bring, repeats included.

    Raises:
        RefusedError: 400; the account may not, or the time is out of range.
    """
    platform, query = exchange.platform, exchange.query
    now = platform.clock.now()
    if "backfill_minutes" in query:
        minutes = exchange.number("backfill_minutes", 0, (0, _BACKFILL_MINUTES if platform.limits.backfill else 0))
        start, end = now - timedelta(minutes=minutes), now + timedelta.resolution  # what came to be just now, too
    elif "start_time" in query or "end_time" in query:
        start, end = exchange.moment("start_time", now), exchange.moment("end_time", now)
        if not platform.limits.recovery or not now - _RECOVERY <= start < end <= now:
            message = "recovery is not available for this time"
            raise RefusedError(invalid_parameter("start_time", query.get("start_time"), message))
    else:
        return []
    return [post for post in platform.between(start, end) if post.rules]
