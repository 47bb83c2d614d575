"""What happened: every request, every connection, every post and each time that it was sent."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from twitterhandler.testing.xserver.content import Message
from twitterhandler.testing.xserver.rules import Rule

KEPT: Final = 100_000


@dataclass(slots=True)
class Request:
    """A request when it came; its `status` is None until it was answered, and for ever when it was not."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    status: int | None = None


@dataclass(slots=True)
class Connection:
    """A stream that was opened: from the first byte of its answer until `closed_at`.

    Attributes:
        ended_by: `client`, `server` (it stopped, or ended the connection itself), or the name of the fault.
    """

    number: int
    opened_at: datetime
    closed_at: datetime | None = None
    ended_by: str | None = None


@dataclass(slots=True)
class Published:
    """A post that came to be: the rules that heeded it then, and how often it was sent whole until now."""

    at: datetime
    message: Message
    rules: tuple[Rule, ...]
    sent: int = 0

    @property
    def id(self) -> str:
        return self.message.id


@dataclass(frozen=True, slots=True)
class Delivery:
    """A post that was written to a connection; `whole` up to its end, or torn by a fault; `copy`: it had been sent
    before.
    """

    at: datetime
    connection: int
    id: str
    rules: tuple[Rule, ...]
    whole: bool
    copy: bool


class Journal:
    """The newest `kept` entries of each kind, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self.requests: deque[Request] = deque(maxlen=kept)
        self.connections: deque[Connection] = deque(maxlen=kept)
        self.published: deque[Published] = deque(maxlen=kept)
        self.deliveries: deque[Delivery] = deque(maxlen=kept)

    def deliver(self, post: Published, connection: int, at: datetime, *, whole: bool) -> None:
        self.deliveries.append(Delivery(at, connection, post.id, post.rules, whole, copy=post.sent > 0))
        post.sent += whole
