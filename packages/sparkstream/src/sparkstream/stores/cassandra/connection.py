"""The session: URL, prepared statements, and the driver's errors made ours.

A statement is prepared once a process. Writes that belong to one partition go as an unlogged batch, small ones to
partitions of the same nodes too, others side by side; every one of them may be made twice.

Of two writes of a row the one stands whose time is later. That time is the server's, not that of whoever writes: jobs,
batches and those who forget may run on machines whose clocks differ. And all writes of a partition go to the same node
while it is there, so that it is one clock that says which was later.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from sparkstream.errors import MissingExtraError, SettingsError, StoreBusyError, StoreError

try:
    from cassandra import (
        ConsistencyLevel,
        DriverException,
        OperationTimedOut,
        ProtocolVersion,
        RequestExecutionException,
        UnresolvableContactPoints,
    )
    from cassandra.auth import PlainTextAuthProvider
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, ResponseFuture
    from cassandra.concurrent import execute_concurrent, execute_concurrent_with_args
    from cassandra.connection import ConnectionException
    from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, TokenAwarePolicy
    from cassandra.query import BatchStatement, BatchType, BoundStatement, PreparedStatement, tuple_factory
except ImportError as error:
    raise MissingExtraError("Cassandra needs an extra: pip install 'sparkstream[cassandra]'") from error

TIMEOUT: Final = 30.0
"""Seconds for an answer, tries again included."""
RECONNECTED: Final = 1.0
"""Seconds between two looks for a node that went away; the driver's own policy comes to ten minutes."""
CONCURRENCY: Final = 100
"""Requests of one process under way at once; more bring nothing (reference: the driver's own measurements)."""
BATCH_BYTES: Final = 128_000
"""Of one unlogged batch of one partition, which no bound of the server but that of a write, megabytes, is for."""
BATCH_PARTITIONS: Final = 10
"""Of one unlogged batch: the server warns of more, and refuses 50 KiB in several."""
DEFAULT_PORT: Final = 9042

Row = tuple[Any, ...]

_TABLE: Final = re.compile(r"\b(from|into|^update|^create table if not exists) (?!system)(\w+)(?!\w*\.)")


@dataclass(frozen=True, slots=True)
class Address:
    """`cassandra://[user:password@]host[:port][,host…]/keyspace[?replication=3][&datacenter=dc1]`."""

    hosts: tuple[str, ...]
    port: int
    keyspace: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    replication: int = 1
    datacenter: str | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Reads a URL.

        Raises:
            SettingsError: it is none, or names no keyspace.
        """
        parts = urlsplit(url)
        login, _, places = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        hosts = [place.partition(":") for place in places.split(",") if place]
        ports = {port or str(DEFAULT_PORT) for _, _, port in hosts}
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        keyspace, replication = parts.path.strip("/"), options.get("replication", "1")
        if not hosts or not keyspace.isidentifier() or not replication.isdecimal() or len(ports) != 1:
            raise SettingsError(
                "write cassandra://HOST:9042/KEYSPACE; several hosts, with one port, are joined by commas"
            )
        [port] = ports
        if not port.isdecimal():
            raise SettingsError(f"{port!r} is no port; write cassandra://HOST:9042/KEYSPACE")
        return cls(
            hosts=tuple(host for host, _, _ in hosts),
            port=int(port),
            keyspace=keyspace,
            user=unquote(user) or None,
            password=unquote(password) or None,
            replication=int(replication),
            datacenter=options.get("datacenter"),
        )

    @property
    def name(self) -> str:
        return f"Cassandra at {','.join(self.hosts)}:{self.port}"


class Connection:
    """One session of a cluster, for any thread of this process; a process that is forked opens its own.

    `patience` is how many seconds an answer may take, tries again included.
    """

    def __init__(self, address: Address, patience: float = TIMEOUT) -> None:
        self.address = address
        self._prepared: dict[str, PreparedStatement] = {}
        self._lock = threading.Lock()
        login = PlainTextAuthProvider(address.user, address.password) if address.user else None
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(
                DCAwareRoundRobinPolicy(address.datacenter or ""), shuffle_replicas=False
            ),
            consistency_level=ConsistencyLevel.LOCAL_QUORUM,
            serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
            request_timeout=patience,
            row_factory=tuple_factory,
        )
        with self.errors():
            self._cluster = Cluster(
                address.hosts,
                port=address.port,
                auth_provider=login,
                execution_profiles={EXEC_PROFILE_DEFAULT: profile},
                connect_timeout=min(10.0, patience),
                control_connection_timeout=min(10.0, patience),  # 2 s by default, too short for a busy machine
                reconnection_policy=ConstantReconnectionPolicy(RECONNECTED, max_attempts=None),
                protocol_version=ProtocolVersion.V5,
            )
        try:
            with self.errors():
                self._session = self._cluster.connect()
                self._session.use_client_timestamp = False
        except BaseException:
            self._cluster.shutdown()
            raise

    def define(self, statement: str) -> list[Row]:
        """Runs a statement that is not worth preparing, such as one that makes a table."""
        with self.errors():
            return list(self._session.execute(self._qualified(statement)))

    def rows(self, statement: str, *values: Any) -> Iterator[Row]:
        """The rows of one query, page after page while they are asked for."""
        with self.errors():
            yield from self._session.execute(self._prepare(statement), values)

    def execute(self, statement: str, *values: Any) -> list[Row]:
        return list(self.rows(statement, *values))

    def applied(self, statement: str, *values: Any) -> bool:
        """Runs a conditional statement; whether its condition held."""
        return bool(self.execute(statement, *values)[0][0])

    def later(self, statement: str, *values: Any) -> ResponseFuture:
        """Starts a query; `wait` has its rows."""
        with self.errors():
            return self._session.execute_async(self._prepare(statement), values)

    def wait(self, asked: ResponseFuture) -> Iterator[Row]:
        with self.errors():
            yield from asked.result()

    def many(self, statement: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
        """Runs a statement for each of the values side by side; the rows of each, in order."""
        listed = list(values)
        if not listed:
            return []
        with self.errors():
            answers = execute_concurrent_with_args(
                self._session, self._prepare(statement), listed, concurrency=CONCURRENCY, raise_on_first_error=True
            )
            return [list(answer.result_or_exc) for answer in answers]

    def together(self, statement: str, groups: Iterable[Sequence[tuple[Sequence[Any], int]]]) -> None:
        """Writes rows, each with its size in bytes; those of a group are of one partition and go in few batches."""
        with self.errors():
            prepared = self._prepare(statement)
            self._batches(map(prepared.bind, some) for group in groups for some in _by_size(group))

    def each(self, writes: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """Runs different statements side by side."""
        with self.errors():
            prepared = [(self._prepare(statement), values) for statement, values in writes]
            execute_concurrent(self._session, prepared, concurrency=CONCURRENCY, raise_on_first_error=True)

    def scattered(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Writes small rows of many partitions: those of the same nodes go some in a batch, to where each would go.

        A request costs both sides several times what such a row does.
        """
        with self.errors():
            prepared, metadata = self._prepare(statement), self._cluster.metadata
            by_nodes: dict[tuple[Any, ...], list[BoundStatement]] = defaultdict(list)
            for bound in map(prepared.bind, values):
                by_nodes[tuple(metadata.get_replicas(bound.keyspace, bound.routing_key))].append(bound)
            self._batches(
                bounds[start : start + BATCH_PARTITIONS]
                for bounds in by_nodes.values()
                for start in range(0, len(bounds), BATCH_PARTITIONS)
            )

    def _batches(self, batches: Iterable[Iterable[BoundStatement]]) -> None:
        under_way = deque[ResponseFuture]()
        for bounds in batches:
            batch = BatchStatement(batch_type=BatchType.UNLOGGED)
            for bound in bounds:
                batch.add(bound)
            batch.is_idempotent = True
            under_way.append(self._session.execute_async(batch))
            if len(under_way) >= CONCURRENCY:
                under_way.popleft().result()
        for asked in under_way:
            asked.result()

    def close(self) -> None:
        self._cluster.shutdown()

    def _prepare(self, statement: str) -> PreparedStatement:
        with self._lock:
            if statement not in self._prepared:
                prepared = self._session.prepare(self._qualified(statement))
                prepared.is_idempotent = " if " not in statement and "now()" not in statement
                self._prepared[statement] = prepared
            return self._prepared[statement]

    def _qualified(self, statement: str) -> str:
        """With the keyspace before the table: a session that uses one is what the server warns of."""
        return _TABLE.sub(rf"\1 {self.address.keyspace}.\2", statement, count=1)

    @contextmanager
    def errors(self) -> Iterator[None]:
        name = self.address.name
        try:
            yield
        except NoHostAvailable as error:
            if any(type(reason).__name__ == "AuthenticationFailed" for reason in error.errors.values()):
                raise StoreError(f"{name} refuses the user or the password; correct its URL") from error
            raise StoreBusyError(f"{name} cannot be reached; start it, or correct its URL") from error
        except UnresolvableContactPoints as error:
            raise StoreBusyError(f"{name}: no such host; correct its URL") from error
        except (OperationTimedOut, RequestExecutionException, ConnectionException) as error:
            raise StoreBusyError(f"{name} does not answer in time ({type(error).__name__})") from error
        except DriverException as error:
            raise StoreError(f"{name} cannot do that: {error}; sparkstream needs Cassandra 5 or newer") from error


def _by_size(rows: Sequence[tuple[Sequence[Any], int]]) -> Iterator[list[Sequence[Any]]]:
    some: list[Sequence[Any]] = []
    size = 0
    for values, bytes_ in rows:
        if some and size + bytes_ > BATCH_BYTES:
            yield some
            some, size = [], 0
        some.append(values)
        size += bytes_
    if some:
        yield some
