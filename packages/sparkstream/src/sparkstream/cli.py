"""`sparkstream`: run the job, serve the views; what else there is to do stands in `commands`."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from sparkstream.__about__ import __version__
from sparkstream.commands.preparing import app as preparing
from sparkstream.commands.upkeep import AnnotatorUrl, Speed, Store, annotator_of
from sparkstream.commands.upkeep import app as upkeep
from sparkstream.errors import AddressError, JobError, SettingsError, SparkstreamError
from sparkstream.schedule import Schedule

if TYPE_CHECKING:
    from sparkstream.job import StreamJob

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="From a queue of posts to live views of what is being said.",
    epilog="Example: sparkstream run --once",
    pretty_exceptions_enable=False,
)

app.add_typer(upkeep)
app.add_typer(preparing)

HEARTBEAT = 5.0
"""Seconds between two words of the job in the store."""
GROUP = 0.5
"""Seconds in which a stop reaches us that has ended our JVM already, as one of the whole group of processes may."""


def main() -> None:
    for name in ("cluster", "connection", "pool"):  # traces of a server that is away, which we say in a line
        logging.getLogger(f"cassandra.{name}").setLevel(logging.CRITICAL)
    try:
        app(standalone_mode=False)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except typer.Abort:
        sys.exit(130)
    except SparkstreamError as error:
        _fail(str(error), 2 if isinstance(error, SettingsError) else 1)
    except ValidationError as error:
        _fail(
            "; ".join(
                f"SPARKSTREAM_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
            ),
            2,
        )
    except TyperException as error:  # wrong use
        message = error.format_message().rstrip(".")
        if message:  # without a command there is none: the help has been shown
            _fail(f"{message}; see `sparkstream --help`", 2)
        sys.exit(2)
    except BrokenPipeError:  # who reads us, as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at the end does not fail too
        sys.exit(1)


def _fail(message: str, code: int) -> None:
    print(f"sparkstream: {message}", file=sys.stderr)
    sys.exit(code)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: sparkstream run --queue spool:./data/spool --store sqlite:./data/views.db")
def run(
    queue: Annotated[
        str | None,
        typer.Option(help="spool:FOLDER or kafka://HOST:PORT/TOPIC [SPARKSTREAM_QUEUE]", show_default=False),
    ] = None,
    store: Store = None,
    speed: Speed = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder [SPARKSTREAM_CHECKPOINT, ./data/checkpoint]", show_default=False)
    ] = None,
    annotator: AnnotatorUrl = None,
    once: Annotated[bool, typer.Option("--once", help="End after what is in the queue now.")] = False,
) -> None:
    """Read the queue, annotate and count posts, until Ctrl-C; go on from the checkpoint."""
    from sparkstream.job import JobOptions, StreamJob
    from sparkstream.settings import Settings

    _configure_logging()
    settings = Settings()
    factory = annotator_of(annotator)
    job_options = JobOptions(
        master=settings.master,
        max_lines=settings.max_lines,
        trigger=settings.trigger,
        driver_memory=settings.driver_memory,
        jars=settings.jars,
        access=settings.kafka_access(),
    )
    job = StreamJob(
        queue=queue or settings.queue,
        store=store or settings.store,
        speed=speed or settings.speed,
        checkpoint=checkpoint or settings.checkpoint,
        annotator=factory,
        options=job_options,
    )
    batches = _batches(store or settings.store, speed or settings.speed, settings.batch_every)
    with _stop_signal() as stopped, closing(batches):
        try:
            _run(job, stopped, batches, once=once)
        except JobError:
            if not stopped.wait(GROUP):
                raise


def _run(job: StreamJob, stopped: threading.Event, batches: Schedule, *, once: bool) -> None:
    if not _started(job, stopped, once=once):
        return
    signal.signal(signal.SIGINT, lambda *_: stopped.set())  # Spark has put its own in the place of ours
    logging.getLogger("sparkstream").info("the job runs")
    with job:
        while not job.wait(0.2):
            if stopped.wait(HEARTBEAT):
                break
            job.heartbeat()
            batches.tick()


def _batches(store: str, speed: str | None, every: float) -> Schedule:
    where = ["--store", store, *(["--speed", speed] if speed else [])]
    return Schedule([sys.executable, "-m", "sparkstream", "batch", *where], every)


def _started(job: StreamJob, stopped: threading.Event, *, once: bool) -> bool:
    """Start it, also where that can be done only later; False when it was told to stop before."""
    from sparkstream.backoff import Backoff

    backoff = Backoff()
    while True:
        try:
            job.start(once=once)
        except SparkstreamError as error:
            if not error.retriable:
                raise
            pause = backoff.failed()
            logging.getLogger("sparkstream").warning("%s; the job waits and tries again in %.0f s", error, pause)
            if stopped.wait(pause):
                return False
        else:
            return True


@app.command(epilog="Example: sparkstream serve --store sqlite:./data/views.db --port 9002")
def serve(
    store: Store = None,
    speed: Speed = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Beyond loopback SPARKSTREAM_TOKEN has to be set [SPARKSTREAM_HOST, 127.0.0.1]", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="[SPARKSTREAM_PORT, 9002]", show_default=False)
    ] = None,
) -> None:
    """Serve the view API; /docs describes it."""
    import uvicorn

    from sparkstream.api import create_app
    from sparkstream.settings import Settings
    from sparkstream.stores import open_served

    _configure_logging()
    settings = Settings()
    token = settings.token.get_secret_value() if settings.token else None
    address = _bind(host or settings.host, settings.port if port is None else port, token)
    opened = open_served(store or settings.store, speed or settings.speed)
    config = uvicorn.Config(create_app(opened, token=token), log_level="warning", timeout_graceful_shutdown=2)
    gc.collect()
    gc.freeze()  # what is here stays: looking through it after each page of posts takes longer than a page may
    with address, _stop_signal():  # uvicorn ends well, and raises the signal once more
        logging.getLogger("sparkstream").info("the views are at http://%s:%d", *address.getsockname()[:2])
        uvicorn.Server(config).run([address])
    opened.close()


def _bind(host: str, port: int, token: str | None) -> socket.socket:
    """A listening address; bound here, so that a port in use is one line and not a traceback."""
    if token is None and not _is_loopback(host):
        raise SettingsError(f"{host} is beyond loopback: set SPARKSTREAM_TOKEN, or serve on 127.0.0.1")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = socket.socket(family, socket.SOCK_STREAM)
    address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        address.bind((host, port))
        address.listen()  # who connects as soon as the address is said waits, and is not refused
    except OSError as error:
        address.close()
        raise AddressError(f"{host}:{port} cannot be used: {error.strerror}; choose another with --port") from error
    return address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    stopped = threading.Event()

    def stop(*_: Any) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    yield stopped


def _configure_logging() -> None:
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    logging.getLogger("sparkstream").setLevel(logging.INFO)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # the traces of what ends a job, which says it in a line
    logging.getLogger().addFilter(_is_not_of_py4j)  # it writes some of them to the root itself


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    return Path(record.pathname).parent.name != "py4j"
