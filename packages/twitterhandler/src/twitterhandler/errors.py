"""Every error that this package raises on purpose.

    TwitterhandlerError
    ├── SettingError               an option or a setting that cannot be used         (ValueError)
    ├── QueryError                 a query that cannot be parsed; `position`           (ValueError)
    ├── UnreadableMessageError     bytes that are no post; becomes a dead record       (ValueError)
    ├── TopicNotFoundError                                                             (LookupError)
    ├── TopicExistsError                                                               (ValueError)
    ├── RegistryError              the topics' file cannot be read or written          (OSError), retriable
    ├── BudgetError                posts would cost more than may be spent
    ├── SourceError                a source cannot be read                             (OSError)
    │   ├── SourceUnavailableError   it does not answer, or asks to come later; retriable
    │   └── SourceRefusedError       it will not, until a key, an access or a setting is changed
    ├── SinkError                  a sink cannot be written                            (OSError), retriable
    │   ├── SinkLockedError        another writer holds it
    │   ├── SinkCorruptError       what lies there is no queue of ours; not retriable
    │   └── SinkRefusedError       the queue's server does not let us; not retriable
    ├── MissingExtraError          what `pip install twitterhandler` alone lacks       (ImportError)
    ├── ServiceError               the service cannot listen                           (OSError)
    └── InternalError              a fault of the program itself; says where           (RuntimeError)

The message is one line: what is wrong, then what to do. `retriable` says whether the same call may succeed later,
unchanged.
"""

import traceback
import unicodedata
from os import path
from typing import Literal, Self

Trouble = Literal["network", "server", "rate_limit", "slot", "no_rules"]
"""Why a network cannot be heard now: not reached, its own fault, asked too often, all connections in use, nothing to
listen for."""


class TwitterhandlerError(Exception):
    """The root: catch it to catch whatever this package reports."""

    retriable = False


class SettingError(TwitterhandlerError, ValueError):
    """An option or a setting that cannot be used."""


class QueryError(TwitterhandlerError, ValueError):
    """A query that cannot be parsed.

    Attributes:
        reason: What is wrong and how to write it.
        query: The whole query.
        position: Index (code points, from 0) of the character that it is about.
    """

    def __init__(self, reason: str, query: str, position: int) -> None:
        super().__init__(f"{reason} (at character {position + 1})")
        self.reason = reason
        self.query = query
        self.position = position

    def pointer(self) -> str:
        """The query and, below it, a caret under the character: two lines for a terminal."""
        shown = "".join(char if char.isprintable() else " " for char in self.query)
        return f"{shown}\n{' ' * sum(map(_columns, shown[: self.position]))}^"


def _columns(char: str) -> int:
    """How many columns of a terminal it takes: two for ideographs and emoji, none for an accent of its own."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class UnreadableMessageError(TwitterhandlerError, ValueError):
    """Bytes that are no post; the message is the `reason` of a dead record and never holds the post's text."""


class TopicNotFoundError(TwitterhandlerError, LookupError):
    """No topic has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"no topic {slug!r}; `twitterhandler topics list` shows those there are")
        self.slug = slug


class TopicExistsError(TwitterhandlerError, ValueError):
    """A topic with this slug is there already."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"topic {slug!r} is there already; change it, or take another slug")
        self.slug = slug


class RegistryError(TwitterhandlerError, OSError):
    """The topics' file cannot be read or written."""

    retriable = True


class BudgetError(TwitterhandlerError):
    """Posts would cost more than may be spent."""


class SourceError(TwitterhandlerError, OSError):
    """A source cannot be read."""


class SourceUnavailableError(SourceError):
    """A network that cannot be heard now.

    Attributes:
        trouble: Why.
        wait: Seconds that the network asks to wait; None when it says nothing.
        reached: Whether the request came as far as the network, so that it counts against its limits.
    """

    retriable = True

    def __init__(self, message: str, trouble: Trouble, *, wait: float | None = None, reached: bool = True) -> None:
        super().__init__(message)
        self.trouble: Trouble = trouble
        self.wait = wait
        self.reached = reached


class SourceRefusedError(SourceError):
    """A network that answered no; asking again changes nothing.

    Attributes:
        status: Of its answer over HTTP; 0 where it gave none.
    """

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class SinkError(TwitterhandlerError, OSError):
    """A sink cannot be written; what was not written is kept and written by the next flush that succeeds."""

    retriable = True


class SinkLockedError(SinkError):
    """Another writer holds the sink."""


class SinkCorruptError(SinkError):
    """What lies at the sink's place is no queue of ours, or was damaged by others."""

    retriable = False


class SinkRefusedError(SinkError):
    """The server of the queue is there and does not let us write, or not so."""

    retriable = False


class MissingExtraError(TwitterhandlerError, ImportError):
    """A part that `pip install twitterhandler` alone does not bring."""


class ServiceError(TwitterhandlerError, OSError):
    """The service cannot listen."""


class InternalError(TwitterhandlerError, RuntimeError):
    """A fault of this package, or of a source or a sink that somebody gave it; what was raised is its cause."""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Names the kind of `error` and the place, not its words: they may be those of a post."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if frame.filename.startswith(path.dirname(__file__))]
        places = [f"{path.basename(frame.filename)}, line {frame.lineno}" for frame in (frames[-1], ours[-1])]
        where = f"{type(error).__name__} in {', from '.join(dict.fromkeys(places))}"
        return cls(f"a fault of the program ({where}); start it again, and report this line if it comes back")
