"""Master set, batch views and speed views in SQLite: in one file, or the speed views in one of their own."""

from __future__ import annotations

from sparkstream.stores.layered import LayeredStore
from sparkstream.stores.sqlite.batch import SqliteBatch
from sparkstream.stores.sqlite.connection import BUSY_TIMEOUT, Connections
from sparkstream.stores.sqlite.master import SqliteMaster
from sparkstream.stores.sqlite.speed import SqliteSpeed

__all__ = ["Connections", "SqliteBatch", "SqliteMaster", "SqliteSpeed", "SqliteStore"]


class SqliteStore(LayeredStore):
    """All three parts in the file at `path`, for any number of threads and processes; one writes views."""

    def __init__(
        self, path: str, *, busy_timeout: float = BUSY_TIMEOUT, migrate: bool = False, make: bool = True
    ) -> None:
        """Open or make it; `busy_timeout` is how many seconds to wait for another writer."""
        connections = Connections(path, busy_timeout=busy_timeout, migrate=migrate, make=make)
        super().__init__(SqliteMaster(connections), SqliteBatch(connections), SqliteSpeed(connections))
