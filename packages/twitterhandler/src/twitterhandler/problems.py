"""Errors over HTTP: application/problem+json (RFC 9457), one table from our errors to statuses."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from twitterhandler.errors import (
    QueryError,
    RegistryError,
    SettingError,
    SourceRefusedError,
    SourceUnavailableError,
    TopicExistsError,
    TopicNotFoundError,
    TwitterhandlerError,
)

_STATUSES: Final[dict[type[TwitterhandlerError], HTTPStatus]] = {
    TopicNotFoundError: HTTPStatus.NOT_FOUND,
    TopicExistsError: HTTPStatus.CONFLICT,
    QueryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RegistryError: HTTPStatus.SERVICE_UNAVAILABLE,
    SourceUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    SourceRefusedError: HTTPStatus.BAD_GATEWAY,
}


class Problem(BaseModel):
    """What an error answer holds; `position` (code points, from 0) only where a query could not be parsed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    position: int | None = None


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def problem(status: HTTPStatus, detail: str, **more: Any) -> ProblemResponse:
    content = Problem(title=status.phrase, status=status, detail=detail, **more)
    return ProblemResponse(content.model_dump(exclude_none=True), status)


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    return {
        int(status): {"model": Problem, "content": {"application/problem+json": {}}, "description": status.phrase}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Makes every error answer of `app` a problem."""
    for error, status in _STATUSES.items():
        app.exception_handler(error)(_ours(status))
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_invalid)


def _ours(status: HTTPStatus) -> Callable[[Request, Exception], Awaitable[ProblemResponse]]:
    async def answer(_request: Request, exc: Exception) -> ProblemResponse:
        more = {"position": exc.position} if isinstance(exc, QueryError) else {}
        return problem(status, str(exc), **more)

    return answer


async def _http(_request: Request, exc: HTTPException) -> ProblemResponse:
    response = problem(HTTPStatus(exc.status_code), str(exc.detail))
    response.headers.update(exc.headers or {})
    return response


async def _invalid(_request: Request, exc: RequestValidationError) -> ProblemResponse:
    reasons = (f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in exc.errors())
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(reasons))
