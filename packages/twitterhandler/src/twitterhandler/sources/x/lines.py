"""Lines of the stream that are no posts: which of them end the connection, and whether a line is whole."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from twitterhandler.sources.x.answers import last_segment

_A_POST: Final = b'{"data":'
_SHOWN: Final = 80


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


def _reason(problem: Mapping[str, Any]) -> str:
    said = problem.get("disconnect_type") or problem.get("connection_issue") or problem.get("title")
    words = str(said or last_segment(problem) or "an error without a name")
    return "X ended it: " + "".join(char if char.isprintable() else " " for char in words)[:_SHOWN]
