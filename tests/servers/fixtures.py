"""The servers as pytest fixtures: one of each a session, started when the first test asks; names keep tests apart."""

import itertools
import uuid
from collections.abc import Iterator

import pytest

from servers.cassandra import Cassandra
from servers.jars import fetch
from servers.kafka import Kafka
from servers.process import Server
from servers.redis import DATABASES, Redis

_databases = itertools.count()
_OF_SESSION = {"kafka_of_session", "cassandra_of_session", "redis_of_session"}


def _name(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _OF_SESSION.intersection(item.fixturenames):
            item.add_marker("servers")


def _alive(server: Server) -> None:
    """A test may kill a server; the next one finds it again."""
    if not server.is_running:
        server.start()


@pytest.fixture(scope="session")
def kafka_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def cassandra_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandra]:
    with Cassandra(tmp_path_factory.mktemp("cassandra")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def kafka_server(kafka_of_session: Kafka) -> Kafka:
    """A running broker; a test may kill and restart it."""
    _alive(kafka_of_session)
    return kafka_of_session


@pytest.fixture
def cassandra_server(cassandra_of_session: Cassandra) -> Cassandra:
    """A running node; a test may kill and restart it."""
    _alive(cassandra_of_session)
    return cassandra_of_session


@pytest.fixture
def redis_server(redis_of_session: Redis) -> Redis:
    """A running server; a test may kill and restart it."""
    _alive(redis_of_session)
    return redis_of_session


@pytest.fixture
def kafka_url(kafka_server: Kafka) -> str:
    """`kafka://…` of a topic that is the test's own and does not exist yet."""
    return kafka_server.url(_name("posts"))


@pytest.fixture
def cassandra_url(cassandra_server: Cassandra) -> str:
    """`cassandra://…` of a keyspace that is the test's own and does not exist yet."""
    return cassandra_server.url(_name("posts"))


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """`redis://…` of a database that no test has used."""
    number = next(_databases)
    assert number < DATABASES, "give Redis more databases"
    return redis_server.url(number)


@pytest.fixture(scope="session")
def spark_jars() -> str:
    """The folder with Spark's Kafka connector, as SPARKSTREAM_JARS wants it."""
    return str(fetch("spark"))
