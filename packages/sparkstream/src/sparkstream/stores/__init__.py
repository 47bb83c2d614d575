"""Where posts and sums are kept: protocols in `base`, one package an implementation, chosen by URL in `open_store`."""

from __future__ import annotations

from sparkstream.errors import SettingsError
from sparkstream.stores.base import Store
from sparkstream.stores.sqlite import SqliteStore

__all__ = ["Store", "open_store"]


def open_store(url: str) -> Store:
    """Open the store behind a URL, making it when it is not there.

    Raises:
        SettingsError: the URL names no known store.
        StoreError: it cannot be opened.
    """
    scheme, _, place = url.partition(":")
    if scheme == "sqlite" and place:
        return SqliteStore(place)
    raise SettingsError(f"{url!r} is no store; write sqlite:PATH, as in sqlite:./data/views.db")
