"""Apache Kafka: one broker that is its own controller (KRaft)."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from servers.jars import fetch, java
from servers.process import Server, ServerError, java_flags

SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",  # who needs a topic makes it, with what it needs
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",  # the first group need not wait for 50
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
    "log.cleaner.dedupe.buffer.size": str(4 << 20),  # the default is half of our heap
    "log.cleaner.io.buffer.size": str(128 << 10),
    "log.cleaner.backoff.ms": "500",  # compaction shows at once, not after 15 s
    "log.retention.check.interval.ms": "1000",  # the same of retention: default 5 min
    "log.initial.task.delay.ms": "500",
    "broker.session.timeout.ms": "4000",  # a killed broker's id is refused until its session ends: default 9 s
    "broker.heartbeat.interval.ms": "500",
    "controlled.shutdown.enable": "false",  # there is no other broker to hand over to
}


class Kafka(Server):
    """Survives kill -9: what it acknowledged is there after `restart`, on the same port."""

    name = "kafka"
    ready = b"Kafka Server started"
    port_count = 2
    start_seconds = 90.0

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        super().__init__(folder)
        self._more = settings or {}

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, topic: str) -> str:
        return f"kafka://{self.bootstrap}/{topic}"

    def prepare(self) -> None:
        listener, controller = f"PLAINTEXT://{self.bootstrap}", f"127.0.0.1:{self.ports[1]}"
        settings = {
            **SETTINGS,
            "listeners": f"{listener},CONTROLLER://{controller}",
            "advertised.listeners": listener,
            "controller.quorum.voters": f"1@{controller}",  # keeps the ports out of the data folder
            "log.dirs": str(self.folder / "data"),
            **self._more,
        }
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> Sequence[str]:
        return self._java("256m", "kafka.Kafka", str(self._properties))

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _format(self) -> None:
        cluster = "T" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]  # may not begin with "-"
        words = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties))
        done = subprocess.run(self._java("128m", *words), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"Kafka's folder cannot be made:\n{done.stdout}{done.stderr}")

    def _java(self, heap: str, *words: str) -> list[str]:
        log = ["showDateTime=true", "dateTimeFormat=HH:mm:ss.SSS"]
        flags = [*java_flags(heap), *(f"-Dorg.slf4j.simpleLogger.{line}" for line in log)]
        return [java(), *flags, "-cp", f"{fetch('kafka')}/*", *words]
