import pytest
from fastapi.testclient import TestClient
from sparkstream import __version__
from sparkstream.api import create_app
from sparkstream.examples import EXAMPLES
from sparkstream.live import snapshot
from sparkstream.testing.examples import example_answers
from world import NOW, World

AGAIN = "python -m sparkstream.testing.examples > src/sparkstream/examples.json"


def shape(value):
    """Names and types, whatever the values; None stands for any type, an item for its list."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else "number" if type(value) in (int, float) else type(value).__name__


def alike(left, right):
    if isinstance(left, dict) and isinstance(right, dict):
        return set(left) == set(right) and all(alike(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return not left or not right or alike(left[0], right[0])
    return left is None or right is None or left == right


def test_the_examples_are_what_the_code_answers():
    answers = example_answers()
    versions = answers["/v1/status"]["versions"]
    assert versions["sparkstream"] == __version__
    versions["sparkstream"] = EXAMPLES["/v1/status"]["versions"]["sparkstream"]  # a new version alone makes no new ones
    assert answers == EXAMPLES, f"write them anew: {AGAIN}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path != "/v1/live"])
def test_an_answer_has_the_shape_of_its_example(world, path):
    asked = {"from": "2026-11-22T12:00:00Z", "to": "2026-11-23T14:00:00Z", "step": "1h"}  # with the gap in it
    if path.endswith("top"):
        asked["facet"] = "keyword"
    with TestClient(create_app(world.store, clock=lambda: NOW)) as client:
        answer = client.get(path.replace("{topic}", "tea"), params=asked).json()
    models = answer.get("versions", {}).get("models")
    if models:  # which ones there are is the annotator's
        answer["versions"]["models"] = EXAMPLES[path]["versions"]["models"]
    for post in answer["items"] if path.endswith("posts") else []:
        post["models"] = EXAMPLES[path]["items"][0]["models"]
    assert alike(shape(answer), shape(EXAMPLES[path]))
    assert answer.get("items") != []


def test_a_live_message_has_the_shape_of_its_example(world):
    tick = snapshot(world.views, "tea", "24h")
    for post in tick["posts"]:
        post["models"] = EXAMPLES["/v1/live"]["posts"][0]["models"]
    assert alike(shape(tick), shape(EXAMPLES["/v1/live"]))
