"""The examples of docs/contracts/services.md are what the services answer."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from nlp_services import Analyzer
from nlp_services.api import create_app as nlp_app
from sparkstream.api import create_app as view_app
from sparkstream.examples import EXAMPLES
from sparkstream.testing.examples import NOW, example_store
from trending.api import EmergingAnswer
from trending.api import create_app as trending_app
from trending.providers.stream import StreamProvider
from trending.providers.views import ViewClient
from twitterhandler.api import create_app as collector_app
from twitterhandler.ingest import Ingest
from twitterhandler.sinks import SpoolSink
from twitterhandler.sources import SimulatorSource, Stretch
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.topics import TopicRegistry

PAGE = Path(__file__).parents[2] / "docs" / "contracts" / "services.md"


def examples(service: str) -> list[tuple[str, str, list[Any]]]:
    """Method, path and JSON blocks of each route, in the order of the page."""
    [part] = re.findall(rf"^## {service},.*?(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    routes = re.findall(r"^### (\w+) (\S+)\n(.*?)(?=^### |\Z)", part, re.M | re.S)
    return [
        (method, path, [json.loads(block) for block in re.findall(r"```json\n(.*?)```", body, re.S)])
        for method, path, body in routes
    ]


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


COMMON = {"/healthz", "/readyz", "/metrics"}  # of every service, held in test_programs.py


def undocumented(app: FastAPI, documented: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Routes of a service that no example is of; a path parameter stands for one part of a path."""
    routes = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    found = {
        (method, path)
        for method, path in routes
        for known, place in documented
        if known == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), place.partition("?")[0])
    }
    return {(method, path) for method, path in routes - found if path not in COMMON}


def collector(folder: Path) -> FastAPI:
    registry = TopicRegistry(folder / "topics.db")
    source = SimulatorSource(stretch=Stretch(datetime(2026, 11, 22, tzinfo=UTC), hours=1))
    return collector_app(registry, Ingest(source, SpoolSink(folder / "spool"), subscriptions=Subscriptions(registry)))


def test_every_route_has_an_example(tmp_path: Path) -> None:
    with example_store() as store:
        apps = {
            "twitterhandler": collector(tmp_path),
            "trending": trending_app(StreamProvider(ViewClient("http://127.0.0.1:9"))),
            "nlp-services": nlp_app(Analyzer(entities=None, sentiment=None, emotion=None)),
        }
        for service, app in apps.items():
            assert undocumented(app, [(method, path) for method, path, _ in examples(service)]) == set(), service
        page = PAGE.with_name("views.md").read_text(encoding="utf-8")
        shown = re.findall(r"^## (GET) (\S+)\n(?:(?!^#).*\n)*?```json", page, re.M)
        assert undocumented(view_app(store), [(method, path) for method, path in shown]) == set()


def test_the_collector_answers_as_the_page_says(tmp_path: Path) -> None:
    with TestClient(collector(tmp_path)) as client:
        for method, path, blocks in examples("twitterhandler"):
            answer = client.request(method, path, json=blocks[0] if len(blocks) == 2 else None)
            assert answer.status_code < 300, answer.text
            assert (answer.json() if answer.content else None) == (blocks[-1] if blocks else None), path


def test_trendings_example_is_a_whole_answer() -> None:
    [(_, _, [example])] = examples("trending")
    answer = EmergingAnswer.model_validate(example)
    assert answer.model_dump(by_alias=True, exclude_none=True) == example


def test_nlp_services_answers_as_the_page_says() -> None:
    with TestClient(nlp_app(Analyzer())) as client:
        for method, path, (asked, answered) in examples("nlp-services"):
            answer = client.request(method, path, json=asked)
            assert shape(answer.json()) == shape(answered), path
            assert labels(answer.json()) == labels(answered), path


def labels(answer: Any) -> list[Any]:
    """What was found, but for scores and versions, which move with the models."""
    return [(item.get("sentiment", {}).get("label"), item.get("emotion", {}).get("label")) for item in answer["items"]]


def test_the_view_apis_examples_have_the_fields_of_their_page() -> None:
    page = PAGE.with_name("views.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (?:GET|WS) (\S+)[^\n]*\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    compared = 0
    for place, body in sections:
        block = re.search(r"```json\n(.*?)```", body, re.S)
        example = EXAMPLES.get(re.sub(r"\{t\}", "{topic}", place).partition("?")[0])
        if block and example:
            answered = example["items"][0] if place.endswith("/posts") else example  # the page shows what a post gets
            assert set(json.loads(block[1])) <= set(answered), place
            compared += 1
    assert compared == 9


def holds(example: Any, answer: Any) -> bool:
    """Whether an answer has all that an example shows of it."""
    if isinstance(example, dict):
        return all(name in answer and holds(part, answer[name]) for name, part in example.items())
    if isinstance(example, list):
        return len(example) == len(answer) and all(map(holds, example, answer))
    return bool(example == answer)


def test_filters_answer_as_the_page_says() -> None:
    page = PAGE.with_name("views.md").read_text(encoding="utf-8")
    found = re.findall(r"^### GET (\S+)\n```json\n(.*?)```", page, re.M | re.S)
    assert {path.rpartition("/")[2].partition("?")[0] for path, _ in found} == {"summary", "series", "top", "posts"}
    with example_store() as store, TestClient(view_app(store, clock=lambda: NOW)) as client:
        for path, block in found:
            answer = client.get(path)
            assert holds(json.loads(block), answer.json()), (path, answer.text)
