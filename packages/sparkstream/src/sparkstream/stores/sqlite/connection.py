"""Connections to the one file: settings, schema, transactions, and sqlite3's errors made ours.

WAL lets readers go on while the job writes; synchronous FULL, because what Spark has committed must not be lost with
the power. Outside a transaction every statement ends for itself, so no reader holds the write-ahead log open between
requests.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError

SCHEMA_VERSION: Final = 1
_BUSY_TIMEOUT: Final = 5.0
"""Seconds; transactions are kept under 100 ms, so who waits longer waits for a stranger."""


class Connections:
    """One connection a thread, opened at its first use."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        with self.mapped():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _prepare(self.get(), self.path)

    def get(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self.path)
            self._local.connection = connection
            with self._lock:
                self._opened.append(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self.mapped():
            yield self.get()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so that no other writer makes it fail half way."""
        with self.mapped():
            connection = self.get()
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise

    @contextmanager
    def mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _ours(error, self.path) from error
        except OSError as error:
            raise StoreError(
                f"the folder of {self.path} cannot be used: {error.strerror}; choose another path"
            ) from error

    def close(self) -> None:
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()


def _connect(path: Path) -> sqlite3.Connection:
    # check_same_thread: each thread uses its own; only close() reaches over, when no thread uses them any more.
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma cache_size = -65536")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version == 0:
        connection.execute("begin immediate")
        version = connection.execute("pragma user_version").fetchone()[0]
        if version == 0:
            for statement in files(__package__).joinpath("schema.sql").read_text("utf-8").split(";\n"):
                connection.execute(statement)
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
            version = SCHEMA_VERSION
        connection.execute("commit")
    if version != SCHEMA_VERSION:
        raise StoreSchemaError(
            f"{path} has schema {version}, this version knows {SCHEMA_VERSION};"
            " use the version that made it, or another path"
        )


def _ours(error: sqlite3.Error, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(f"{path} is held by another process; end it or wait")
    if name.startswith("SQLITE_FULL"):
        return StoreError(f"the disk of {path} is full; make room, nothing that was read is lost")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError(f"{path} cannot be opened for writing; check the path and its rights")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return StoreError(f"{path} is no database that can be read; move it away to start anew")
    return StoreError(f"{path}: {error}")
