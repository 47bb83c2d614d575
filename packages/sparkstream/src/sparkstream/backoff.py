"""How long to wait before the next try: longer each time, up to a bound."""

from __future__ import annotations

from typing import Final

FIRST: Final = 1.0
LONGEST: Final = 30.0


class Backoff:
    """Pauses of 1, 2, 4, … seconds, at most 30; from the start again once something has gone well."""

    def __init__(self) -> None:
        self._next = FIRST

    def failed(self) -> float:
        """The seconds to wait now."""
        pause, self._next = self._next, min(2 * self._next, LONGEST)
        return pause

    def succeeded(self) -> None:
        self._next = FIRST
