"""One connection to the stream after the other, as often as X allows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import NoReturn

from twitterhandler.backoff import FREE, Backoff
from twitterhandler.errors import SourceUnavailableError
from twitterhandler.sources.x.stream import Ended

log = logging.getLogger(__name__)


class Connections:
    """Connects, reads, waits, and connects again.

    Args:
        listen: One connection: asks for it, reads it, and raises why there is none any more, see `Stream.listen`.
        random: For the jitter.
    """

    def __init__(self, listen: Callable[[], Awaitable[NoReturn]], random: Random) -> None:
        self._listen = listen
        self._random = random
        self._backoff = Backoff()

    def remember(self, seconds: float) -> None:
        """An earlier run asked for its last connection so many seconds ago: more than that is not known of it."""
        last = asyncio.get_running_loop().time() - seconds
        self._backoff = replace(self._backoff, connects=(last,) * FREE)

    async def run(self) -> NoReturn:
        """Until it is cancelled; a second run goes on where the first stopped.

        Raises:
            SourceRefusedError: X will not give a connection.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._backoff.wait(loop.time(), self._random.random()))
            self._backoff = self._backoff.connecting(loop.time())
            try:
                await self._listen()
            except Ended as ended:
                log.warning("the connection to X is over: %s", ended)
                self._backoff = self._backoff.dropped(ended.lasted)
            except SourceUnavailableError as exc:
                log.warning("no connection to X: %s", exc)
                self._backoff = self._backoff.failed(exc.trouble, asked=exc.wait, reached=exc.reached)
