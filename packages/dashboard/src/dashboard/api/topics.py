"""Topics, made and changed on the page: each call goes on to the collector, which decides."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field

from dashboard import problems
from dashboard.api.live import same_origin
from dashboard.clients import CollectorClient
from dashboard.errors import ForeignPageError, QuestionError, UnknownTopicError
from dashboard.slugs import slug

_TOPIC_EXAMPLE = {"slug": "world-cup", "query": '"world cup" OR #WorldCup', "state": "started"}
_CHECK_EXAMPLE = {"slug": "world-cup", "taken": False, "query": {"valid": False, "position": 12, "message": "…"}}


class Draft(BaseModel):
    """What stands in the dialog."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=100)
    query: str = Field("", max_length=1024)


class NewTopic(Draft):
    start: bool = True


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str = Field(max_length=1024)


def _from_the_page(request: Request) -> None:
    """Any page may send a request here, and its browser says whose page it is: only our own may change something."""
    if not same_origin(request.headers):
        raise ForeignPageError("only the page itself may change topics")


def add_routes(server: FastAPI, collector: CollectorClient) -> None:
    routes = APIRouter(prefix="/topics", dependencies=[Depends(_from_the_page)])
    _add_making(routes, collector)
    _add_changing(routes, collector)
    server.include_router(routes, responses=problems.described(403, 404, 409, 422, 503))


def _add_making(routes: APIRouter, collector: CollectorClient) -> None:
    @routes.post("/check", summary="Whether a topic could be made of this", responses=_example(_CHECK_EXAMPLE))
    async def check(draft: Draft) -> dict[str, Any]:
        name = slug(draft.name)
        return {
            "slug": name,
            "taken": bool(name) and await _exists(collector, name),
            "query": await collector.check_query(draft.query) if draft.query.strip() else None,
        }

    @routes.post("", status_code=201, summary="Make a topic", responses={201: _example(_TOPIC_EXAMPLE)[200]})
    async def add(new: NewTopic) -> dict[str, Any]:
        if not (name := slug(new.name)):
            raise QuestionError("a name needs a letter or a digit")
        return await collector.add(name, new.query, start=new.start)


def _add_changing(routes: APIRouter, collector: CollectorClient) -> None:
    found = _example(_TOPIC_EXAMPLE)

    @routes.get("/{topic}", summary="A topic as the collector has it", responses=found)
    async def get(topic: str) -> dict[str, Any]:
        return await collector.topic(topic)

    @routes.patch("/{topic}", summary="Change its query", responses=found)
    async def change(topic: str, changed: Change) -> dict[str, Any]:
        return await collector.change(topic, changed.query)

    @routes.delete("/{topic}", status_code=204, summary="Delete it")
    async def remove(topic: str) -> None:
        await collector.remove(topic)

    @routes.post("/{topic}/start", summary="Listen to it", responses=found)
    async def start(topic: str) -> dict[str, Any]:
        return await collector.start(topic)

    @routes.post("/{topic}/stop", summary="Listen no longer", responses=found)
    async def stop(topic: str) -> dict[str, Any]:
        return await collector.stop(topic)


async def _exists(collector: CollectorClient, topic: str) -> bool:
    try:
        await collector.topic(topic)
    except UnknownTopicError:
        return False
    return True


def _example(answer: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": answer}}}}
