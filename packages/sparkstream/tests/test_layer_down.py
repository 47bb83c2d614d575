"""The view API while one layer is down: it answers from the other, says so, and is whole again by itself."""

from contextlib import closing

import pytest
from factories import NOON, gap, two_layers
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sparkstream.api import create_app
from sparkstream.times import HOUR, MINUTE, format_time
from switch import Served

BORDER, END = NOON + 5 * HOUR, NOON + 26 * HOUR
DAY = {"from": format_time(NOON), "to": format_time(END)}
EARLY = {"from": format_time(NOON), "to": format_time(NOON + 2 * HOUR)}
LATE = {"from": format_time(NOON + 20 * HOUR), "to": format_time(NOON + 22 * HOUR)}
ABOUT = "/v1/topics/tea"
QUESTIONS = (
    ("/v1/topics", {}),
    (f"{ABOUT}/summary", DAY),
    (f"{ABOUT}/summary", {**DAY, "emotion": "joy", "lang": "en"}),
    (f"{ABOUT}/series", {**DAY, "step": "1h"}),
    (f"{ABOUT}/series", {**DAY, "step": "1h", "kind": "reply"}),
    (f"{ABOUT}/top", {**DAY, "facet": "word"}),
    (f"{ABOUT}/top", {**DAY, "facet": "word", "sentiment": "neutral", "q": "pot"}),
    (f"{ABOUT}/coverage", DAY),
)


@pytest.fixture
def store(tmp_path, some_posts):
    unheard = gap(NOON + HOUR, NOON + HOUR + MINUTE)
    with closing(two_layers(tmp_path / "views.db", some_posts, border=BORDER, now=END, more=[unheard])) as opened:
        yield opened


@pytest.fixture
def served(store):
    return Served(store)


@pytest.fixture
def client(served):
    with TestClient(create_app(served.store, clock=lambda: END, tick=0.02)) as made:
        yield made


def get(client, path, **parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def coverage(client, **asked):
    return [item["coverage"] for item in get(client, f"{ABOUT}/series", step="1h", **asked)["items"]]


@pytest.mark.parametrize(("server", "layer"), [("cassandra", "batch"), ("redis", "speed")])
def test_everything_but_posts_is_answered_and_names_the_layer_that_is_down(client, served, server, layer):
    whole = [get(client, path, **asked) for path, asked in QUESTIONS]
    assert all(answer["layers"]["down"] == [] for answer in whole)
    served.go(getattr(served, server))
    for path, asked in QUESTIONS:
        assert get(client, path, **asked)["layers"]["down"] == [layer], path
    assert get(client, "/v1/status")["layers"]["down"] == [layer]
    served.go()
    assert [get(client, path, **asked) for path, asked in QUESTIONS] == whole


def test_without_the_speed_layer_what_comes_after_the_border_is_unknown(client, served):
    early, late = get(client, f"{ABOUT}/summary", **EARLY), get(client, f"{ABOUT}/summary", **LATE)
    assert (early["coverage"], late["coverage"]) == ("partial", "full")
    served.go(served.redis)
    now = get(client, f"{ABOUT}/summary", **EARLY)
    assert (now["posts"], now["coverage"]) == (early["posts"], "partial")
    assert get(client, f"{ABOUT}/summary", **LATE)["coverage"] == "none"
    assert get(client, f"{ABOUT}/summary", **DAY)["coverage"] == "partial"
    assert coverage(client, **DAY) == ["full", "partial", "full", "full", "full", *["none"] * 21]
    items = get(client, f"{ABOUT}/coverage", **DAY)["items"]
    assert [(item["from"], item["reason"]) for item in items] == [
        (format_time(NOON + HOUR), "disconnected"),
        (format_time(BORDER), "the speed layer is down"),
    ]
    assert not get(client, f"{ABOUT}/top", **DAY, facet="word")["exact"]
    assert get(client, "/v1/status")["job"]["state"] == "unknown"
    assert get(client, f"{ABOUT}/posts", **LATE)["items"]


def test_without_the_batch_layer_what_comes_before_the_border_is_unknown_and_gaps_are_after_it(client, served):
    late = get(client, f"{ABOUT}/summary", **LATE)
    served.go(served.cassandra)
    assert get(client, f"{ABOUT}/summary", **EARLY)["coverage"] == "none"
    now = get(client, f"{ABOUT}/summary", **LATE)
    assert (now["posts"], now["coverage"]) == (late["posts"], "partial")
    assert coverage(client, **DAY) == [*["none"] * 5, *["partial"] * 21]
    reasons = [item["reason"] for item in get(client, f"{ABOUT}/coverage", **DAY)["items"]]
    assert reasons == ["the batch layer is down", "the batch layer, which knows gaps, is down"]
    job = get(client, "/v1/status")["job"]
    assert (job["state"], job["dead_letters"]) == ("running", None)


def test_posts_that_are_counted_are_known_without_the_speed_layer_and_unknown_without_the_batch_layer(client, served):
    asked = {**LATE, "q": "pot"}
    whole = get(client, f"{ABOUT}/summary", **asked)
    served.go(served.redis)
    counted = get(client, f"{ABOUT}/summary", **asked)
    assert (counted["posts"], counted["complete"], counted["coverage"]) == (whole["posts"], True, "partial")
    served.go(served.cassandra)
    nothing = get(client, f"{ABOUT}/summary", **asked)
    assert (nothing["posts"], nothing["counted"], nothing["complete"]) == (None, 0, False)
    assert nothing["coverage"] == "none"
    by_views = get(client, f"{ABOUT}/summary", **LATE, kind="reply")
    assert by_views["posts"] > 0
    assert by_views["coverage"] == "partial"
    served.go()
    assert get(client, f"{ABOUT}/summary", **asked) == whole


def test_posts_without_the_batch_layer_are_a_problem_with_the_next_step(client, served):
    served.go(served.cassandra)
    answer = client.get(f"{ABOUT}/posts", params=LATE)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["detail"] == (
        "posts cannot be read now: Cassandra cannot be reached; start it, or correct its URL"
    )


def test_a_topic_that_nobody_can_look_up_is_not_said_to_be_unknown_for_ever(client, served):
    served.go(served.cassandra)
    assert client.get("/v1/topics/soup/summary").status_code == 503
    served.go()
    assert client.get("/v1/topics/soup/summary").status_code == 404


@pytest.mark.parametrize(
    ("server", "words"), [("cassandra", "batch layer: Cassandra"), ("redis", "speed layer: Redis")]
)
def test_readiness_names_what_is_down_and_why(client, served, server, words):
    assert client.get("/readyz").status_code == 200
    served.go(getattr(served, server))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == f"{words} cannot be reached; start it, or correct its URL"
    served.go()
    assert client.get("/readyz").status_code == 200


def test_without_either_all_is_503(client, served):
    served.go(served.cassandra, served.redis)
    for path in ("/v1/topics", f"{ABOUT}/summary", "/v1/status", "/metrics"):
        assert client.get(path).status_code == 503, path
    assert client.get("/healthz").status_code == 200
    assert "Cassandra" in client.get("/readyz").json()["detail"]
    assert "Redis" in client.get("/readyz").json()["detail"]


def test_metrics_leave_out_what_they_cannot_know(client, served):
    def measured():
        families = text_string_to_metric_families(client.get("/metrics").text)
        return {
            (sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples
        }

    whole = measured()
    assert whole["sparkstream_layer_up", "batch"] == whole["sparkstream_layer_up", "speed"] == 1
    served.go(served.redis)
    without = measured()
    assert (without["sparkstream_layer_up", "speed"], without["sparkstream_layer_up", "batch"]) == (0, 1)
    assert {key[0] for key in whole} - {key[0] for key in without} == {
        "sparkstream_job_up",
        "sparkstream_posts_per_second",
        "sparkstream_lag_seconds",
        "sparkstream_batch",
    }
    served.go(served.cassandra)
    assert "sparkstream_dead_letters" not in {key[0] for key in measured()}


def test_the_live_socket_goes_on_and_says_so(client, served):
    with client.websocket_connect("/v1/live?topic=tea&window=24h") as socket:
        whole = socket.receive_json()
        assert (whole["layers"]["down"], whole["job"]["state"]) == ([], "running")
        for server, layer in ((served.redis, "speed"), (served.cassandra, "batch")):
            served.go(server)
            tick = until(socket, lambda message, wanted=layer: message["layers"]["down"] == [wanted])
            assert {item["coverage"] for item in tick["series"]} >= {"none"} | (
                {"partial"} if layer == "batch" else set()
            )
            assert bool(tick["posts"]) == (layer == "speed")
        served.go()
        again = until(socket, lambda message: message["layers"]["down"] == [])
        assert (again["summary"], again["series"], again["posts"]) == (
            whole["summary"],
            whole["series"],
            whole["posts"],
        )


def test_a_filtered_live_socket_goes_on_too(client, served):
    with client.websocket_connect("/v1/live?topic=tea&window=24h&q=pot") as socket:
        whole = socket.receive_json()
        served.go(served.cassandra)
        tick = until(socket, lambda message: message["layers"]["down"] == ["batch"])
        assert (tick["summary"]["posts"], tick["summary"]["complete"]) == (None, False)
        served.go()
        assert until(socket, lambda message: message["layers"]["down"] == [])["summary"] == whole["summary"]


def until(socket, wanted):
    for _ in range(200):
        message = socket.receive_json()
        if wanted(message):
            return message
    raise AssertionError("no such message came")
