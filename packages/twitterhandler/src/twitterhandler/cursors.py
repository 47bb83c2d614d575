"""How far a network was read: kept over restarts in a table of the topics' file."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from twitterhandler.errors import RegistryError

_SCHEMA: Final = (
    "create table if not exists cursors (network text primary key, position integer not null) without rowid"
)


class Cursor(Protocol):
    """Where a source keeps its position: microseconds since 1970, None before the first."""

    def load(self) -> int | None: ...

    def save(self, position: int) -> None: ...


class CursorFile:
    """The position of one network in an SQLite file; each call opens and closes it.

    Raises, from each call:
        RegistryError: the file cannot be used.
    """

    def __init__(self, path: Path, network: str) -> None:
        self._path = path
        self._network = network

    def load(self) -> int | None:
        with self._connect() as connection:
            row = connection.execute("select position from cursors where network = ?", [self._network]).fetchone()
        return int(row[0]) if row else None

    def save(self, position: int) -> None:
        with self._connect() as connection:
            connection.execute("replace into cursors values (?, ?)", [self._network, position])

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as exc:
            raise RegistryError(
                f"cannot use the topics' file {self._path}: {exc}; check its folder and rights"
            ) from exc
