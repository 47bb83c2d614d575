"""Runs the app until a signal ends it."""

import contextlib
import socket

import uvicorn
from fastapi import FastAPI

from nlp_services.errors import ServeError


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM. Takes the port before uvicorn does, so that one in use is an error of ours."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ServeError(
            f"cannot listen on {host}:{port} ({reason}); set NLP_SERVICES_HOST or NLP_SERVICES_PORT"
        ) from exc
    config = uvicorn.Config(app, log_level="info", access_log=False, ws="none", timeout_graceful_shutdown=2)
    with listener, contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped by then, and raises it once more
        uvicorn.Server(config).run(sockets=[listener])
