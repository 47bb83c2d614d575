"""Which minutes are compared with which."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from trending.errors import InvalidWindowError
from trending.values import Period

LONGEST = timedelta(days=7)
BASELINE_WINDOWS = 4  # long enough to know what is usual, short enough to be of the same time of day

_MINUTE = timedelta(minutes=1)
_MOMENT = timedelta.resolution
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_window(text: str) -> timedelta:
    """`15m`, `1h`, `7d`: a whole number of minutes, hours or days, from one minute to seven days."""
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    window = int(match[1]) * _UNITS[match[2]] if match else timedelta()
    if not _MINUTE <= window <= LONGEST:
        raise InvalidWindowError(f"{text!r} is no window; write 15m, 1h or 2d, from 1m to 7d")
    return window


def recent(now: datetime, newest: datetime | None, window: timedelta) -> Period:
    """The window that ends with the open minute, or with the newest post's minute when that is older than the window.

    So a replay of old posts, and a topic that has gone quiet, show their own last minutes.
    """
    end = _minute(now) + _MINUTE
    if newest is not None and newest < end - window:
        end = _minute(newest) + _MINUTE
    return Period(end - window, end)


def before(period: Period) -> Period:
    """The baseline: the time just before the period, `BASELINE_WINDOWS` times as long."""
    return Period(period.start - BASELINE_WINDOWS * (period.end - period.start), period.start)


def known(period: Period, gaps: Iterable[Period]) -> Period | None:
    """The longest stretch of the period of which all is known, the latest of equally long ones; None without any.

    A minute that lies in gaps is unknown. One that a gap touches is known in part: of what was heard in it the shares
    are right.
    """
    known_from, stretches = period.start, list[Period]()
    for gap in _joined(gaps):
        start, end = min(_minute(gap.start + _MINUTE - _MOMENT), period.end), _minute(gap.end)
        if start < end:
            stretches.append(Period(known_from, start))
            known_from = max(known_from, end)
    stretches.append(Period(known_from, period.end))
    longest = max(stretches, key=lambda stretch: (stretch.length, stretch.end))
    return longest if longest.length > timedelta() else None


def _joined(gaps: Iterable[Period]) -> list[Period]:
    """In order, those that meet as one."""
    joined: list[Period] = []
    for gap in sorted(gaps, key=lambda gap: gap.start):
        if joined and gap.start <= joined[-1].end:
            joined[-1] = Period(joined[-1].start, max(joined[-1].end, gap.end))
        else:
            joined.append(gap)
    return joined


def _minute(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(second=0, microsecond=0)
