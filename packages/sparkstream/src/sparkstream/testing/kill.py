"""A probe that kills the job, as an operating system out of memory would."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from sparkstream.stores.base import Stamp


@dataclass(frozen=True, slots=True)
class KillAt:
    """Kill -9 of process `pid`, the job's, when micro-batch `batch` reaches `point` (a name of `sparkstream.stage`)."""

    point: str
    batch: int
    pid: int

    def __call__(self, point: str, stamp: Stamp) -> None:
        if (point, stamp.batch) == (self.point, self.batch):
            os.kill(self.pid, signal.SIGKILL)
