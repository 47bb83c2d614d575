"""Runs an ASGI app until SIGINT or SIGTERM, and then ends well."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from twitterhandler.errors import ServiceError, SettingError


def listen(host: str, port: int, *, guarded: bool) -> socket.socket:
    """A bound socket; port 0 takes a free one. Beyond loopback changing routes must be `guarded` by a token.

    Raises:
        SettingError: `host` is beyond loopback and nothing guards it.
        ServiceError: the address cannot be had.
    """
    if not guarded and not _is_loopback(host):
        raise SettingError(f"{host} can be reached by others; set TWITTERHANDLER_TOKEN, or listen on 127.0.0.1")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as exc:
        raise ServiceError(f"cannot listen on {host}: {exc.strerror}; set another host") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except OSError as exc:
        listener.close()
        hint = "stop what listens there, or set another port"
        raise ServiceError(f"cannot listen on {host}, port {port}: {exc.strerror}; {hint}") from exc
    return listener


async def run_app(app: ASGIApp, listener: socket.socket) -> None:
    """Serves `app` until a signal; open requests get 5 s."""
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    try:
        await server.serve(sockets=[listener])
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to us: uvicorn would raise them again at its end, and the process would not exit with 0."""
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
