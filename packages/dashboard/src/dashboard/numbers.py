"""Numbers and times as the page writes them: English, UTC, tabular."""

from __future__ import annotations

from datetime import datetime, timedelta

UNKNOWN = "–"
_MILLION = 1_000_000


def count(value: int | None, *, exact: bool = True) -> str:
    """A count in full up to a million; `≈` before an estimate."""
    if value is None:
        return UNKNOWN
    text = f"{value:,}" if value < _MILLION else f"{value / _MILLION:.2f}M"
    return text if exact else f"≈{text}"


def percent(share: float | None) -> str:
    if share is None:
        return UNKNOWN
    return f"{100 * share:.0f}%"


def interval(low: float | None, high: float | None) -> str:
    """The bounds of a share; without them there is nothing to state."""
    if low is None or high is None:
        return ""
    return f"{100 * low:.0f}–{100 * high:.0f}%"


def change(now: int | None, before: int | None) -> str:
    """How much a count grew or fell: `▲ 37%`, `▼ 4%`, `▲ ×12`, `=`, `new`; empty without anything to compare."""
    if now is None or before is None:
        return ""
    if before == 0:
        return "new" if now else ""
    growth = (now - before) / before
    if growth >= 9:
        return f"▲ ×{now / before:.0f}"
    rounded = round(100 * growth)
    return f"{'▲' if rounded > 0 else '▼'} {abs(rounded)}%" if rounded else "="


def points(now: float | None, before: float | None) -> str:
    """How many percentage points a share moved against the period before."""
    if now is None or before is None:
        return ""
    rounded = round(100 * (now - before))
    return f"{rounded:+d} pts".replace("-", "−") if rounded else "="


def moved(now: int, before: int | None) -> str:
    """How many posts more or fewer than in the period before, for the narrow column beside a bar."""
    if before is None:
        return ""
    if before == 0:
        return "new"
    difference = now - before
    return f"{difference:+,}".replace("-", "−") if difference else "="


def period(start: str, end: str) -> str:
    """`21:45–22:00 UTC, 22 Nov 2026`; both days when there are two. Midnight is 24:00 of the day that it ends."""
    first, last = instant(start), instant(end)
    day = "%-d %b %Y"
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M} UTC, {last:{day}}"
    if last == last.replace(hour=0, minute=0) and last - first <= timedelta(days=1):
        return f"{first:%H:%M}–24:00 UTC, {first:{day}}"
    return f"{first:%-d %b %H:%M} – {last:%-d %b %H:%M} UTC, {last:%Y}"


def length(start: str, end: str) -> str:
    """How long a period is: `minute`, `15 min`, `hour`, `36 h`, `7 days`."""
    minutes = round((instant(end) - instant(start)) / timedelta(minutes=1))
    if minutes in {1, 60}:
        return "minute" if minutes == 1 else "hour"
    if minutes % 1440 == 0 and minutes > 1440:
        return f"{minutes // 1440} days"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
