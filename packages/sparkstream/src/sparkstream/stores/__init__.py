"""Where posts and sums are kept: protocols in `protocols`, their values in `base`, one package an implementation,
chosen by URL in `open_store`.
"""

from __future__ import annotations

from typing import Final

from sparkstream.errors import SettingsError
from sparkstream.stores.base import Store
from sparkstream.stores.layered import LayeredStore
from sparkstream.stores.protocols import BatchViews, MasterStore, SpeedViews
from sparkstream.stores.serving import Archive, ServedStore
from sparkstream.stores.side import Side
from sparkstream.stores.sqlite import Connections, SqliteBatch, SqliteMaster, SqliteSpeed, SqliteStore

__all__ = ["LayeredStore", "Store", "open_master", "open_served", "open_speed", "open_store"]

PATIENCE: Final = 4.0
"""Seconds that one who waits for a page has for a server; a job has more."""


def open_store(url: str, speed: str | None = None, *, migrate: bool = False, make: bool = True) -> LayeredStore:
    """Open the stores behind two URLs.

    Args:
        url: of the master set and the batch views.
        speed: of the speed views; the same by default.
        migrate: bring an older schema up to date instead of refusing it.
        make: make what is not there.

    Raises:
        SettingsError: a URL names no known store.
        StoreError: it cannot be opened.
    """
    if speed in (None, url) and url.startswith("sqlite:") and url != "sqlite:":
        return SqliteStore(url.removeprefix("sqlite:"), migrate=migrate, make=make)
    master, batch = open_master(url, migrate=migrate, make=make)
    try:
        return LayeredStore(master, batch, open_speed(speed or url, migrate=migrate, make=make))
    except BaseException:
        batch.close()
        master.close()
        raise


def open_served(url: str, speed: str | None = None) -> LayeredStore:
    """The same for those who only read and answer others: where the layers have a store each, one may be away, at the
    start too, and no question waits for it longer than a few seconds.

    Raises:
        SettingsError: a URL names no known store.
        StoreError: a store is there, and cannot be used.
    """
    if speed in (None, url):
        return open_store(url)
    recent = speed or url
    return ServedStore(
        Side(lambda: Archive(*open_master(url, patience=PATIENCE))), Side(lambda: open_speed(recent, patience=PATIENCE))
    ).open()


def open_master(
    url: str, *, patience: float | None = None, migrate: bool = False, make: bool = True
) -> tuple[MasterStore, BatchViews]:
    """What lives in one store: the master set and the batch views. `patience` is how many seconds a server has for an
    answer.
    """
    scheme, _, place = url.partition(":")
    if scheme == "sqlite" and place:
        connections = Connections(place, migrate=migrate, make=make)
        return SqliteMaster(connections), SqliteBatch(connections)
    if scheme == "cassandra" and place:
        from sparkstream.stores.cassandra import open_cassandra  # noqa: PLC0415 - an extra

        return open_cassandra(url, patience=patience, migrate=migrate, make=make)
    raise SettingsError(f"{scheme}: is no store; write sqlite:PATH or cassandra://HOST:PORT/KEYSPACE")


def open_speed(url: str, *, patience: float | None = None, migrate: bool = False, make: bool = True) -> SpeedViews:
    scheme, _, place = url.partition(":")
    if scheme == "sqlite" and place:
        return SqliteSpeed(Connections(place, migrate=migrate, make=make))
    if scheme in ("redis", "rediss") and place:
        from sparkstream.stores.redis import RedisSpeed  # noqa: PLC0415 - an extra

        return RedisSpeed(url, patience=patience)
    raise SettingsError(f"{scheme}: is no store of speed views; write sqlite:PATH or redis://HOST:PORT/DATABASE")
