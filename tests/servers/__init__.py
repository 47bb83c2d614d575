"""Real Kafka, Cassandra and Redis on loopback for tests, from package registries: no container, nothing installed.

    with Kafka(folder) as kafka: ...      # kafka.bootstrap, kafka.url("posts"); kill(), restart()

`nox -s servers` starts them until Ctrl-C. In tests they are fixtures (`servers.fixtures`), one of each a session;
tests keep apart by the names of topics, keyspaces and databases. Only the standard library is imported here.
"""

from servers.cassandra import Cassandra
from servers.jars import fetch
from servers.kafka import Kafka
from servers.process import Server, ServerError
from servers.redis import Redis

__all__ = ["Cassandra", "Kafka", "Redis", "Server", "ServerError", "fetch"]
