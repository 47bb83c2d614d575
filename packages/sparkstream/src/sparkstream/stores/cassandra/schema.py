"""The keyspace and its tables: versioned files, applied one after the other under a lock."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError
from sparkstream.stores.cassandra.connection import Connection
from sparkstream.stores.cassandra.marks import CassandraMarks

MIGRATIONS: Final = sorted(
    (file for file in files(__package__).joinpath("migrations").iterdir() if file.name.endswith(".cql")),
    key=lambda file: file.name,
)
SCHEMA_VERSION: Final = len(MIGRATIONS)
_LOCK_SECONDS: Final = 60
"""How long the lock of one who died holds others up."""
_PATIENCE: Final = 90.0


def prepare(connection: Connection, *, migrate: bool, make: bool = True) -> None:
    """Makes what is missing, where that is wanted; an older schema is brought up to date when that is asked for.

    Raises:
        StoreError: there is none, and none is to be made.
        StoreSchemaError: the schema is newer, or older and not to be changed.
    """
    keyspace, replication = connection.address.keyspace, connection.address.replication
    query = f"select keyspace_name from system_schema.keyspaces where keyspace_name = '{keyspace.lower()}'"
    if not make and not connection.define(query):
        raise StoreError(
            f"there is no keyspace {keyspace} in {connection.address.name};"
            " correct its URL, or let `sparkstream run` make it"
        )
    connection.define(
        f"create keyspace if not exists {keyspace}"
        f" with replication = {{'class': 'SimpleStrategy', 'replication_factor': {replication}}}"
    )
    connection.define("create table if not exists schema_versions (one int primary key, version int)")
    connection.define("create table if not exists schema_lock (one int primary key, holder uuid)")
    version = _version(connection)
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise StoreSchemaError(
            f"the keyspace {keyspace} has schema {version}, this version knows {SCHEMA_VERSION}; update sparkstream"
        )
    if version and not migrate:
        raise StoreSchemaError(
            f"the keyspace {keyspace} has schema {version}, this version wants {SCHEMA_VERSION};"
            " stop the job and run `sparkstream migrate`"
        )
    with _locked(connection):
        for number, file in enumerate(MIGRATIONS[_version(connection) :], start=_version(connection) + 1):
            for statement in _statements(file.read_text()):
                connection.define(statement)
            if number in _CARRIED:
                _CARRIED[number](connection)
            connection.define(f"insert into schema_versions (one, version) values (0, {number})")


def _carry_marks(connection: Connection) -> None:
    """Twice makes no difference: a minute that is marked twice is folded once more."""
    keyspace = connection.address.keyspace
    query = f"select table_name from system_schema.tables where keyspace_name = '{keyspace}' and table_name = 'marks'"
    if connection.define(query):
        rows = connection.define("select topic, minute from marks where one = 0")
        CassandraMarks(connection).add([(topic, minute) for topic, minute in rows])
        connection.define(f"drop table {keyspace}.marks")


_CARRIED: Final[dict[int, Callable[[Connection], None]]] = {2: _carry_marks}
"""What of older tables goes into those that a version has made."""


def _version(connection: Connection) -> int:
    rows = connection.define("select version from schema_versions where one = 0")
    return int(rows[0][0]) if rows else 0


def _statements(text: str) -> Iterator[str]:
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    return (statement for part in "\n".join(lines).split(";\n") if (statement := part.strip().rstrip(";")))


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    """Of several that are started at once, one makes the tables and the others find them."""
    holder, deadline = uuid.uuid4(), time.monotonic() + _PATIENCE
    take = f"insert into schema_lock (one, holder) values (0, ?) if not exists using ttl {_LOCK_SECONDS}"
    while not connection.applied(take, holder):
        if time.monotonic() > deadline:
            raise StoreBusyError("another process is changing the schema; start again when it is done")
        time.sleep(0.2)
    try:
        yield
    finally:
        connection.applied("delete from schema_lock where one = 0 if holder = ?", holder)
