"""The command line program: `dashboard serve`."""

from __future__ import annotations

import logging
import socket
import sys
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from dashboard.__about__ import __version__
from dashboard.errors import AddressError, DashboardError, SettingsError

_GRACE_SECONDS = 2  # open sockets would hold a shutdown for ever
_MAX_RECEIVED_BYTES = 65_536  # a browser has nothing to say on /live, and little on Dash's own socket

program = typer.Typer(
    name="dashboard",
    help="The live page of a topic. It reads from the view API and from trending, and pushes to the browsers.",
    epilog="Example: dashboard serve --port 8050",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"dashboard {__version__}")
        raise typer.Exit


@program.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None: ...


@program.command(epilog="Example: dashboard serve --port 8050 --views-url http://127.0.0.1:9002")
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen [DASHBOARD_HOST, 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one [DASHBOARD_PORT, 8050].")] = None,
    views_url: Annotated[
        str | None, typer.Option(help="The view API [DASHBOARD_VIEWS_URL, http://127.0.0.1:9002].")
    ] = None,
    trending_url: Annotated[
        str | None, typer.Option(help="trending [DASHBOARD_TRENDING_URL, http://127.0.0.1:9003].")
    ] = None,
    twitterhandler_url: Annotated[
        str | None, typer.Option(help="The collector [DASHBOARD_TWITTERHANDLER_URL, http://127.0.0.1:9001].")
    ] = None,
) -> None:
    """Serve the page until Ctrl-C. Beyond loopback it needs DASHBOARD_TOKEN (16 characters or more)."""
    settings = _settings(
        host=host, port=port, views_url=views_url, trending_url=trending_url, twitterhandler_url=twitterhandler_url
    )
    listener = _listen(settings.host, settings.port)
    import uvicorn

    from dashboard.app import create_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    app = create_app(
        settings.views_url,
        settings.trending_url,
        settings.twitterhandler_url,
        token=_secret(settings.token),
        collector_token=_secret(settings.twitterhandler_token),
        max_browsers=settings.max_browsers,
    )
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS, ws_max_size=_MAX_RECEIVED_BYTES
    )
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    typer.echo(f"dashboard: http://{name}:{listener.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listener])


def _secret(value: Any) -> str | None:
    return value.get_secret_value() if value is not None else None


def _settings(**options: Any) -> Any:
    from pydantic import ValidationError

    from dashboard.settings import Settings

    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'settings'}: {error['msg'].removeprefix('Value error, ')}"
            for error in exc.errors(include_input=False)
        )
        raise SettingsError(problems) from exc


def _listen(host: str, port: int) -> socket.socket:
    """Bound before the page is built, so that a taken port is said at once and in one line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        reason = exc.strerror or str(exc)
        raise AddressError(
            f"cannot listen on {host}:{port} ({reason.lower()}); choose another with --port or DASHBOARD_PORT"
        ) from exc
    return listener


def main() -> None:
    """The console program: errors are one line on stderr; 1 says that it failed, 2 that it was used wrongly."""
    try:
        sys.exit(program(prog_name="dashboard", standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except TyperException as exc:
        if message := exc.format_message().rstrip("."):  # without a command there is none: the help has been shown
            typer.echo(f"dashboard: {message}; see `dashboard --help`", err=True)
        sys.exit(2)
    except DashboardError as exc:
        typer.echo(f"dashboard: {exc}", err=True)
        sys.exit(2 if isinstance(exc, SettingsError) else 1)
