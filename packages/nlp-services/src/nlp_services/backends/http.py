"""JSON over HTTP for the backends that are servers: retried while a server is away, and never answered by a guess."""

import time
import weakref
from collections.abc import Callable
from typing import Any

import httpx2

from nlp_services.errors import DeniedError, ModelError, UnavailableError

TIMEOUT = 30.0
"""Seconds that a server may take for one batch."""
PAUSES = (0.2, 1.0, 3.0)
"""Seconds before each further try; after the last the error is raised, and who called may wait longer."""
_AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 403})

Sleep = Callable[[float], object]


class JsonServer:
    """One server, by its address. Not for several threads at once.

    Args:
        url: Where its routes begin.
        token: Sent with each request, where there is one.
        sleep: Waits between tries.
        timeout: Seconds for one answer.
    """

    def __init__(
        self, url: str, *, token: str | None = None, sleep: Sleep = time.sleep, timeout: float = TIMEOUT
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        self._http = httpx2.Client(timeout=timeout, headers={"Authorization": f"Bearer {token}"} if token else {})
        weakref.finalize(self, self._http.close)  # a backend is dropped, not closed

    def get(self, path: str) -> dict[str, Any]:
        return self._asked("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._asked("POST", path, body)

    def _asked(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """The answer's object.

        Raises:
            UnavailableError: The server is down, slow or overloaded, and was at each try.
            DeniedError: It wants a token, or another one.
            ModelError: It refuses what it is asked, or answers no JSON object.
        """
        reason = ""
        for pause in (*PAUSES, None):
            try:
                answer = self._http.request(method, self.url + path, json=body)
            except httpx2.TransportError as exc:
                reason = str(exc) or type(exc).__name__
            except httpx2.InvalidURL as exc:
                raise ModelError(f"{self.url} is no address of a server; mend the URL of the capability") from exc
            else:
                if answer.status_code not in _AWAY:
                    return self._read(answer)
                reason = f"status {answer.status_code}"
            if pause is not None:
                self._sleep(pause)
        raise UnavailableError(f"{self.url} does not answer ({reason}); start the server, or wait and try again")

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        if answer.status_code in _DENIED:
            raise DeniedError(
                f"{self.url} wants a token, or another one (status {answer.status_code}): give the NLP_SERVICES_TOKEN"
                " of that service"
            )
        if answer.is_error:
            raise ModelError(f"{self.url} refuses the request (status {answer.status_code}); is its URL right?")
        try:
            found = answer.json()
        except ValueError as exc:
            raise ModelError(f"{self.url} does not answer in JSON; is its URL right?") from exc
        if not isinstance(found, dict):
            raise ModelError(f"{self.url} answers JSON of another shape; is its URL right?")
        return found
