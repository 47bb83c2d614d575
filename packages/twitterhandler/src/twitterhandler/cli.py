"""The program `twitterhandler`: settings, one call, what came of it."""

import asyncio
import contextlib
import logging
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.exceptions import TyperException

from twitterhandler.__about__ import __version__
from twitterhandler.commands import doctor, estimates, queries, topics
from twitterhandler.commands.options import Topics
from twitterhandler.errors import QueryError, SettingError, TwitterhandlerError
from twitterhandler.flow import IngestStatus
from twitterhandler.ingest import Ingest
from twitterhandler.settings import Settings, SourceName

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carries posts on a topic from a source to a queue. Each option can also be set by the environment: "
    "--rate by TWITTERHANDLER_RATE, and so on.",
    epilog="Example: twitterhandler serve --source simulator --rate 10",
)
run = typer.Typer(no_args_is_help=True, help="Carry the posts of one source to the queue until it ends.")
app.add_typer(run, name="run")
app.add_typer(topics.app, name="topics")
app.add_typer(queries.app, name="query")
app.command(epilog="Example: twitterhandler estimate '#WorldCup lang:en'")(estimates.estimate)
app.command(epilog="Example: twitterhandler doctor")(doctor.doctor)

Sink = Annotated[
    str | None, typer.Option(help="spool:FOLDER or kafka://HOST:PORT/TOPIC (default: spool:./data/spool).")
]
Speed = Annotated[str | None, typer.Option(help="How many times faster: 1, 60, max (default: max).")]
Retime = Annotated[bool | None, typer.Option("--retime", help="Posts get the time at which they are heard.")]
Seed = Annotated[int | None, typer.Option(help="The simulated world follows from it (default: 7).")]
Rate = Annotated[float | None, typer.Option(help="Posts a second, as the mean of a day (default: 5).")]
Duplicates = Annotated[float | None, typer.Option(help="Share of the posts that come twice (default: 0.02).")]
Outages = Annotated[int | None, typer.Option(help="Times in which nothing is heard; live one each 20 minutes.")]
Dirty = Annotated[float | None, typer.Option(help="Share of the posts after which a broken line comes.")]
Start = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="With --hours: when it begins.")]
Hours = Annotated[float | None, typer.Option(help="Play so many hours and end, instead of going on live.")]
History = Annotated[str | None, typer.Option(help="How far before now a live run begins (default: 20m).")]


def main() -> None:
    """The console program: errors are one line on stderr; 1 says that it failed, 2 that it was used wrongly."""
    try:
        sys.exit(app(prog_name="twitterhandler", standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except TyperException as exc:
        if message := exc.format_message().rstrip("."):  # without a command there is none: the help has been shown
            query = ", and write `--` before a query that begins with `-`" * message.startswith("No such option")
            print(f"twitterhandler: {message}; see `twitterhandler --help`{query}", file=sys.stderr)
        sys.exit(2)
    except TwitterhandlerError as exc:
        if isinstance(exc, QueryError):
            print(exc.pointer(), file=sys.stderr)
        print(f"twitterhandler: {exc}", file=sys.stderr)
        sys.exit(2 if isinstance(exc, SettingError) else 1)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"twitterhandler {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of each try; our sink tells of the outage


@run.command(epilog="Example: twitterhandler run simulator --rate 10 --hours 1 --seed 7")
def simulator(
    seed: Seed = None,
    rate: Rate = None,
    duplicates: Duplicates = None,
    outages: Outages = None,
    dirty: Dirty = None,
    start: Start = None,
    hours: Hours = None,
    speed: Speed = None,
    history: History = None,
    sink: Sink = None,
    topics: Topics = None,
) -> None:
    """Posts of a made-up world: live until Ctrl-C, or --hours of it."""
    _carry(Settings.read(**locals(), source="simulator"))


@run.command(epilog="Example: twitterhandler run replay posts.jsonl.gz --speed 60")
def replay(
    file: Annotated[Path, typer.Argument(help="X API v2 messages, one a line, plain or gzip.")],
    speed: Speed = None,
    retime: Retime = None,
    sink: Sink = None,
) -> None:
    """Posts of a file as if they were heard now."""
    _carry(Settings.read(**locals(), source="replay"))


@run.command(epilog="Example: twitterhandler run x")
def x(sink: Sink = None, topics: Topics = None) -> None:
    """Posts of X about the topics that are started, until Ctrl-C. The key is TWITTERHANDLER_X_TOKEN."""
    _carry(Settings.read(**locals(), source="x"))


@run.command(epilog="Example: twitterhandler run bluesky")
def bluesky(sink: Sink = None, topics: Topics = None) -> None:
    """Posts of Bluesky about the topics that are started, until Ctrl-C; goes on where it was. Needs no key."""
    _carry(Settings.read(**locals(), source="bluesky"))


@run.command(epilog="Example: twitterhandler run mastodon --url https://mastodon.social --stream public/local")
def mastodon(
    url: Annotated[str | None, typer.Option(help="The server: https://HOST.")] = None,
    stream: Annotated[
        str | None, typer.Option(help="public, public/local, public/remote, hashtag:TAG (default: public).")
    ] = None,
    sink: Sink = None,
    topics: Topics = None,
) -> None:
    """Posts that reach a server of Mastodon about the topics that are started, until Ctrl-C.

    The key is TWITTERHANDLER_MASTODON_TOKEN: of an account there, with read:statuses.
    """
    found = {"mastodon_url": url, "mastodon_stream": stream, "sink": sink, "topics": topics}
    _carry(Settings.read(**found, source="mastodon"))


@app.command(epilog="Example: twitterhandler serve --source simulator --rate 10")
def serve(
    source: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(get_args(SourceName))}; may be repeated (default: simulator)."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The file of --source replay.")] = None,
    host: Annotated[str | None, typer.Option(help="Where the API listens (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes any that is free (default: 9001).")] = None,
    speed: Speed = None,
    retime: Retime = None,
    seed: Seed = None,
    rate: Rate = None,
    duplicates: Duplicates = None,
    outages: Outages = None,
    dirty: Dirty = None,
    start: Start = None,
    hours: Hours = None,
    history: History = None,
    sink: Sink = None,
    topics: Topics = None,
) -> None:
    """The API, and a source beside it; stays up when the source ends. A token is set by TWITTERHANDLER_TOKEN."""
    from twitterhandler.service import serve as serve_until_signal

    settings = Settings.read(**{**locals(), "source": source or None})
    logging.getLogger("twitterhandler").setLevel(logging.INFO)
    asyncio.run(serve_until_signal(settings))


@app.command("fake-x", epilog="Example: twitterhandler fake-x --port 9010 --rate 10")
def fake_x(
    port: Annotated[int, typer.Option(help="0 takes any that is free.")] = 9010,
    seed: Annotated[int, typer.Option(help="The world follows from it.")] = 7,
    rate: Annotated[float, typer.Option(help="Posts a second, as the mean of a day.")] = 5.0,
    trouble: Annotated[float | None, typer.Option(help="Something goes wrong after so many seconds, always.")] = None,
) -> None:
    """A fake of X with a made-up world on it, to try everything without an account. It prints how."""
    from twitterhandler.testing.xserver.program import serve as serve_fake

    asyncio.run(serve_fake(port, seed=seed, rate=rate, trouble=trouble))


def _carry(settings: Settings) -> None:
    status, seconds = asyncio.run(_run_source(settings))
    counts = status.counts
    rate = counts.posts / seconds if seconds else 0.0
    unmatched = f", {counts.unmatched:,} that no topic wants" if counts.unmatched else ""
    print(
        f"{counts.posts:,} posts, {counts.dead:,} dead lines{unmatched} in {seconds:.1f} s ({rate:,.0f} posts/s) "
        f"to {settings.sink}"
    )


async def _run_source(settings: Settings) -> tuple[IngestStatus, float]:
    """Runs the source until it ends or a signal comes; its last status, and the seconds that it took."""
    from twitterhandler.service import watch
    from twitterhandler.subscriptions import Subscriptions

    loop = asyncio.get_running_loop()
    registry = None if settings.source == ("replay",) else settings.open_topics()
    subscriptions = Subscriptions(registry) if registry else None
    spending = settings.open_spending(registry) if registry else None
    [source] = settings.open_sources(spending)
    sink = settings.open_sink()
    ingest = Ingest(source, sink, subscriptions=subscriptions, spending=spending)
    began = loop.time()
    carrying = asyncio.create_task(ingest.run())
    watching = asyncio.create_task(watch([ingest]))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, carrying.cancel)
    reporting = asyncio.create_task(_report(ingest)) if sys.stderr.isatty() else None
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await carrying
    finally:
        watching.cancel()
        if reporting:
            reporting.cancel()
            print(file=sys.stderr)
        await sink.close()
        if spending:
            spending.close()
    return ingest.status(), loop.time() - began


async def _report(ingest: Ingest) -> None:
    """One line on the terminal, written over each second."""
    while True:
        await asyncio.sleep(1)
        status: Any = ingest.status()
        counts = status.counts
        line = f"{counts.posts:,} posts  {status.rate:,.0f} posts/s  {counts.dead:,} dead"
        print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
