"""The day's lines go into the queue over time, on a thread of their own, whatever dies meanwhile."""

import asyncio
import threading
from collections.abc import Sequence

from chaos.settings import Setting

PACE = 120.0
"""Lines a second."""
AT_ONCE = 8


class Writer:
    """Writes up to a bound that rises, so that something is left to read for all that is to happen.

    Attributes:
        written: how many lines it has handed to the queue.
        failure: what it ended by, if by an error.
    """

    def __init__(self, setting: Setting, lines: Sequence[bytes], broken: Sequence[bytes]) -> None:
        self.written = 0
        self.failure: BaseException | None = None
        self._setting, self._lines, self._broken = setting, lines, frozenset(broken)
        self._bound = 0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def allow(self, share: float) -> None:
        """So much of the day may be written by now."""
        self._bound = max(self._bound, round(len(self._lines) * min(share, 1.0)))

    @property
    def is_done(self) -> bool:
        """Whether everything is in the queue."""
        return not self._thread.is_alive() and self.failure is None

    def _run(self) -> None:
        try:
            asyncio.run(self._write())
        except BaseException as error:  # noqa: BLE001 - told by whoever looks after the round
            self.failure = error

    async def _write(self) -> None:
        async with self._setting.writer() as put:
            while self.written < len(self._lines):
                if self.written >= self._bound:
                    await asyncio.sleep(0.05)
                    continue
                for line in self._lines[self.written : min(self.written + AT_ONCE, self._bound)]:
                    await put(line, line in self._broken)
                    self.written += 1
                await asyncio.sleep(AT_ONCE / PACE)
