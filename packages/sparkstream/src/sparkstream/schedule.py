"""A program that is started again and again, beside the one that starts it."""

from __future__ import annotations

import logging
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Schedule:
    """Starts a command every so many seconds, the first time after as many; never while it still runs.

    A process of its own, and a patient one: it shares neither the memory nor the time of the job.
    """

    command: Sequence[str]
    every: float
    clock: Callable[[], float] = time.monotonic
    _process: subprocess.Popen[bytes] | None = None
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.clock() + self.every

    def tick(self) -> None:
        """Start it if it is time; say how it ended if it has."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            if code:
                _log.warning("%s ended with %d; it is tried again", " ".join(self.command[-2:]), code)
        if self.every > 0 and self.clock() >= self._due:
            self._due = self.clock() + self.every
            patient = ["nice", "-n", "10"] if shutil.which("nice") else []
            self._process = subprocess.Popen([*patient, *self.command], stdout=subprocess.DEVNULL)

    def close(self) -> None:
        """End it, if it runs; what it was doing is done by the next."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
