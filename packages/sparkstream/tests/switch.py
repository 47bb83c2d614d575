"""A part of a store that a test switches off and on, as a server that goes away and comes back."""

from typing import Any

from sparkstream.errors import StoreBusyError
from sparkstream.stores import LayeredStore
from sparkstream.stores.serving import Archive, ServedStore
from sparkstream.stores.side import Side


class Server:
    """Counts what it is asked, the questions that it does not answer too."""

    def __init__(self, name: str) -> None:
        self.name, self.is_down, self.asked = name, False, 0

    def answer(self) -> None:
        self.asked += 1
        if self.is_down:
            raise StoreBusyError(f"{self.name} cannot be reached; start it, or correct its URL")


class Behind:
    """A part that lives in a server."""

    def __init__(self, server: Server, part: Any) -> None:
        self._server, self._part = server, part

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self._server.answer()
            return getattr(self._part, name)(*arguments, **named)

        return call


class Served:
    """What `sparkstream serve` has over the parts of a store, each side on a server of its own; `now` is in seconds."""

    def __init__(self, store: LayeredStore) -> None:
        self.cassandra, self.redis, self.now = Server("Cassandra"), Server("Redis"), 0.0
        archive = Archive(Behind(self.cassandra, store.master), Behind(self.cassandra, store.batch))
        self.store = ServedStore(
            Side(lambda: self._open(self.cassandra, archive), lambda: self.now),
            Side(lambda: self._open(self.redis, Behind(self.redis, store.speed)), lambda: self.now),
        )

    def _open(self, server: Server, opened: Any) -> Any:
        server.answer()
        return opened

    def go(self, *servers: Server) -> None:
        """These go away; all others are there, and a second has passed since anybody asked."""
        for server in (self.cassandra, self.redis):
            server.is_down = server in servers
        self.now += 2
