"""`trending serve`: what rises, over HTTP."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict

from trending import problems
from trending.__about__ import __version__
from trending.cache import TtlCache
from trending.errors import ProviderError
from trending.providers.base import EmergingProvider
from trending.values import Coverage, Emerging, Facet, Period, RisingTerm
from trending.windows import parse_window

EXAMPLE: JsonDict = {
    "topic": "world-cup",
    "window": {"from": "2026-11-22T21:45:00.000Z", "to": "2026-11-22T22:00:00.000Z"},
    "baseline": {"from": "2026-11-22T20:45:00.000Z", "to": "2026-11-22T21:45:00.000Z"},
    "coverage": "full",
    "items": [
        {"facet": "hashtag", "term": "penalties", "posts": 41, "expected": 8.2, "lift": 5.0, "score": 7.1},
        {
            "facet": "entity",
            "term": "PERSON:Ada Lovelace",
            "posts": 12,
            "expected": 1.5,
            "lift": 8.0,
            "score": 5.2,
            "text": "Ada Lovelace",
            "type": "PERSON",
        },
    ],
}


class PeriodAnswer(BaseModel):
    from_: str = Field(alias="from")
    to: str

    @classmethod
    def of(cls, period: Period) -> "PeriodAnswer":
        return cls.model_validate({"from": _timestamp(period.start), "to": _timestamp(period.end)})


class RisingAnswer(BaseModel):
    facet: Facet
    term: str
    posts: int = Field(description="posts of the window that hold the term")
    expected: float = Field(description="as many as there would be, were its share that of the baseline")
    lift: float = Field(description="posts / expected")
    score: float = Field(description="z-score of the rise (weighted log-odds ratio)")
    text: str | None = Field(None, description="entities only")
    type: str | None = Field(None, description="entities only: PERSON, ORG, PLACE, …")

    @classmethod
    def of(cls, item: RisingTerm) -> "RisingAnswer":
        kind, _, text = item.term.partition(":") if item.facet == "entity" else (None, "", None)
        numbers = {name: round(getattr(item, name), 2) for name in ("expected", "lift", "score")}
        return cls(facet=item.facet, term=item.term, posts=item.posts, text=text, type=kind, **numbers)


class EmergingAnswer(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    topic: str
    window: PeriodAnswer
    baseline: PeriodAnswer
    coverage: Coverage = Field(
        description="partial: window and baseline are the parts of which all is known; none: too little is, so what"
        " rises is unknown"
    )
    items: list[RisingAnswer] = Field(description="best first")

    @classmethod
    def of(cls, emerging: Emerging, limit: int) -> "EmergingAnswer":
        return cls(
            topic=emerging.topic,
            window=PeriodAnswer.of(emerging.window),
            baseline=PeriodAnswer.of(emerging.baseline),
            coverage=emerging.coverage,
            items=[RisingAnswer.of(item) for item in emerging.items[:limit]],
        )


def create_app(
    provider: EmergingProvider,
    *,
    token: SecretStr | None = None,
    cache_seconds: float = 10.0,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The service over `provider`, which it closes at its end."""
    cache: TtlCache[tuple[str, timedelta], Emerging] = TtlCache(cache_seconds, clock)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await provider.aclose()

    app = FastAPI(title="trending", version=__version__, description=__doc__, lifespan=lifespan)
    app.middleware("http")(metrics.count)
    problems.install(app)

    @app.get("/v1/emerging/{topic}", response_model_exclude_none=True, dependencies=[Depends(_require(token))])
    async def emerging(
        topic: str,
        window: Annotated[str, Query(examples=["15m", "1h"])] = "15m",
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
    ) -> EmergingAnswer:
        """The terms of a topic's last minutes that are said more often than the time before lets expect."""
        length = parse_window(window)

        async def ask() -> Emerging:
            with metrics.provider_seconds.time():
                return await provider.emerging(topic, length)

        return EmergingAnswer.of(await cache.get((topic, length), ask), limit)

    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        try:
            await provider.check()
        except ProviderError as error:
            return problems.problem(503, str(error))
        return JSONResponse({"status": "ok", "views": "ok"})

    @app.get("/metrics")
    async def exposed() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "trending_requests_total", "Answers by route and status.", ["route", "status"], registry=self.registry
        )
        self.provider_seconds = Histogram(
            "trending_provider_seconds", "Time until the provider has answered.", registry=self.registry
        )

    async def count(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await call_next(request)
        route: Any = request.scope.get("route")
        self.requests.labels(route.path if route else "none", str(answer.status_code)).inc()
        return answer


def _require(token: SecretStr | None) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and not secrets.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise HTTPException(401, "send `Authorization: Bearer` with TRENDING_TOKEN", {"WWW-Authenticate": "Bearer"})

    return check


def _timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
