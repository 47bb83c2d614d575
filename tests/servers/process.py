"""A server as a child process: ready when it says so, stopped cleanly, killed when a test wants it, never left."""

import contextlib
import itertools
import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Self

STARTS = 3
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


class ServerError(Exception):
    """A server that cannot be had or does not start; the message says what to do, or what its log says."""


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody listens on.

    Below those that the system gives to outgoing connections: a client that tries to reach a killed server again and
    again would else take its port one day, and the server could not come back.
    """
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < number:
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port := random.randrange(15_000, 32_000)))
                ports.append(port)
        return ports


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


class Server:
    """One server in a folder of its own, on loopback.

    The kernel kills it when the thread that started it ends, so that a killed test run leaves nothing: start servers
    on the main thread.
    """

    name: ClassVar[str]
    ready: ClassVar[bytes]
    """What its log says once it can be used; the port has to be open as well."""
    port_count: ClassVar[int] = 1
    start_seconds: ClassVar[float]

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Writes what the program reads; its ports are chosen."""

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> Self:
        """Starts it and waits until it can be used. Ports are chosen at the first start and kept from then on.

        Raises:
            ServerError: it ended, or was not ready in time; with the end of its log.
        """
        keep = bool(self.ports)
        for attempt in itertools.count(1):
            self.ports = self.ports if keep else free_ports(self.port_count)
            self.launch()
            try:
                self.wait()
            except ServerError:
                taken = self._logged(rb"(?i)address (already )?in use|bindexception")
                self.kill()
                if keep or not taken or attempt == STARTS:  # somebody took the port between our look and its start
                    raise
            else:
                return self
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """As an operator would; a server that takes longer than 20 s is killed."""
        if self._process is not None and self.is_running:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing, as a machine that is overloaded; afterwards it does what it was
        asked to.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Starts it again on the same folder and ports, whether it was stopped, killed or still runs."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tail(self) -> str:
        return self.log.read_bytes()[-3_000:].decode(errors="replace")

    def launch(self) -> None:
        """Starts it on the ports that it had, and does not wait."""
        self.prepare()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        dying_with_us = ("setpriv", "--pdeathsig", "KILL")  # of util-linux; becomes the server, so the pid is its own
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*dying_with_us, *self.command()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours
            )

    def wait(self) -> None:
        """Until what was launched can be used; on any thread.

        Raises:
            ServerError: as `start`.
        """
        assert self._process is not None
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerError(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            if self._logged(re.escape(self.ready)) and answers(self.port):
                return
            time.sleep(POLL_SECONDS)
        raise ServerError(f"{self.name} was not ready in {self.start_seconds:.0f} s:\n{self.tail()}")

    def _logged(self, pattern: bytes) -> bool:
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return re.search(pattern, file.read()) is not None


def java_flags(heap: str) -> list[str]:
    """Small and quick to start; a test's server never lives long enough for the second compiler."""
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto"]
    return [f"-Xmx{heap}", *quick, "-Djava.awt.headless=true"]
