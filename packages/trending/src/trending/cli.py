"""`trending`: what rises, on a terminal and over HTTP."""

import asyncio
import logging
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from trending.__about__ import __version__
from trending.errors import InvalidWindowError, SettingsError, TrendingError
from trending.windows import parse_window

if TYPE_CHECKING:
    from trending.api import EmergingAnswer
    from trending.settings import Settings
    from trending.values import Emerging

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__,
    epilog="Example: trending emerging world-cup",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trending {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and end.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: trending emerging world-cup --window 30m --limit 10")
def emerging(
    topic: Annotated[str, typer.Argument(help="The topic's slug, as `GET /v1/topics` of the view API lists it.")],
    window: Annotated[str, typer.Option(help="The last minutes to look at: 15m, 1h, 2d …")] = "15m",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many terms at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the HTTP API instead of a table.")] = False,
) -> None:
    """The terms of TOPIC that are said more often than the time before lets expect, best first."""
    from trending.api import EmergingAnswer
    from trending.settings import load_settings

    try:
        length = parse_window(window)
    except InvalidWindowError as error:
        raise typer.BadParameter(str(error), param_hint="--window") from error
    answer = EmergingAnswer.of(asyncio.run(_ask(load_settings(), topic, length)), limit)
    if as_json:
        typer.echo(answer.model_dump_json(by_alias=True, exclude_none=True))
        return
    typer.echo(_heading(answer))
    for item in answer.items:
        typer.echo(
            f"{item.posts:>7} posts  ×{item.lift:<7.1f} z {item.score:>5.1f}  {item.facet:<8} {item.text or item.term}"
        )
    if answer.coverage == "none":
        typer.echo("what rises is unknown: too little of this time was heard; the view API's `coverage` says why")
    elif not answer.items:
        typer.echo("nothing rises")


def _heading(answer: "EmergingAnswer") -> str:
    window, baseline = answer.window, answer.baseline
    against = f"the time since {baseline.from_}"
    if answer.coverage == "partial":
        against = f"{baseline.from_} to {baseline.to}; the rest is not wholly known"
    return f"{answer.topic}: {window.from_} to {window.to}, against {against}"


@app.command(epilog="Example: trending serve")
def serve() -> None:
    """The HTTP API, on TRENDING_HOST and TRENDING_PORT (127.0.0.1:9003); its page of routes is at /docs."""
    from trending.api import create_app
    from trending.providers.stream import StreamProvider
    from trending.providers.views import ViewClient
    from trending.serving import run
    from trending.settings import load_settings

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    settings = load_settings()
    provider = StreamProvider(ViewClient(settings.views_url))
    run(create_app(provider, token=settings.token, cache_seconds=settings.cache_seconds), settings.host, settings.port)


async def _ask(settings: "Settings", topic: str, window: timedelta) -> "Emerging":
    from trending.providers.stream import StreamProvider
    from trending.providers.views import ViewClient

    provider = StreamProvider(ViewClient(settings.views_url))
    try:
        return await provider.emerging(topic, window)
    finally:
        await provider.aclose()


def main() -> None:
    """The console program: errors are one line on stderr; 1 says that it failed, 2 that it was used wrongly."""
    try:
        sys.exit(app(prog_name="trending", standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except TyperException as error:
        if message := error.format_message().rstrip("."):  # without a command there is none: the help has been shown
            print(f"trending: {message}; see `trending --help`", file=sys.stderr)
        sys.exit(2)
    except TrendingError as error:
        print(f"trending: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
