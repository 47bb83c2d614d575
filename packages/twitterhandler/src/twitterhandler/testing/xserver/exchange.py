"""One request and what its handler needs: its query and body, and the headers of its answer."""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import orjson
from aiohttp import web

from twitterhandler.clock import parse_time
from twitterhandler.testing.xserver import problems
from twitterhandler.testing.xserver.journal import Request
from twitterhandler.testing.xserver.platform import Platform
from twitterhandler.testing.xserver.problems import Answer, RefusedError, invalid_parameter


@dataclass(slots=True)
class Exchange:
    platform: Platform
    request: web.Request
    logged: Request
    limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def number(self, name: str, default: int, bounds: tuple[int, int]) -> int:
        """A whole number of the query string.

        Raises:
            RefusedError: 400; it is none, or out of bounds.
        """
        written = self.query.get(name, str(default))
        if not written.isdecimal() or not bounds[0] <= int(written) <= bounds[1]:
            message = f"The `{name}` query parameter value [{written}] is not between {bounds[0]} and {bounds[1]}"
            raise RefusedError(invalid_parameter(name, written, message))
        return int(written)

    def flag(self, name: str) -> bool:
        """`true` or `false`, written so; a 400 for anything else."""
        written = self.query.get(name, "false")
        if written not in ("true", "false"):
            message = f"The `{name}` query parameter value [{written}] is not one of [true,false]"
            raise RefusedError(invalid_parameter(name, written, message))
        return written == "true"

    def moment(self, name: str, default: datetime) -> datetime:
        """A time with its offset; a 400 for anything else."""
        written = self.query.get(name)
        if written is None:
            return default
        try:
            return parse_time(written)
        except ValueError:
            raise RefusedError(invalid_parameter(name, written, f"{name} is no RFC 3339 time")) from None

    async def body(self) -> Any:
        try:
            return orjson.loads(await self.request.read())
        except orjson.JSONDecodeError:
            no_json = {"parameters": {}, "message": "Body is not JSON"}
            raise RefusedError(problems.invalid_request(no_json)) from None

    def dress(self, response: web.StreamResponse) -> None:
        """The headers that all answers have; once, when its status is known and before it is sent."""
        self.logged.status = response.status
        now = format_datetime(self.platform.clock.now(), usegmt=True)
        common = {"date": now, "server": "envoy", "cache-control": "no-cache", "x-access-level": "read"}
        response.headers.update({**common, **self.limits})

    def reset(self) -> None:
        """Closes the connection with an RST."""
        if transport := self.request.transport:
            linger = struct.pack("ii", 1, 0)  # closing then sends no FIN
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()

    def cut(self) -> None:
        """Closes the connection without the end of HTTP."""
        if transport := self.request.transport:
            transport.close()


def respond(answer: Answer) -> web.Response:
    headers = {"content-type": "application/json; charset=utf-8", **answer.headers}
    body = answer.body.encode() if isinstance(answer.body, str) else orjson.dumps(answer.body)
    return web.Response(status=answer.status, body=body, headers=headers)


def exhausted(now: datetime, seconds: float) -> dict[str, str]:
    """The headers of a limit that has nothing left for so many seconds."""
    reset = int(now.timestamp() + seconds)
    return {"x-rate-limit-limit": "50", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
