"""Shares with their uncertainty: a share never stands without its sample size and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

_Z: Final = 1.959963984540054
"""95 % of a normal distribution lie within so many standard deviations."""


def wilson(count: int, sample: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927, JASA 22:209): sane for small samples and shares near 0 and 1."""
    if sample == 0:
        return 0.0, 1.0
    share, square = count / sample, _Z * _Z
    middle = (share + square / (2 * sample)) / (1 + square / sample)
    half = _Z / (1 + square / sample) * math.sqrt(share * (1 - share) / sample + square / (4 * sample * sample))
    return max(0.0, middle - half), min(1.0, middle + half)


def shares(
    counts: Mapping[str, int], labels: Sequence[str] | None = None, *, unrated: str | None = None
) -> dict[str, Any]:
    """Counts as {"sample", "items": [{"label", "count", "share", "low", "high"}]}.

    Args:
        counts: label → count; what is missing is 0.
        labels: all of them, in the order to show; None: those counted, most first.
        unrated: the label that is no part of the sample and has no share.
    """
    order = list(labels) if labels is not None else sorted(counts, key=lambda label: (-counts[label], label))
    sample = sum(counts.get(label, 0) for label in order if label != unrated)
    return {
        "sample": sample,
        "items": [_share(label, counts.get(label, 0), sample, rated=label != unrated) for label in order],
    }


def _share(label: str, count: int, sample: int, *, rated: bool) -> dict[str, Any]:
    if not rated or sample == 0:
        return {"label": label, "count": count, "share": None, "low": None, "high": None}
    low, high = wilson(count, sample)
    return {
        "label": label,
        "count": count,
        "share": round(count / sample, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }
