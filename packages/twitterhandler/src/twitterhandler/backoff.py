"""When to connect again: values in, values out; no clock, no socket, no randomness.

Seconds are those of one clock that never goes back (`loop.time()`). The waits are X's documented ones
(https://docs.x.com/x-api/posts/filtered-stream/integrate/handling-disconnections), which suit other networks too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from twitterhandler.errors import Trouble

WINDOW: Final = 900.0
"""X allows 50 connects in it."""
FREE: Final = 15
"""Connects in a window that may follow each other as the waits say; later ones keep `SPACING`, so that no window of any
start ever holds more than FREE + WINDOW / SPACING = 45."""
SPACING: Final = 30.0
HEALTHY: Final = 60.0
"""A connection that lasted so long was a good one: what happened before it is forgotten."""
LONGEST_ASKED: Final = WINDOW + 60.0
"""A network's own word on how long to wait is not believed beyond it."""
_JITTER: Final = 0.1


@dataclass(frozen=True, slots=True)
class Backoff:
    """What was tried and how it went; each call gives the next state, or a number of seconds.

    Attributes:
        connects: When connections were asked for within the last window, oldest first.
        failures: How often each trouble came since the last healthy connection.
    """

    connects: tuple[float, ...] = ()
    failures: Mapping[Trouble, int] = field(default_factory=dict)
    _pause: float = 0.0

    def connecting(self, at: float) -> "Backoff":
        """A connection is asked for at `at`."""
        return replace(self, connects=(*self._recent(at), at))

    def failed(self, trouble: Trouble, *, asked: float | None = None, reached: bool = True) -> "Backoff":
        """The last connection was not given.

        Args:
            trouble: Why.
            asked: Seconds that the network asks to wait.
            reached: Whether the network saw the request; else it does not count against its limit.
        """
        failures = {**self.failures, trouble: self.failures.get(trouble, 0) + 1}
        pause = _pause(trouble, failures[trouble])
        if asked is not None:
            asked = min(asked, LONGEST_ASKED)
            pause = asked if trouble == "rate_limit" else max(pause, asked)
        return Backoff(self.connects if reached else self.connects[:-1], failures, pause)

    def dropped(self, lasted: float) -> "Backoff":
        """A connection that was given ended after `lasted` seconds."""
        return Backoff(self.connects) if lasted >= HEALTHY else self.failed("network")

    def wait(self, at: float, jitter: float = 0.0) -> float:
        """Seconds from `at` until the next connection may be asked for.

        Args:
            at: Now.
            jitter: From 0 to 1: how much of a tenth is added, so that many programs do not come back at once.
        """
        due = at + self._pause * (1 + _JITTER * jitter)
        recent = self._recent(at)
        if len(recent) >= FREE:
            due = max(due, recent[-1] + SPACING)
        return due - at

    def _recent(self, at: float) -> tuple[float, ...]:
        return tuple(moment for moment in self.connects if moment > at - WINDOW)


def _pause(trouble: Trouble, times: int) -> float:
    """Seconds after the `times`-th failure in a row."""
    doubled = 2.0 ** min(times - 1, 20)
    match trouble:
        case "network":
            return min(0.25 * times, 16.0)
        case "server":
            return min(5.0 * doubled, 320.0)
        case "rate_limit":
            return min(60.0 * doubled, WINDOW)
        case "slot":  # a slot that X has not yet freed after a drop; not documented, and cheap to ask for
            return min(5.0 * doubled, 20.0)
        case "no_rules":
            return min(5.0 * doubled, 60.0)
