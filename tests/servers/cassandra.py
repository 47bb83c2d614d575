"""Apache Cassandra: one node."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from servers.jars import fetch, java
from servers.process import Server, java_flags

HERE: Final = Path(__file__).parent

# After Cassandra 5.0's own jvm17-server.options.
OPENS: Final = (
    *("java.base/java.lang", "java.base/java.lang.module", "java.base/java.util", "java.base/java.nio"),
    *("java.base/java.io", "java.base/sun.nio.ch", "java.base/jdk.internal.loader", "java.base/jdk.internal.ref"),
    *("java.base/jdk.internal.reflect", "java.base/jdk.internal.math", "java.base/jdk.internal.module"),
    *("java.base/jdk.internal.util.jar", "jdk.management/com.sun.management.internal"),
)
EXPORTS: Final = (
    *("java.base/jdk.internal.misc", "java.base/jdk.internal.ref", "java.base/sun.nio.ch", "java.base/java.lang.ref"),
    *("java.base/java.lang.reflect", "java.management.rmi/com.sun.jmx.remote.internal.rmi", "java.sql/java.sql"),
    *("java.rmi/sun.rmi.registry", "java.rmi/sun.rmi.server", "java.rmi/sun.rmi.transport.tcp"),
    *("jdk.unsupported/sun.misc",),
)
PROPERTIES: Final = {
    "cassandra-foreground": "yes",  # else it closes its output, and the log just ends
    "cassandra.memtable.row_overhead_size": "181",  # else 5 s of the start go into measuring it
    "cassandra.skip_wait_for_gossip_to_settle": "0",  # there is nobody to gossip with
    "cassandra.ring_delay_ms": "0",
    "cassandra.superuser_setup_delay_ms": "0",
    "cassandra.shutdown_announce_in_ms": "0",
    "cassandra.skip_paxos_repair_on_topology_change": "true",
    "cassandra.skip_schema_check": "true",
    "cassandra.consistent.rangemovement": "false",
    "jdk.attach.allowAttachSelf": "true",
    "io.netty.tryReflectionSetAccessible": "true",
}


class Cassandra(Server):
    """Survives kill -9: what it acknowledged is there after `restart` (commitlog_sync is `batch`)."""

    name = "cassandra"
    ready = b"Starting listening for CQL clients"
    port_count = 2
    start_seconds = 120.0

    def url(self, keyspace: str) -> str:
        return f"cassandra://127.0.0.1:{self.port}/{keyspace}"

    def prepare(self) -> None:
        settings = (HERE / "cassandra.yaml").read_text()
        port, storage_port = self.ports
        self._settings.write_text(settings.format(port=port, storage_port=storage_port, folder=self.folder))

    def command(self) -> Sequence[str]:
        properties = {
            **PROPERTIES,
            "cassandra.config": f"file://{self._settings}",
            "logback.configurationFile": f"file://{HERE / 'logback.xml'}",
            "cassandra.storagedir": str(self.folder),
            "cassandra.logdir": str(self.folder),
        }
        return [
            java(),
            *java_flags("512m"),
            *("-Xms128m", "-Xss512k", "-XX:MaxDirectMemorySize=256m", "-XX:+ExitOnOutOfMemoryError"),
            *(word for name in OPENS for word in ("--add-opens", f"{name}=ALL-UNNAMED")),
            *(word for name in EXPORTS for word in ("--add-exports", f"{name}=ALL-UNNAMED")),
            *(f"-D{name}={value}" for name, value in properties.items()),
            *("-cp", f"{fetch('cassandra')}/*", "org.apache.cassandra.service.CassandraDaemon"),
        ]

    @property
    def _settings(self) -> Path:
        return self.folder / "cassandra.yaml"
