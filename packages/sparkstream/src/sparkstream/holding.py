"""The one hold of a store that those take who write beside its job: a batch, `forget`, retention."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sparkstream.errors import HeldStoreError
from sparkstream.stores.protocols import MasterStore
from sparkstream.times import MINUTE

T = TypeVar("T")

HOLD: Final = 2 * MINUTE
"""How long one who says nothing more keeps the others out."""
_LOOKED_AT: Final = 1_000
"""Items between two looks at the clock."""


@dataclass(slots=True)
class Hold:
    """A context in which nobody else writes beside the job, as long as it is prolonged in time.

    Meanwhile the job folds what is marked, and settles nothing.

    Raises (from entering and prolonging):
        HeldStoreError: somebody else has it.
    """

    master: MasterStore
    what: str
    clock: Callable[[], int]
    _holder: str = field(init=False)
    _until: int = 0

    def __post_init__(self) -> None:
        self._holder = f"{self.what} {uuid.uuid4().hex[:8]}"

    def __enter__(self) -> Hold:
        self.prolong()
        return self

    def __exit__(self, *_: object) -> None:
        self.master.release(self._holder)

    def prolong(self) -> None:
        now = self.clock()
        if not self.master.hold(self._holder, now=now, until=now + HOLD):
            other = self.master.holder(now) or "another process"
            raise HeldStoreError(f"{other} is at work in this store; wait until it is done, then do it again")
        self._until = now + HOLD

    def keep(self) -> None:
        """Prolonged where it is time."""
        if self.clock() > self._until - HOLD // 2:
            self.prolong()

    def during(self, items: Iterable[T]) -> Iterator[T]:
        """Prolonged in time while somebody goes through them: the posts of a busy day take longer than a hold lasts."""
        for number, item in enumerate(items):
            if number % _LOOKED_AT == 0:
                self.keep()
            yield item
