"""What a check-up finds."""

from dataclasses import dataclass
from typing import Literal

from twitterhandler.errors import TwitterhandlerError

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and where it is not well what to do."""

    what: str
    level: Level
    message: str


def failed(what: str, error: TwitterhandlerError) -> Finding:
    """An error of ours says what to do already; one that goes away by itself is a warning."""
    return Finding(what, "warn" if error.retriable else "fail", str(error))
