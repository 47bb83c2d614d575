"""Connections to the one file: settings, schema, transactions, and sqlite3's errors made ours.

WAL lets readers go on while the job writes; synchronous FULL, because what Spark has committed must not be lost with
the power. Outside a transaction every statement ends for itself, so no reader holds the write-ahead log open between
requests.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError

T = TypeVar("T")

MIGRATIONS: Final = sorted(
    (file for file in files(__package__).joinpath("migrations").iterdir() if file.name.endswith(".sql")),
    key=lambda file: file.name,
)
SCHEMA_VERSION: Final = len(MIGRATIONS)
BUSY_TIMEOUT: Final = 5.0
"""Seconds; transactions are kept under 100 ms, so who waits longer waits for a stranger."""
CACHE_KIB: Final = 65_536
"""Of pages, for each connection."""


class Connections:
    """A connection for each who is at it at the same time, kept for the next; opened when none is free.

    Not one a thread: the threads of a server come and go, and would leave theirs open.
    """

    def __init__(
        self, path: str, *, busy_timeout: float = BUSY_TIMEOUT, migrate: bool = False, make: bool = True
    ) -> None:
        self.path = Path(path)
        if not make and not self.path.exists():
            raise StoreError(f"there is no store at {self.path}; correct the path, or let `sparkstream run` make it")
        self._busy_timeout = busy_timeout
        self._free: list[sqlite3.Connection] = []
        self._closed = False
        self._lock = threading.Lock()
        with self._mapped():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.reading() as connection:
            _prepare(connection, self.path, migrate=migrate)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._mapped():
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()  # what it was in the middle of is undone
                raise
            self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so that no other writer makes it fail half way."""
        with self.reading() as connection:
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")

    def close(self) -> None:
        """Close those that are free now, and each of the others when it is given back."""
        with self._lock:
            self._closed = True
            for connection in self._free:
                connection.close()
            self._free.clear()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreError(f"{self.path} has been closed here; open it again")
            if self._free:
                return self._free.pop()
        return _connect(self.path, self._busy_timeout)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._free.append(connection)
                return
        connection.close()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _ours(error, self.path) from error
        except OSError as error:
            raise StoreError(
                f"the folder of {self.path} cannot be used: {error.strerror}; choose another path"
            ) from error


def _connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    # check_same_thread: threads take turns, never two at once.
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection, busy_timeout)
        connection.execute("pragma synchronous = full")
        connection.execute(f"pragma cache_size = -{CACHE_KIB}")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """SQLite itself does not wait when several switch a new file at once, as a job and a server started together do."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: Path, *, migrate: bool) -> None:
    """Make a new file, or bring an old one up to date where that is asked for; one process at a time does it."""
    version = _version(connection)
    if version == 0 or (migrate and version < SCHEMA_VERSION):
        connection.execute("begin immediate")
        version = _version(connection)
        for file in MIGRATIONS[version:]:
            for statement in file.read_text("utf-8").split(";\n"):
                connection.execute(statement)
        version = max(version, SCHEMA_VERSION)
        connection.execute(f"pragma user_version = {version}")
        connection.execute("commit")
    if version < SCHEMA_VERSION:
        raise StoreSchemaError(
            f"{path} has schema {version}, this version needs {SCHEMA_VERSION};"
            " stop what uses it, copy it, and run `sparkstream migrate`"
        )
    if version > SCHEMA_VERSION:
        raise StoreSchemaError(
            f"{path} has schema {version}, this version knows {SCHEMA_VERSION};"
            " use the version that made it, or another path"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


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


def bump(db: sqlite3.Connection, part: str) -> None:
    """Another revision of a part of the store, in the transaction that changes it."""
    db.execute(
        "insert into revisions (part, number) values (?, 1) on conflict do update set number = number + 1", (part,)
    )


def revision(connections: Connections, part: str) -> str:
    with connections.reading() as db:
        row = db.execute("select number from revisions where part = ?", (part,)).fetchone()
    return str(row[0]) if row else "0"


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
