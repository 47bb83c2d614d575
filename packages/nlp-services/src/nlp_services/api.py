"""The HTTP face: capabilities by route, up to 1,000 texts a call."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from nlp_services import problems
from nlp_services.__about__ import __version__
from nlp_services.analyzer import Analyzer
from nlp_services.annotations import Analysis, Capability
from nlp_services.errors import NlpError
from nlp_services.metrics import Metrics

MAX_TEXTS = 1_000
MAX_TEXT_CHARACTERS = 100_000
_EXAMPLE: dict[str, Any] = {"texts": ["Ada Lovelace was wonderful in London!"], "languages": ["en"]}
_ANSWER: dict[str, Any] = {
    "items": [
        {
            "entities": [{"text": "Ada Lovelace", "type": "PERSON"}, {"text": "London", "type": "PLACE"}],
            "keywords": [{"text": "ada lovelace", "score": 0.0126}],
            "sentiment": {"label": "positive", "confidence": 0.91},
            "emotion": {"label": "joy", "confidence": 0.83},
        }
    ],
    "versions": {"entities": "3.8.0", "keywords": "0.7.3", "sentiment": "0.1.0", "emotion": "0.1.0"},
}
_FAILURES: dict[int | str, str] = {422: "The batch is not as it must be", 503: "A model is not there"}

logger = logging.getLogger(__name__)


def _encodable(value: object) -> object:
    """A lone surrogate becomes `?`: one broken text must not refuse its batch."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_encodable), Field(max_length=MAX_TEXT_CHARACTERS)]


class Batch(BaseModel):
    """Texts to analyse, and what is known of their languages."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    texts: list[Text] = Field(max_length=MAX_TEXTS)
    languages: list[Annotated[str, Field(max_length=35)]] | None = Field(
        default=None, description="BCP 47, one a text; `und` (the default) is detected."
    )

    @model_validator(mode="after")
    def _one_language_a_text(self) -> "Batch":
        if self.languages is not None and len(self.languages) != len(self.texts):
            raise ValueError(f"{len(self.languages)} languages for {len(self.texts)} texts; give one each")
        return self


class Answer(BaseModel):
    """One item a text, in their order, with the capability asked for (all that are on, for analyze)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    items: list[dict[str, Any]]
    versions: dict[str, str]


def create_app(analyzer: Analyzer, *, token: SecretStr | None = None) -> FastAPI:
    """An app over an analyzer, whose models load in the background once the app runs; with a token, /v1 wants it."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.begin = lambda: asyncio.create_task(asyncio.to_thread(analyzer.warm_up))
        app.state.warm_up = app.state.begin()
        yield
        await asyncio.gather(app.state.warm_up, return_exceptions=True)

    app = FastAPI(title="nlp-services", version=__version__, lifespan=lifespan)
    _add_operations(app, metrics)
    problems.install(app)
    for capability in analyzer.capabilities:
        _add_route(app, capability, analyzer, metrics, token)
    _add_route(app, None, analyzer, metrics, token)
    return app


def _add_route(
    app: FastAPI, capability: Capability | None, analyzer: Analyzer, metrics: Metrics, token: SecretStr | None
) -> None:
    chosen = analyzer.capabilities if capability is None else (capability,)
    name = capability or "analyze"

    def analyze(batch: Batch) -> Answer:
        with metrics.measured(name, len(batch.texts)):
            analysis: Analysis = analyzer.analyze(batch.texts, batch.languages, only=chosen)
        versions = analyzer.versions
        return Answer(items=list(analysis.rows(len(batch.texts))), versions={of: versions[of] for of in chosen})

    app.post(
        f"/v1/{name}",
        name=name,
        summary="All capabilities" if capability is None else capability.capitalize(),
        responses={
            code: {"description": text, "content": {problems.MEDIA_TYPE: {}}} for code, text in _FAILURES.items()
        },
        dependencies=[Depends(_bearer(token))] if token else [],
    )(analyze)


def _bearer(token: SecretStr) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        given = request.headers.get("Authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
            raise HTTPException(401, "send the token as `Authorization: Bearer …`", {"WWW-Authenticate": "Bearer"})

    return check


def _add_operations(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        warm_up: asyncio.Task[None] = app.state.warm_up
        if not warm_up.done():
            raise HTTPException(503, "models: still loading; ask again in some seconds")
        failure = warm_up.exception()
        if isinstance(failure, NlpError) and failure.retriable:
            app.state.warm_up = app.state.begin()
            raise HTTPException(503, str(failure))
        if failure:
            logger.error("models did not load: %s", failure)
            raise HTTPException(503, "models: did not load; see the log of the service")
        return {"status": "ready"}

    @app.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.render(), media_type=metrics.content_type)
