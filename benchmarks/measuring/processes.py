"""What the programs of a benchmark cost while they run: CPU and memory of each process, read from outside."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_NAMES = {
    "kafka.Kafka": "Kafka",
    "CassandraDaemon": "Cassandra",
    "redis-server": "Redis",
    "org.apache.spark": "Spark's JVM",
    "pyspark.daemon pyspark.worker": "workers' parent",
    "pyspark.daemon": "planning",
    "streaming_source_runner": "source",
    "sparkstream serve": "view API",
    "sparkstream run": "job",
    "stock.py run": "job",
}
"""What is in a command line, and what it is called; the first that is found."""


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    name: str


def below(pid: int, parent: str = "") -> Iterator[Process]:
    """A process and all below it; what has ended meanwhile is left out."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    name = next((name for part, name in _NAMES.items() if part in command), command.split(" ")[0])
    if name == parent == "workers' parent":  # forked, so the command line is the same
        name = "worker"
    yield Process(pid, name)
    for child in children:
        yield from below(child, name)


class CpuMeter:
    """Seconds of CPU of a process and all below it; what one had used when it was last seen stays counted."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used: dict[int, float] = {}

    def read(self) -> float:
        for process in below(self._pid):
            self._used[process.pid] = max(_cpu(process.pid), self._used.get(process.pid, 0.0))
        return sum(self._used.values())


def memory_by_name(pid: int) -> dict[str, int]:
    """Bytes of each process below this one, what they share counted once (PSS); workers are numbered."""
    found: Counter[str] = Counter()
    workers = 0
    for process in below(pid):
        if process.name == "worker":
            workers += 1
            found[f"worker {workers}"] = _memory(process.pid)
        elif process.name in _NAMES.values():
            found[process.name] += _memory(process.pid)
    return dict(found)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
