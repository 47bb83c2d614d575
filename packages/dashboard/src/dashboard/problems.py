"""Errors over HTTP: application/problem+json (RFC 9457), one table from our errors to statuses."""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from dashboard.errors import (
    ContractError,
    DashboardError,
    ForeignPageError,
    QuestionError,
    RefusedError,
    UnknownTopicError,
    UpstreamError,
)

_STATUSES: Final[dict[type[DashboardError], tuple[int, str]]] = {
    QuestionError: (422, "No such question"),
    ForeignPageError: (403, "Refused"),
    UnknownTopicError: (404, "No such topic"),
    ContractError: (502, "Not understood"),
    UpstreamError: (503, "Not reachable"),
}


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(orjson.dumps(body), status_code=status, media_type="application/problem+json")


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    titles = dict(_STATUSES.values())
    return {
        status: {
            "description": titles.get(status, "Refused"),
            "content": {"application/problem+json": {"example": {"status": status, "detail": "what is wrong"}}},
        }
        for status in statuses
    }


def install(server: FastAPI) -> None:
    """Makes every error that this package raises on purpose a problem."""
    server.exception_handler(DashboardError)(_ours)
    server.exception_handler(RequestValidationError)(_invalid)


async def _ours(_request: Request, error: Exception) -> Response:
    if isinstance(error, RefusedError):
        position = {} if error.position is None else {"position": error.position}
        # The collector's 401 is about our token for it, not about the browser's for us.
        return problem(403 if error.status == 401 else error.status, "Refused", str(error), **position)
    status, title = next(found for kind, found in _STATUSES.items() if isinstance(error, kind))
    return problem(status, title, str(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return problem(422, "No such question", reasons)
