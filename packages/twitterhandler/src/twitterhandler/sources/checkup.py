"""Whether a network can be listened to, and how far it was: no post is kept, nothing is changed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final, Protocol

from twitterhandler.clock import Clock, SystemClock, format_time, from_microseconds
from twitterhandler.errors import SourceError
from twitterhandler.findings import Finding, failed

RUNS: Final = timedelta(minutes=2)
"""The position of a collector that runs is never older."""
_SKEW: Final = timedelta(seconds=30)


class Probed(Protocol):
    name: str

    async def probe(self) -> str:
        """The server that can be heard.

        Raises:
            SourceError: none can.
        """
        ...


async def check_network(
    source: Probed, position: int | None, *, kept: timedelta = timedelta(), clock: Clock | None = None
) -> AsyncIterator[Finding]:
    """The server and the token, then how far it was heard.

    Args:
        source: To listen to.
        position: Where an earlier run ended, as `CursorFile` has it.
        kept: So far back the server sends again what was missed.
        clock: For tests.
    """
    try:
        yield Finding(source.name, "ok", f"{await source.probe()} is heard")
    except SourceError as exc:
        yield failed(source.name, exc)
    yield _reach(f"{source.name} gap", position, kept, clock or SystemClock())


def _reach(what: str, position: int | None, kept: timedelta, clock: Clock) -> Finding:
    if position is None:
        return Finding(what, "ok", "nothing was heard yet; the first run begins with what is new")
    until = from_microseconds(position)
    age, heard = clock.now() - until, f"heard until {format_time(until)}"
    if age < -_SKEW:
        return Finding(what, "warn", f"{heard}, which is still to come; let this clock be set by NTP")
    if age <= max(kept, RUNS):
        return Finding(what, "ok", heard if age <= RUNS else f"{heard}; the next run is sent what came since")
    if kept:
        message = f"{heard}; what came since is lost but for the last {kept / timedelta(hours=1):.0f} hours"
        return Finding(what, "warn", f"{message}; start the collector soon")
    return Finding(what, "warn", f"{heard}; what comes until the next run is lost; start the collector soon")
