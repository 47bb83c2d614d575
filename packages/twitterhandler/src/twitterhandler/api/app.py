"""`twitterhandler serve`: topics and the state of the collector, over HTTP."""

import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr

from twitterhandler import problems
from twitterhandler.__about__ import __version__
from twitterhandler.api.models import (
    BudgetAnswer,
    EstimateAnswer,
    EstimateList,
    EstimateQuestion,
    InvalidQuery,
    NewTopic,
    QueryQuestion,
    Ready,
    SourceAnswer,
    StatusAnswer,
    TopicAnswer,
    TopicChange,
    TopicList,
    ValidQuery,
)
from twitterhandler.budget import Limits
from twitterhandler.errors import QueryError
from twitterhandler.estimate import Estimator
from twitterhandler.flow import IngestStatus, together
from twitterhandler.ingest import Ingest
from twitterhandler.metrics import exposition
from twitterhandler.query import Query
from twitterhandler.spending import Spending
from twitterhandler.topics import Topic, TopicRegistry


def create_app(
    registry: TopicRegistry,
    ingest: Ingest | Sequence[Ingest],
    *,
    spending: Spending | None = None,
    estimator: Estimator | None = None,
    token: SecretStr | None = None,
) -> FastAPI:
    """The service over parts that somebody else opened and runs; `ingest` is the loop, or are those over one queue.

    Changing routes, and the one that asks X, must be sent `token` as `Authorization: Bearer …`; None lets everybody.
    """
    app = FastAPI(title="twitterhandler", version=__version__, description=__doc__)
    problems.install(app)
    guard = _guard(token)
    app.include_router(_topics(registry, guard))
    app.include_router(_estimates(registry, guard, estimator or Estimator(("x",), Limits())))
    app.include_router(_queries())
    ingests = [ingest] if isinstance(ingest, Ingest) else list(ingest)
    app.include_router(_state(registry, ingests, spending))
    return app


def _guard(token: SecretStr | None) -> Callable[..., None]:
    def check(authorization: Annotated[str, Header()] = "") -> None:
        if token is None:
            return
        if not secrets.compare_digest(authorization.encode(), f"Bearer {token.get_secret_value()}".encode()):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED, "send the token as `Authorization: Bearer …`", {"WWW-Authenticate": "Bearer"}
            )

    return check


def _topics(registry: TopicRegistry, guard: Callable[..., None]) -> APIRouter:
    missing = problems.responses(HTTPStatus.NOT_FOUND)
    changing = {**problems.responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY), **missing}
    router = APIRouter(tags=["topics"])
    guarded = APIRouter(dependencies=[Depends(guard)], responses=changing)

    @router.get("/v1/topics")
    def list_topics() -> TopicList:
        return TopicList(items=[TopicAnswer.model_validate(topic) for topic in registry.topics()])

    @guarded.post("/v1/topics", status_code=HTTPStatus.CREATED, responses=problems.responses(HTTPStatus.CONFLICT))
    def make_topic(new: NewTopic, response: Response) -> TopicAnswer:
        topic = registry.add(Topic(new.slug, state="started" if new.start else "stopped", **new.fields()))
        response.headers["Location"] = f"/v1/topics/{topic.slug}"
        return TopicAnswer.model_validate(topic)

    @router.get("/v1/topics/{slug}", responses=missing)
    def get_topic(slug: str) -> TopicAnswer:
        return TopicAnswer.model_validate(registry.get(slug))

    @guarded.patch("/v1/topics/{slug}")
    def change_topic(slug: str, change: TopicChange) -> TopicAnswer:
        return TopicAnswer.model_validate(registry.change(slug, **change.fields()))

    @guarded.delete("/v1/topics/{slug}", status_code=HTTPStatus.NO_CONTENT)
    def delete_topic(slug: str) -> None:
        registry.remove(slug)

    @guarded.post("/v1/topics/{slug}/start")
    def start_topic(slug: str) -> TopicAnswer:
        return TopicAnswer.model_validate(registry.change(slug, state="started"))

    @guarded.post("/v1/topics/{slug}/stop")
    def stop_topic(slug: str) -> TopicAnswer:
        return TopicAnswer.model_validate(registry.change(slug, state="stopped"))

    router.include_router(guarded)
    return router


def _estimates(registry: TopicRegistry, guard: Callable[..., None], estimator: Estimator) -> APIRouter:
    statuses = (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    router = APIRouter(dependencies=[Depends(guard)], responses=problems.responses(*statuses))

    async def answer(topic: Topic) -> EstimateList:
        return EstimateList(items=[EstimateAnswer.model_validate(one) for one in await estimator.of(topic)])

    @router.get("/v1/topics/{slug}/estimate", tags=["topics"], responses=problems.responses(HTTPStatus.NOT_FOUND))
    async def estimate(slug: str) -> EstimateList:
        """What a topic would bring and cost; asks X for counts of the last seven days, at most each ten minutes."""
        return await answer(registry.get(slug))

    @router.post(
        "/v1/queries/estimate", tags=["queries"], responses=problems.responses(HTTPStatus.UNPROCESSABLE_ENTITY)
    )
    async def estimate_query(question: EstimateQuestion) -> EstimateList:
        """The same of a query that no topic has yet. Changes nothing."""
        topic = Topic("estimate", question.query, question.sources, question.languages, question.reposts)
        topic.check()
        return await answer(topic)

    return router


def _queries() -> APIRouter:
    router = APIRouter(tags=["queries"])

    @router.post("/v1/queries/check")
    def check_query(question: QueryQuestion) -> ValidQuery | InvalidQuery:
        """Whether a query can be used, and where it is wrong: for who types one. Changes nothing."""
        try:
            query = Query.parse(question.query)
            query.check(question.sources)
        except QueryError as exc:
            return InvalidQuery(position=exc.position, message=exc.reason)
        return ValidQuery(explanation=query.explain())

    return router


def _state(registry: TopicRegistry, ingests: Sequence[Ingest], spending: Spending | None) -> APIRouter:
    router = APIRouter(tags=["state"])

    @router.get("/v1/status")
    def status() -> StatusAnswer:
        statuses = [ingest.status() for ingest in ingests]
        answer = StatusAnswer.model_validate(together(statuses))
        answer.sources = [SourceAnswer.model_validate(status) for status in statuses]
        answer.budget = BudgetAnswer.model_validate(spending.status()) if spending else None
        return answer

    @router.get("/healthz")
    def healthz() -> Ready:
        return Ready()

    @router.get("/readyz", responses=problems.responses(HTTPStatus.SERVICE_UNAVAILABLE))
    def readyz() -> Ready:
        registry.revision()  # RegistryError is a 503 that names the file
        _check([ingest.status() for ingest in ingests])
        return Ready()

    @router.get("/metrics", response_class=Response)
    def metrics() -> Response:
        return Response(exposition(ingests, spending), media_type=CONTENT_TYPE_LATEST)

    return router


def _check(statuses: Sequence[IngestStatus]) -> None:
    failures = [f"{status.source}: {status.failure}" for status in statuses if status.state == "failed"]
    if failures:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "; ".join(failures))
