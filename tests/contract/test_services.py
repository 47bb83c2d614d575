"""The examples of docs/contracts/services.md are what the services answer."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from nlp_services import Analyzer
from nlp_services.api import create_app as nlp_app
from sparkstream.api import create_app as view_app
from sparkstream.examples import EXAMPLES
from sparkstream.testing.examples import NOW, example_store
from trending.api import EmergingAnswer
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


def test_the_collector_answers_as_the_page_says(tmp_path: Path) -> None:
    registry = TopicRegistry(tmp_path / "topics.db")
    source = SimulatorSource(stretch=Stretch(datetime(2026, 11, 22, tzinfo=UTC), hours=1))
    ingest = Ingest(source, SpoolSink(tmp_path / "spool"), subscriptions=Subscriptions(registry))
    found = examples("twitterhandler")
    assert len(found) == 7
    with TestClient(collector_app(registry, ingest)) as client:
        for method, path, blocks in found:
            answer = client.request(method, path, json=blocks[0] if len(blocks) == 2 else None)
            assert answer.status_code < 300, answer.text
            assert answer.json() == blocks[-1], path


def test_trendings_example_is_a_whole_answer() -> None:
    [(_, _, [example])] = examples("trending")
    answer = EmergingAnswer.model_validate(example)
    assert answer.model_dump(by_alias=True, exclude_none=True) == example


def test_nlp_services_answers_in_the_shape_of_the_page() -> None:
    [(method, path, [asked, answered])] = examples("nlp-services")
    analyzer = Analyzer(entities=None, sentiment=None, emotion=None)
    with TestClient(nlp_app(analyzer)) as client:
        assert shape(client.request(method, path, json=asked).json()) == shape(answered)


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
    assert compared == 6


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
