"""What the loop needs of a network, a file, a simulator."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from twitterhandler.posts import Gap, Record
from twitterhandler.topics import Topic


class Source(Protocol):
    """Gives records as they are heard; what it cannot read it gives as `dead` records, it never skips.

    Attributes:
        name: For status and metrics.
        matches: Whether its posts carry their topics already (rules of the network, tags of a file). If not, the
            loop matches them. A post without a topic is dropped in any case.
        keeps_repeats: Whether a repeat of an id is noise that the loop may drop (a live network that sends again after
            each reconnection) or belongs to what the source is there to show.

    Errors are `twitterhandler.errors.SourceError`.
    """

    name: str
    matches: bool
    keeps_repeats: bool

    def follow(self, topics: Sequence[Topic]) -> None:
        """What is listened to from now on: all started topics. Returns at once; what it takes is done meanwhile.

        Who hears everything, or only what a file holds, has nothing to do.
        """
        ...

    def records(self) -> AsyncGenerator[Record, None]:
        """The records, once; ends when the source ends, or when it is closed."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """What a source has that can go on after a restart: the loop tells it how far it need not go back."""

    def acknowledge(self, records: int) -> None:
        """The first `records` that it gave are with the queue for good, or were not wanted.

        Raises:
            RegistryError: the position cannot be written; the next call may do better.
        """
        ...

    def unheard(self, until: datetime, reason: str) -> Gap | None:
        """The gap from there to `until`, should the records have ended; None where nothing was to be heard.

        The next run tells it again under the same id, longer, or filled.
        """
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """How a network is heard now.

    Attributes:
        connected: Whether it is; None while nobody listens.
        rules: How many of our rules the network has; None where there are none.
        troubles: What keeps something from being heard, and what to do; empty when all is well.
    """

    connected: bool | None = None
    rules: int | None = None
    troubles: tuple[str, ...] = ()


@runtime_checkable
class Reporting(Protocol):
    """What a source has that knows how it is."""

    def health(self) -> Health: ...


@runtime_checkable
class Charging(Protocol):
    """What a source has whose network charges for posts that nobody could keep."""

    def left_out(self) -> int:
        """How many there were since this was last asked; each was told as a gap before."""
        ...
