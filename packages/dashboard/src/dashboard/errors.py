"""What can go wrong, as one tree.

    DashboardError
    ├── SettingsError       the settings do not fit together
    ├── AddressError        host and port cannot be listened on
    ├── QuestionError       what was asked for has no answer
    ├── ForeignPageError    another page than ours asks for a change
    ├── TooManyBrowsersError     the page serves as many browsers as it may
    └── UpstreamError       a service that the page reads from or changes topics with
        ├── UpstreamDownError    cannot be reached, hung up, or fell silent
        ├── UnknownTopicError    knows no such topic (yet)
        ├── TooManyViewsError    follows as many filters as it can
        ├── RefusedError   understood what was asked, and does not do it
        └── ContractError  answered something that the contract does not allow

Every message says what is wrong and what to do. `retriable` says whether the same call may succeed later
without anybody changing anything.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Root of the tree: `except DashboardError` catches all that this package raises on purpose."""

    retriable = False


class SettingsError(DashboardError, ValueError):
    """The settings do not fit together."""


class AddressError(DashboardError, OSError):
    """Host and port cannot be listened on."""


class QuestionError(DashboardError, ValueError):
    """What was asked for has no answer: a filter or a period that is none."""


class ForeignPageError(DashboardError, PermissionError):
    """Another page than ours asks for a change."""


class TooManyBrowsersError(DashboardError):
    """The page serves as many browsers as it may."""

    retriable = True


class UpstreamError(DashboardError):
    """A service that the page reads from failed."""

    retriable = True


class UpstreamDownError(UpstreamError, ConnectionError):
    """The service cannot be reached, hung up, or fell silent."""


class UnknownTopicError(UpstreamError, LookupError):
    """The service knows no such topic; it may once the first post or topic record has come."""


class TooManyViewsError(UpstreamError):
    """The view API follows as many filters at once as it can."""


class RefusedError(UpstreamError, ValueError):
    """The service understood what was asked, and does not do it; the message is its own.

    Attributes:
        status: what it answered, 400 to 499.
        position: where a query is wrong, in code points from 0; None when it is not about a query.
    """

    retriable = False

    def __init__(self, message: str, status: int, position: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.position = position


class ContractError(UpstreamError, ValueError):
    """The service answered something that the contract does not allow."""

    retriable = False
