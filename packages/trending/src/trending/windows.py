"""Which minutes are compared with which."""

import re
from datetime import UTC, datetime, timedelta

from trending.errors import InvalidWindowError
from trending.values import Period

LONGEST = timedelta(days=7)
BASELINE_WINDOWS = 4  # long enough to know what is usual, short enough to be of the same time of day

_MINUTE = timedelta(minutes=1)
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


def _minute(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(second=0, microsecond=0)
