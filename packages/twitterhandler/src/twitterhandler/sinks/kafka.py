"""A topic of Apache Kafka as a sink (docs/contracts/queue.md); key = id: what is said of a post keeps its order."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from twitterhandler.clock import Clock, SystemClock
from twitterhandler.errors import SinkError
from twitterhandler.posts import Record, dead, encode
from twitterhandler.sinks.kafka_connection import MAX_RECORD, KafkaConnection, KafkaOptions, failure
from twitterhandler.sinks.kafka_place import KafkaPlace

MAX_IN_FLIGHT: Final = 10_000
MAX_IN_FLIGHT_BYTES: Final = 8 * 1024 * 1024
PATIENCE: Final = 10.0
"""Seconds without an acknowledgement after which it says so; the restart of a broker takes less."""


@dataclass(slots=True)
class _Sent:
    record: Record
    line: bytes
    since: float
    future: "asyncio.Future[Any] | None" = None  # None: not handed over


class KafkaSink:
    """Writes a topic: at least once, order kept for each key, at most 10,000 records or 8 MiB unacknowledged.

    It connects at the first record, and makes the topic if it is missing. At the bound `put` waits. A `put` that raises
    has not taken its record; what was taken before is kept, and sent again by the next call that gets through.
    Use inside a running event loop; close it, or use `async with`.
    """

    def __init__(
        self,
        place: KafkaPlace,
        options: KafkaOptions | None = None,
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        patience: float = PATIENCE,
        clock: Clock | None = None,
    ) -> None:
        self.place = place
        self._options = options or KafkaOptions()
        self._max_in_flight = max_in_flight
        self._patience = patience
        self._clock = clock or SystemClock()
        self._connection: KafkaConnection | None = None
        self._sent: deque[_Sent] = deque()
        self._bytes = 0
        self._acknowledged = 0
        self._failure: SinkError | None = None
        self._turn = asyncio.Lock()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def position(self) -> int:
        """Records that were acknowledged since the start."""
        self._settle()
        return self._acknowledged

    @property
    def waiting(self) -> str | None:
        return str(self._failure) if self._failure else None

    @property
    def spilled(self) -> int:
        return 0

    @property
    def unacknowledged(self) -> Sequence[Record]:
        """What was taken and may not have arrived, oldest first."""
        self._settle()
        return [sent.record for sent in self._sent]

    async def put(self, record: Record) -> None:
        line = encode(record)
        if len(line) > MAX_RECORD:
            record = dead(line, f"a record of {len(line):,} bytes: Kafka takes {MAX_RECORD:,}", self._clock.now())
            line = encode(record)
        async with self._turn:
            await self._connect()
            await self._wait_for_room(self._max_in_flight - 1, MAX_IN_FLIGHT_BYTES - len(line))
            sent = _Sent(record, line, _now())
            self._sent.append(sent)
            self._bytes += len(line)
            await self._send(sent)

    async def flush(self) -> None:
        async with self._turn:
            await self._connect()
            await self._wait_for_room(0, 0)

    async def close(self) -> None:
        if self._is_closed:
            return
        try:
            if self._sent:
                await self.flush()
        finally:
            await self.abandon()

    async def abandon(self) -> None:
        """Lets go without waiting; what was not acknowledged stays in `unacknowledged`."""
        self._is_closed = True
        await self._disconnect()

    async def _connect(self) -> None:
        """Until everything that was taken is on its way; after a failure over a new connection."""
        self._settle()
        self._notice_silence()
        if self._failure is not None:
            if not self._failure.retriable:
                raise self._failure
            await self._disconnect()
        if self._connection is not None:
            return
        try:
            self._connection = await KafkaConnection.open(self.place, self._options, patience=self._patience)
        except SinkError as exc:
            self._failure = exc
            raise
        self._failure = None
        for sent in self._sent:
            sent.since = _now()
            await self._send(sent)
            if self._failure is not None:
                raise self._failure

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._settle()
            for sent in self._sent:
                if sent.future is not None and not sent.future.cancel():
                    sent.future.exception()  # has been looked at, even where the first one's is the one that is told
                sent.future = None
            await connection.abandon()

    async def _send(self, sent: _Sent) -> None:
        """Hands over what is taken already; an error is for the next call to raise."""
        assert self._connection is not None
        try:
            sent.future = await self._connection.send(sent.record.id.encode(), sent.line)
        except SinkError as exc:
            self._failure = exc
        finally:
            if sent.future is None and self._failure is None:
                self._failure = SinkError(f"{self.place}: interrupted; it is tried again")

    async def _wait_for_room(self, records: int, size: int) -> None:
        """Until at most so many records and bytes are unacknowledged."""
        self._settle()
        while self._sent and (len(self._sent) > records or self._bytes > size):
            oldest = self._sent[0]
            assert oldest.future is not None
            await asyncio.wait([oldest.future], timeout=max(0.0, oldest.since + self._patience - _now()))
            self._settle()
            self._notice_silence()
            if self._failure is not None:
                raise self._failure

    def _settle(self) -> None:
        """Forgets what was acknowledged, up to the first record that was not."""
        while self._sent and (future := self._sent[0].future) is not None and future.done():
            if error := future.exception():
                self._failure = self._failure or failure(self.place, error)
                return
            self._bytes -= len(self._sent.popleft().line)
            self._acknowledged += 1

    def _notice_silence(self) -> None:
        if self._failure is None and self._sent and _now() - self._sent[0].since > self._patience:
            self._failure = SinkError(
                f"{self.place} has acknowledged nothing for {self._patience:.0f} s; start it, or look after it"
            )


def _now() -> float:
    return asyncio.get_running_loop().time()
