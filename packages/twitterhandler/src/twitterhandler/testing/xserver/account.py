"""What the account may do, and how this X behaves where X itself has been seen to differ."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from twitterhandler.testing.xserver.projection import Spelling

WINDOW: Final = timedelta(minutes=15)

Tags = Literal["given", "empty", "null", "absent"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults are those of pay-per-use in 2026; requests are counted for 15 minutes from the first one."""

    rules: int = 1_000
    rule_length: int = 1_024
    connections: int = 1
    connects: int = 50
    rule_reads: int = 450
    rule_writes: int = 100
    searches: int = 450
    counts: int = 300
    trends: int = 75
    usage: int = 50
    terminations: int = 25
    posts: int = 3_000_000
    backfill: bool = False
    recovery: bool = False
    v1_trends: bool = False


@dataclass(frozen=True, slots=True)
class Manners:
    """How X behaves.

    Attributes:
        keep_alive: Seconds after which a connection with nothing to say gets an empty line.
        rule_delay: Seconds until a new rule is heeded.
        slot_linger: Seconds for which a connection that its client dropped still counts.
        kick_older: A connection too many ends the older one, instead of being refused.
        send_queue: Posts that wait for a slow reader before it is disconnected.
        created_status: 201 as it was, or 200 as the specification says.
        refuse_invalid: Rules of which none can be used get a 400, instead of a success with errors.
        tags: How `matching_rules` write the tags; a rule without one has none in any case.
        number_ids: Whether they write ids as numbers.
        spelling: Names of fields before (`tweet`) or since version 2.167 of the specification.
        gzip: Compress the stream of who accepts it.
    """

    keep_alive: float = 20.0
    rule_delay: float = 0.0
    slot_linger: float = 0.0
    kick_older: bool = False
    send_queue: int = 10_000
    created_status: Literal[200, 201] = 201
    refuse_invalid: bool = False
    tags: Tags = "given"
    number_ids: bool = False
    spelling: Spelling = "tweet"
    gzip: bool = False


@dataclass(slots=True)
class Window:
    """Requests of one kind, counted for 15 minutes from the first."""

    limit: int
    used: int = 0
    reset: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Whether one more is allowed; one that is not does not count."""
        if self.reset is None or now >= self.reset:
            self.used, self.reset = 0, now + WINDOW
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def headers(self) -> dict[str, str]:
        reset = int(self.reset.timestamp()) if self.reset else 0
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(max(0, self.limit - self.used)),
            "x-rate-limit-reset": str(reset),
        }
