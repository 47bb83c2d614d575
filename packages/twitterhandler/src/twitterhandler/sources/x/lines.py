"""What a line of the stream says of the connection: that it ends, and until when everything was heard."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from twitterhandler.clock import parse_time
from twitterhandler.sources.x.answers import last_segment

_A_POST: Final = b'{"data":'
_SHOWN: Final = 100
_WORDS: Final = {
    "TooManyConnections": "another program listens with the same key (TooManyConnections); stop one of them"
}
LATE: Final = timedelta(seconds=20)
"""X delivers 99 of 100 posts within 7 s; what is later than this is no loss of the connection."""


def ending(line: bytes) -> str | None:
    """Why X ends the connection, if that is what this line says; it may stay open and silent after it.

    `errors` beside `data` are about what a post refers to. A line without both is for whoever reads posts to judge.
    """
    if line.startswith(_A_POST):
        return None
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or "data" in message:
        return None
    errors = message.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return _reason(errors[0])
    return _reason(message) if "title" in message and {"type", "detail", "status"} & message.keys() else None


def is_whole(line: bytes) -> bool:
    """Whether a line was not torn off."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def heard_until(line: bytes, at: datetime) -> datetime:
    """Until when all was heard, if `line` came last, at `at`.

    Posts come some seconds after they were written and in no strict order; a repeat, or a line that is no post, says
    nothing of those that may be on their way. So it is the time at which the post was written, 20 s before at most.
    """
    earliest = at - LATE
    try:
        written = parse_time(orjson.loads(line)["data"]["created_at"])
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
        return earliest
    return min(max(written, earliest), at)


def _reason(problem: Mapping[str, Any]) -> str:
    said = problem.get("disconnect_type") or problem.get("connection_issue") or problem.get("title")
    words = _WORDS.get(str(said)) or str(said or last_segment(problem) or "an error without a name")
    return "X ended it: " + "".join(char if char.isprintable() else " " for char in words)[:_SHOWN]
