"""The connection: URL, scripts, and redis-py's errors made ours."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from sparkstream.errors import CheckpointError, MissingExtraError, StoreBusyError, StoreError
from sparkstream.stores.redis import keys

try:
    import redis
    from redis import exceptions
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:
    raise MissingExtraError("Redis needs an extra: pip install 'sparkstream[redis]'") from error

TIMEOUT: Final = 10.0
"""Seconds for an answer: a script for a thousand posts spread over years takes under one."""
_PASSING: Final = ("BUSY ", "MISCONF ")
"""What an error of a server begins with that is at a script, or cannot write to its disk."""


class Redis:
    """One server, reached through a pool of connections that any thread may use.

    Args:
        url: `redis://[:password@]host[:port][/database]`, or `rediss://` for TLS.
        patience: seconds for an answer, for one who would rather have none than wait; by default it is tried again and
            again for some more.

    Raises:
        StoreError: it throws keys away when it is full.
        StoreBusyError: it cannot be reached.
    """

    def __init__(self, url: str, patience: float | None = None) -> None:
        parts = urlsplit(url)
        self.name = f"Redis at {parts.hostname}:{parts.port or 6379}"  # without the password
        with self.errors():
            self.client = _client(url, patience)
            self._scripts = {
                name: self.client.register_script(_text("counts") + _text(name)) for name in ("write", "read")
            }
            self._refuse_eviction()
            self.client.set(keys.LIFE, uuid.uuid4().hex, nx=True)
            self._life: str = self.client.get(keys.LIFE).decode()

    def run(self, script: str, asked: dict[str, Any], blobs: list[bytes] | None = None) -> Any:
        """Runs `write.lua` or `read.lua`.

        Raises:
            CheckpointError: the server has lost what this process has seen in it.
        """
        asked |= {"prefix": keys.PREFIX, "life": self._life}
        with self.errors():
            answer = self._scripts[script](keys=[], args=[orjson.dumps(asked), *(blobs or [])])
        if answer == b"lost":
            raise CheckpointError(
                f"{self.name} has lost the speed views; start the job again: it folds them from the master set"
            )
        return answer

    def close(self) -> None:
        self.client.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            raise StoreError(f"{self.name} refuses the password or the user; correct its URL") from error
        except exceptions.OutOfMemoryError as error:
            raise StoreBusyError(
                f"{self.name} is full; run `sparkstream batch`, which empties it, or raise its maxmemory"
            ) from error
        except (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError) as error:
            raise StoreBusyError(f"{self.name} cannot be reached; start it, or correct its URL") from error
        except exceptions.RedisError as error:
            if str(error).startswith(_PASSING):
                raise StoreBusyError(f"{self.name} cannot do that now: {error}") from error
            raise StoreError(f"{self.name} cannot do that: {error}; sparkstream needs Redis 7 or newer") from error
        except ValueError as error:
            raise StoreError(f"this is no URL of Redis: {error}; write redis://HOST:6379/0") from error

    def _refuse_eviction(self) -> None:
        """Sums of which some are thrown away are wrong, and nobody would know."""
        try:
            policy = self.client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
        except exceptions.ResponseError:  # a hosted one that does not tell
            return
        if policy != "noeviction":
            raise StoreError(
                f"{self.name} throws keys away when it is full ({policy}); set maxmemory-policy noeviction"
            )


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.lua").read_text()


def _client(url: str, patience: float | None) -> Any:
    """Any: redis-py's types leave open whether an answer is bytes or text; here it is bytes."""
    if patience is None:
        return redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    once_more = Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,))  # over a connection that is new
    return redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience, retry=once_more)
