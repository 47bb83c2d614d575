"""Master set and batch views in Cassandra: one keyspace, one session."""

from __future__ import annotations

from sparkstream.stores.cassandra.batch import CassandraBatch
from sparkstream.stores.cassandra.connection import TIMEOUT, Address, Connection
from sparkstream.stores.cassandra.events import CassandraEvents
from sparkstream.stores.cassandra.ledger import CassandraLedger
from sparkstream.stores.cassandra.schema import SCHEMA_VERSION, prepare

__all__ = ["SCHEMA_VERSION", "Address", "CassandraBatch", "CassandraMaster", "Connection", "open_cassandra"]


class CassandraMaster(CassandraLedger, CassandraEvents):
    """The whole master set."""


def open_cassandra(
    url: str, *, patience: float | None = None, migrate: bool = False, make: bool = True
) -> tuple[CassandraMaster, CassandraBatch]:
    """Opens the keyspace behind a URL, which it may `make` when it is not there; `patience` as `Connection` has it.

    Raises:
        SettingsError: the URL is none.
        StoreError: it cannot be opened, is not there, or has another schema.
    """
    connection = Connection(Address.parse(url), patience or TIMEOUT)
    try:
        prepare(connection, migrate=migrate, make=make)
    except BaseException:
        connection.close()
        raise
    return CassandraMaster(connection), CassandraBatch(connection)
