"""A fake for tests that have no event loop of their own, such as those of a program."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

Result = TypeVar("Result")


@contextlib.contextmanager
def in_thread(server: AbstractAsyncContextManager[Any]) -> Iterator[Callable[[Callable[[], Result]], Result]]:
    """Runs `server` in a thread of its own, in real time.

        bluesky = FakeJetstream()
        with in_thread(bluesky) as there:
            there(lambda: bluesky.post("tea"))

    Gives a function that runs another one where the server lives, and waits for it.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(function: Callable[[], Result]) -> Result:
        async def call() -> Result:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), loop).result()

    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield there
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
