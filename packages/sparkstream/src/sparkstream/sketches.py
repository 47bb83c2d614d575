"""Counting distinct things in bounded space: Apache DataSketches theta, lg_k 12.

Exact up to 4,096 distinct keys, then an estimate (standard error 1.6 %). A sketch is kept as the ordered compact bytes
of a union, so equal sets give equal bytes whatever the order in which they came.
https://datasketches.apache.org/docs/Theta/ThetaErrorTable.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from datasketches import compact_theta_sketch, theta_union, update_theta_sketch

_LG_K = 12


@dataclass(frozen=True, slots=True)
class Distinct:
    count: int
    exact: bool


def sketch(keys: Collection[str]) -> bytes | None:
    """The sketch of some keys; None of none."""
    if len(keys) > 1 << _LG_K:
        return union((), keys)
    fresh = update_theta_sketch(_LG_K)
    for key in keys:
        fresh.update(key)
    return bytes(fresh.compact().serialize()) if keys else None  # as long as it is exact the same bytes as of a union


def union(sketches: Iterable[bytes | None], keys: Iterable[str] = ()) -> bytes | None:
    """One sketch of all of them and of the keys; None, which is also the sketch of nothing, when there are none."""
    whole = theta_union(_LG_K)
    empty = True
    for sketch in sketches:
        if sketch is not None:
            whole.update(compact_theta_sketch.deserialize(sketch))
            empty = False
    fresh = update_theta_sketch(_LG_K)
    for key in keys:
        fresh.update(key)
    if not fresh.is_empty():
        whole.update(fresh.compact())
        empty = False
    return None if empty else bytes(whole.get_result().serialize())


def distinct(sketch: bytes | None) -> Distinct:
    if sketch is None:
        return Distinct(0, exact=True)
    read = compact_theta_sketch.deserialize(sketch)
    return Distinct(round(read.get_estimate()), exact=not read.is_estimation_mode())
