"""The programs of a round: started, killed, looked after. None outlives us."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

DYING_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # of util-linux; becomes the program, so the pid is its own


class Program:
    """What Python runs with these words; start it on the main thread."""

    def __init__(self, name: str, words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.words = name, words
        self.log = folder / f"{name}.log"
        self._environment, self._folder = environment, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []

    def start(self, *more: str) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*DYING_WITH_US, sys.executable, *self.words, *more],
                cwd=self._folder,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(self._process.pid)

    @property
    def ended(self) -> int | None:
        """Its status, negative for a signal; None while it runs, or never has."""
        return self._process.poll() if self._process else None

    def kill(self) -> None:
        """kill -9 of the program alone: what it has started finds out by itself."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Tell it to stop, as an operator would, and do not wait."""
        if self._process:
            self._process.terminate()

    def clear(self) -> None:
        """Nothing of it is left, nor of what its earlier lives have started."""
        self.kill()
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue

    @property
    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"
