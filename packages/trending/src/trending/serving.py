import contextlib
import logging
import signal
import socket

import uvicorn
from fastapi import FastAPI

from trending.errors import ServeError

logger = logging.getLogger(__name__)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM. Takes the port before uvicorn, so that one in use is an error of ours."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServeError(f"cannot listen on {host}:{port} ({reason}); set TRENDING_HOST or TRENDING_PORT") from error
    config = uvicorn.Config(app, log_level="info", access_log=False, ws="none", timeout_graceful_shutdown=2)
    logger.info("listening on http://%s:%s", host, port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same clean end for both
    with listener, contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped by then, and raises it once more
        uvicorn.Server(config).run(sockets=[listener])
