"""Master set and views in one SQLite file."""

from __future__ import annotations

from sparkstream.stores.sqlite.connection import BUSY_TIMEOUT, Connections
from sparkstream.stores.sqlite.master import SqliteMaster
from sparkstream.stores.sqlite.reading import SqliteReading
from sparkstream.stores.sqlite.speed import SqliteSpeed

__all__ = ["SqliteStore"]


class SqliteStore(SqliteMaster, SqliteSpeed, SqliteReading):
    """All of `stores.base.Store` on the file at `path`, for any number of threads and processes; one writes views."""

    def __init__(self, path: str, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        """Open or make it; `busy_timeout` is how many seconds to wait for another writer."""
        self._connections = Connections(path, busy_timeout=busy_timeout)

    def close(self) -> None:
        self._connections.close()
