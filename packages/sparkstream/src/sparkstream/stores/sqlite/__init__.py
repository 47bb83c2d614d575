"""Master set and views in one SQLite file."""

from __future__ import annotations

from sparkstream.stores.sqlite.connection import Connections
from sparkstream.stores.sqlite.master import SqliteMaster
from sparkstream.stores.sqlite.reading import SqliteReading
from sparkstream.stores.sqlite.speed import SqliteSpeed

__all__ = ["SqliteStore"]


class SqliteStore(SqliteMaster, SqliteSpeed, SqliteReading):
    """All of `stores.base.Store` on the file at `path`, for any number of threads and processes; one writes views."""

    def __init__(self, path: str) -> None:
        self._connections = Connections(path)

    def close(self) -> None:
        self._connections.close()
