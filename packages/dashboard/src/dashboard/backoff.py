"""How long to wait before the next try: doubling from half a second to five, jittered so that not all come at once."""

from __future__ import annotations

from random import Random

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 5.0


class Backoff:
    """A state machine without a clock: `next` says how long to wait, `reset` that it worked."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0

    def next(self) -> float:
        wait = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        return wait * self._random.uniform(0.8, 1.2)

    def reset(self) -> None:
        self._failures = 0
