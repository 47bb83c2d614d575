"""What can go wrong, as one tree.

    DashboardError
    ├── SettingsError       the settings do not fit together
    ├── AddressError        host and port cannot be listened on
    ├── TooManyBrowsersError     the page serves as many browsers as it may
    └── UpstreamError       a service that the page reads from
        ├── UpstreamDownError    cannot be reached, hung up, or fell silent
        ├── UnknownTopicError    knows no such topic (yet)
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


class ContractError(UpstreamError, ValueError):
    """The service answered something that the contract does not allow."""

    retriable = False
