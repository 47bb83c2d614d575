"""Real servers for a benchmark, those of the tests; each starts when it is first asked for."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import servers as real


class Servers:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._running: dict[str, Any] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.close()

    def settings(self, name: str) -> dict[str, str]:
        """What a job on places of this name is told."""
        number = sum(name.encode())  # of the database: one a name
        return {
            "SPARKSTREAM_QUEUE": self._server(real.Kafka).url(name),
            "SPARKSTREAM_STORE": self._server(real.Cassandra).url(name),
            "SPARKSTREAM_SPEED": self._server(real.Redis).url(number),
            "SPARKSTREAM_JARS": str(real.fetch("spark")),
        }

    def redis(self) -> str:
        return str(self._server(real.Redis).url(0))

    def cassandra(self) -> str:
        return str(self._server(real.Cassandra).url("writes"))

    def _server(self, kind: Any) -> Any:
        if kind.name not in self._running:
            self._running[kind.name] = self._held.enter_context(kind(self._folder / kind.name))
        return self._running[kind.name]
