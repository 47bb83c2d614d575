"""What the loop needs of a network, a file, a simulator."""

from collections.abc import AsyncIterator
from typing import Protocol

from twitterhandler.posts import Record


class Source(Protocol):
    """Gives records as they are heard; what it cannot read it gives as `dead` records, it never skips.

    Attributes:
        name: For status and metrics.
        matches: Whether its posts carry their topics already (rules of the network, tags of a file). If not, the
            loop matches them and drops those that nobody listens for.
        keeps_repeats: Whether a repeat of an id is noise that the loop may drop (a live network that sends again after
            each reconnection) or belongs to what the source is there to show.

    Errors are `twitterhandler.errors.SourceError`.
    """

    name: str
    matches: bool
    keeps_repeats: bool

    def records(self) -> AsyncIterator[Record]:
        """The records, once; ends when the source ends."""
        ...
