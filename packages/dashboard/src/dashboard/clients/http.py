"""What all clients share: one HTTP connection pool, one table from answers to errors."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx2
import orjson

from dashboard.errors import ContractError, RefusedError, UnknownTopicError, UpstreamDownError

_PATIENCE = 5.0


class Client:
    """One service; an asynchronous context manager that closes its connections."""

    name: ClassVar[str]

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.AsyncClient(base_url=self.url, timeout=_PATIENCE, headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        """Raises UpstreamDownError unless the service says that it is alive."""
        await self._call("GET", "/healthz")

    async def _ask(
        self, path: str, parameters: Mapping[str, str | int] | None = None, *, patience: float = _PATIENCE
    ) -> Any:
        """The answer of a GET, parsed; waited for so many seconds."""
        return self._parsed(await self._call("GET", path, parameters=parameters, patience=patience))

    def _parsed(self, answer: bytes) -> Any:
        try:
            found = orjson.loads(answer)
        except ValueError as exc:
            raise self._unlike_the_contract() from exc
        if not isinstance(found, dict):
            raise self._unlike_the_contract()
        return found

    def _unlike_the_contract(self) -> ContractError:
        return ContractError(
            f"{self.name} at {self.url} answered what the contract does not allow;"
            " are its version and ours of the same release?"
        )

    async def _call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Any = None,
        patience: float = _PATIENCE,
    ) -> bytes:
        """The bytes of an answer.

        Raises:
            UnknownTopicError: 404.
            RefusedError: any other 4xx.
            UpstreamDownError: not reachable, or 5xx.
        """
        try:
            answer = await self._http.request(method, path, params=parameters, json=body, timeout=patience)
        except httpx2.HTTPError as exc:
            raise UpstreamDownError(f"{self.name} at {self.url} cannot be reached; is it running?") from exc
        if answer.is_success:
            return answer.content
        detail, position = _problem(answer)
        if answer.status_code == httpx2.codes.NOT_FOUND:
            raise UnknownTopicError(detail or f"{self.name} at {self.url} knows nothing at {path}")
        if answer.is_client_error:
            raise RefusedError(detail or f"{self.name} refused {path}", answer.status_code, position)
        raise UpstreamDownError(detail or f"{self.name} at {self.url} answered {answer.status_code}; look at its log")


def _problem(answer: httpx2.Response) -> tuple[str, int | None]:
    """What an RFC 9457 answer says, and where a query is wrong."""
    try:
        found = orjson.loads(answer.content)
    except ValueError:
        return "", None
    if not isinstance(found, dict):
        return "", None
    position = found.get("position")
    return str(found.get("detail") or ""), position if isinstance(position, int) else None
