"""Redis, from the system's packages; a write is handed to the operating system before it is acknowledged."""

import shutil
from collections.abc import Sequence
from typing import Final

from servers.process import Server, ServerError

DATABASES: Final = 1_024
"""Tests keep apart by the number of the database."""


class Redis(Server):
    """Survives kill -9: what it acknowledged is there after `restart`."""

    name = "redis"
    ready = b"Ready to accept connections"
    start_seconds = 20.0

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def command(self) -> Sequence[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise ServerError("no redis-server: apt-get install redis-server")
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "databases": str(DATABASES),
            "save": "",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        return [program, *(word for name, value in settings.items() for word in (f"--{name}", value))]
