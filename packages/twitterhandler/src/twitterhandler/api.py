"""`twitterhandler serve`: topics and the state of the collector, over HTTP."""

import secrets
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr

from twitterhandler import problems
from twitterhandler.__about__ import __version__
from twitterhandler.clock import format_time
from twitterhandler.errors import QueryError
from twitterhandler.ingest import Ingest, IngestStatus, State
from twitterhandler.metrics import exposition
from twitterhandler.posts import TopicState
from twitterhandler.query import MAX_LENGTH, Query
from twitterhandler.topics import Network, Topic, TopicRegistry

Time = Annotated[datetime, PlainSerializer(format_time, return_type=str)]

_QUERY: Final = '"world cup" OR #WorldCup'
_SYNTAX: Final = f"X's rule syntax: words, phrases, #, @, from:, has:, lang:, …; at most {MAX_LENGTH:,} characters"
_TOPIC: Final[dict[str, Any]] = {"slug": "world-cup", "query": _QUERY, "sources": [], "languages": ["en"]}


class TopicChange(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _QUERY}]})

    query: str | None = Field(None, description=_SYNTAX)
    sources: tuple[Network, ...] | None = Field(None, description="networks to listen on; empty: all")
    languages: tuple[str, ...] | None = Field(None, max_length=50, description="BCP 47 codes to keep; empty: all")
    reposts: bool | None = Field(None, description="whether plain reposts are kept")

    def fields(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True, exclude={"slug", "start"})


class NewTopic(TopicChange):
    """A topic to make; it listens once it is started."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TOPIC]})

    slug: str = Field(max_length=100, description="letters and digits joined by `-`")
    query: str = Field(description=_SYNTAX)
    start: bool = Field(False, description="whether to start it at once")


class TopicAnswer(BaseModel):
    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [{**_TOPIC, "reposts": True, "state": "started"}]}
    )

    slug: str
    query: str
    sources: tuple[str, ...]
    languages: tuple[str, ...]
    reposts: bool
    state: TopicState


class TopicList(BaseModel):
    items: list[TopicAnswer]
    next: str | None = None


class QueryQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _QUERY}]})

    query: str = Field(max_length=65_536, description="as it is being typed")
    sources: tuple[str, ...] = Field((), max_length=20, description="networks that are to answer it; empty: all")


class ValidQuery(BaseModel):
    valid: Literal[True] = True
    explanation: str = Field(description="in words, for people", examples=["“world cup” or the hashtag #worldcup"])


class InvalidQuery(BaseModel):
    valid: Literal[False] = False
    position: int = Field(description="index of the character at fault: code points, from 0", examples=[4])
    message: str = Field(description="what is wrong, then what to do", examples=["this `(` is never closed; add a `)`"])


class CountsAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    posts: int = Field(description="handed to the queue, repeats of replay and simulator included")
    repeats: int = Field(description="dropped: a live network sent the same id again")
    unmatched: int = Field(description="dropped: no started topic wants them")
    dead: int = Field(description="lines that could not be read")
    by_topic: dict[str, int]


class StatusAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    source: str
    state: State
    failure: str | None
    started_at: Time | None
    last_post_at: Time | None
    rate: float = Field(description="posts a second, last 10 s")
    position: int = Field(description="how far the queue reaches")
    counts: CountsAnswer


class Ready(BaseModel):
    ready: bool = True


def create_app(registry: TopicRegistry, ingest: Ingest, *, token: SecretStr | None = None) -> FastAPI:
    """The service over parts that somebody else opened and runs.

    Changing routes must be sent `token` as `Authorization: Bearer …`; None lets everybody change.
    """
    app = FastAPI(title="twitterhandler", version=__version__, description=__doc__)
    problems.install(app)
    app.include_router(_topics(registry, _guard(token)))
    app.include_router(_queries())
    app.include_router(_state(registry, ingest))
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


def _state(registry: TopicRegistry, ingest: Ingest) -> APIRouter:
    router = APIRouter(tags=["state"])

    @router.get("/v1/status")
    def status() -> StatusAnswer:
        return StatusAnswer.model_validate(ingest.status())

    @router.get("/healthz")
    def healthz() -> Ready:
        return Ready()

    @router.get("/readyz", responses=problems.responses(HTTPStatus.SERVICE_UNAVAILABLE))
    def readyz() -> Ready:
        registry.revision()  # RegistryError is a 503 that names the file
        _check(ingest.status())
        return Ready()

    @router.get("/metrics", response_class=Response)
    def metrics() -> Response:
        return Response(exposition(ingest), media_type=CONTENT_TYPE_LATEST)

    return router


def _check(status: IngestStatus) -> None:
    if status.state == "failed":
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, f"{status.source}: {status.failure}")
