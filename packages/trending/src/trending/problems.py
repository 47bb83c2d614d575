"""Errors over HTTP: RFC 9457, `application/problem+json`."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from trending.errors import (
    InvalidWindowError,
    ProviderAnswerError,
    ProviderUnavailableError,
    TrendingError,
    UnknownTopicError,
)

logger = logging.getLogger(__name__)

STATUS: dict[type[TrendingError], HTTPStatus] = {
    UnknownTopicError: HTTPStatus.NOT_FOUND,
    InvalidWindowError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ProviderUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderAnswerError: HTTPStatus.BAD_GATEWAY,
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    @app.exception_handler(TrendingError)
    async def ours(_request: Request, error: TrendingError) -> JSONResponse:
        return problem(STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR), str(error))

    @app.exception_handler(HTTPException)
    async def of_the_framework(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def bad_parameter(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{first['loc'][-1]}: {first['msg']}")

    @app.exception_handler(Exception)
    async def unknown(_request: Request, _error: Exception) -> JSONResponse:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "that is a fault of this service; its log says more")
