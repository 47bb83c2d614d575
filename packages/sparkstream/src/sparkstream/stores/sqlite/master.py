"""The master set in SQLite."""

from __future__ import annotations

from sparkstream.stores.sqlite.connection import Connections
from sparkstream.stores.sqlite.events import SqliteEvents
from sparkstream.stores.sqlite.ledger import SqliteLedger
from sparkstream.stores.sqlite.posts import SqlitePosts


class SqliteMaster(SqlitePosts, SqliteEvents, SqliteLedger):
    """All of `MasterStore` on a file, for any number of threads and processes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def close(self) -> None:
        self._connections.close()
