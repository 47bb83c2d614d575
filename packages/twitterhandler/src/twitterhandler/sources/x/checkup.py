"""Whether X can be listened to: nothing is changed there, no post is read."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, Final

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SourceError, SourceRefusedError
from twitterhandler.findings import Finding, failed
from twitterhandler.sources.x.rulebook import Reconciler, RuleBook
from twitterhandler.sources.x.transport import XTransport
from twitterhandler.topics import Topic

SKEW: Final = timedelta(seconds=2)
"""Of two clocks that are well kept, and of a header without milliseconds."""
FAR_SKEW: Final = timedelta(seconds=30)
"""Beyond it gaps and searches are about another time than they say."""


async def check_x(
    transport: XTransport, topics: Sequence[Topic], *, clock: Clock | None = None
) -> AsyncIterator[Finding]:
    """Key, clock, rules, room for rules, connections; without a key that works the rest is not asked.

    Args:
        transport: To X.
        topics: Those that are started and listen on X.
        clock: For tests.
    """
    try:
        yield _usage(await transport.ask("GET", "/2/usage/tweets"))
    except SourceError as exc:
        yield failed("key", exc)
        if isinstance(exc, SourceRefusedError):
            return
    yield _skew(transport.ahead)
    for check in (_rules(transport, topics, clock or SystemClock()), _room(transport), _connections(transport)):
        yield await check


def _usage(answer: dict[str, Any]) -> Finding:
    data = answer.get("data")
    used, cap = (data.get("project_usage"), data.get("project_cap")) if isinstance(data, dict) else (None, None)
    try:
        share = int(used) / int(cap)  # type: ignore[arg-type]  # None and nonsense are the except below
    except (TypeError, ValueError, ZeroDivisionError):
        return Finding("key", "ok", "the key works; X does not say how many posts were read")
    read = f"the key works; {int(str(used)):,} of {int(str(cap)):,} posts of this period were read"
    return Finding("key", "ok", read) if share < 0.9 else Finding("key", "warn", f"{read}; raise the cap at X")


def _skew(ahead: timedelta | None) -> Finding:
    if ahead is None:
        return Finding("clock", "warn", "X does not say what time it is; check by yourself that this clock is right")
    size = abs(ahead)
    if size <= SKEW:
        return Finding("clock", "ok", "this clock and that of X agree")
    where = "ahead of" if ahead > timedelta() else "behind"
    message = f"this clock is {size.total_seconds():,.0f} s {where} that of X; let it be set by NTP"
    return Finding("clock", "warn" if size <= FAR_SKEW else "fail", message)


async def _rules(transport: XTransport, topics: Sequence[Topic], clock: Clock) -> Finding:
    try:
        plan, added = await Reconciler(RuleBook(transport), clock).preview(topics)
    except SourceError as exc:
        return failed("rules", exc)
    if added.refused:
        value, reason = next(iter(added.refused.items()))
        return Finding("rules", "fail", f"X does not take the rule {value!r}: {reason}; change the query of its topic")
    if plan.unfit:
        return Finding("rules", "fail", f"X has no room for the rules of {', '.join(plan.unfit)}; stop other topics")
    extra = len((*plan.make_room, *plan.delete, *plan.later))
    if plan.add or extra:
        message = f"rules missing: {len(plan.add)}, left over: {extra}; a collector that runs sets them right"
        return Finding("rules", "warn", message)
    return Finding("rules", "ok", f"the rules at X are those of the topics ({len(topics)})")


async def _room(transport: XTransport) -> Finding:
    try:
        room = await RuleBook(transport).room()
    except SourceError as exc:
        return failed("room", exc)
    if room is None:
        return Finding("room", "ok", "X does not say how many rules it takes")
    if room == 0:
        return Finding("room", "warn", "X takes no more rules; stop a topic before another is started")
    return Finding("room", "ok", f"X takes {room:,} more rules")


async def _connections(transport: XTransport) -> Finding:
    params = {"status": "active", "endpoints": "filtered_stream"}
    try:
        answer = await transport.ask("GET", "/2/connections", params=params)
    except SourceRefusedError:
        return Finding("connections", "ok", "X does not say which connections are in use")
    except SourceError as exc:
        return failed("connections", exc)
    if not (used := len(answer.get("data") or ())):
        return Finding("connections", "ok", "no connection of this app is in use")
    message = f"connections of this app in use: {used}; if one is no collector of yours, stop what it is"
    return Finding("connections", "warn", message)
