"""An event loop whose time is virtual while its sockets are real: a week of waiting passes at once.

    run_virtually(main())        # asyncio.run, but for the time

All time of the loop is virtual: `asyncio.sleep`, `timeout`, `wait_for`, `call_later`, aiohttp's timeouts. While
anything can go on, time stands still; when nothing can, it jumps to the next timer. So work takes no time, however
loaded the machine is, and the same program has the same times in each run.

Everything that is talked to must live in the same loop: of another process or a thread of its own this loop cannot know
that an answer is on its way, and would let a timeout pass. Work in executors (`asyncio.to_thread`, name look-ups) is
known, and waited for in real time.
"""

import asyncio
import selectors
import socket
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

REAL_LIMIT: Final = 60.0
_HOPS: Final = 4
"""How often the barrier crosses loopback: once more than a connection's handshake does."""


class VirtualTimeError(RuntimeError):
    """The program would never end: nothing can happen any more, or time goes on and on without result.

    It is none of the package's own errors, so that no code under test takes it for one of those.
    """


class LoopClock:
    """A `twitterhandler.clock.Clock` that shows the time of the running loop, which begins at `start`."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        self._start = start

    def now(self) -> datetime:
        """The present of the running loop; outside of a loop there is none (`RuntimeError`)."""
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_virtually(main: Coroutine[Any, Any, Result], *, real_limit: float = REAL_LIMIT) -> Result:
    """Runs `main` on a loop of its own, whose time begins at 0, as `asyncio.run` does.

    Raises:
        VirtualTimeError: it did not end within `real_limit` seconds of real time.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(real_limit=real_limit)) as runner:
        return runner.run(main)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module; `time()` begins at 0 and moves only when nothing else can happen.

    Args:
        real_limit: Seconds of real time after which a run that does not end is an error.
    """

    def __init__(self, *, real_limit: float = REAL_LIMIT) -> None:
        self._virtual = 0.0
        self._working = 0
        self._selector_of_time = _JumpingSelector(self._jump, lambda: self._working > 0, real_limit)
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._virtual

    def run_forever(self) -> None:
        self._selector_of_time.begin()
        super().run_forever()

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*Arguments], Result],
        *args: *Arguments,
    ) -> asyncio.Future[Result]:
        future = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._worked)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        with self._standing_still():  # joining the threads takes no virtual time, so no timeout can pass
            await super().shutdown_default_executor()

    def _jump(self, seconds: float) -> None:
        self._virtual += seconds

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self._working -= 1

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1


class _JumpingSelector(selectors.BaseSelector):
    """Waits in real time for what is on its way, and jumps where an ordinary selector would wait for a timer."""

    def __init__(self, jump: Callable[[float], None], working: Callable[[], bool], real_limit: float) -> None:
        self._real = selectors.DefaultSelector()
        self._jump = jump
        self._working = working
        self._real_limit = real_limit
        self._deadline = 0.0
        self._barrier: _Barrier | None = None

    def begin(self) -> None:
        self._deadline = time.monotonic() + self._real_limit

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        remaining = self._deadline - time.monotonic()
        if remaining < 0:
            self._give_up("it still runs")
        events = self._real.select(0)
        if events or timeout == 0:
            return events
        if self._working():
            return self._wait(remaining, "a thread of an executor does not end")
        if events := self._arriving():
            return events
        if timeout is None:
            return self._wait(remaining, "nothing can happen any more: no timer, no data on its way")
        self._jump(timeout)
        return []

    def _arriving(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What was sent and has not arrived."""
        if len(self._real.get_map()) == 1:  # the loop's own, by which threads wake it
            return []
        self._barrier = self._barrier or _Barrier()
        for _ in range(_HOPS):
            self._barrier.cross()
            if events := self._real.select(0):
                return events
        return []

    def _wait(self, seconds: float, what: str) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._real.select(seconds)
        if not events:
            self._give_up(what)
        return events

    def _give_up(self, what: str) -> None:
        self.begin()  # so that the tasks can be cancelled
        raise VirtualTimeError(
            f"{what} after {self._real_limit:g} s of real time; look for who waits for it, or raise real_limit"
        )

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        if self._barrier:
            self._barrier.close()
        self._real.close()


class _Barrier:
    """A TCP connection to ourselves: when its byte has crossed loopback, so has all that was sent before it.

    Loopback is a queue of the kernel, which hands packets over in their order, mostly while they are sent but on a
    loaded machine some time later. Waiting a fixed time instead would be both slower and less sure.
    """

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._near = socket.create_connection(listener.getsockname())
            self._far, _ = listener.accept()
        for end in (self._near, self._far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cross(self) -> None:
        self._near.sendall(b".")
        self._far.recv(1)
        self._near, self._far = self._far, self._near

    def close(self) -> None:
        self._near.close()
        self._far.close()
