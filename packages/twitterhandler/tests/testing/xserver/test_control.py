import asyncio

import pytest
from twitterhandler.testing.xserver import Fault


@pytest.fixture
def control(virtually, listening, session):
    """Runs an async function of (x, a connected client, a call of the control routes)."""

    def run(main):
        async def connected(x):
            async with listening(x) as client, session(x) as http:

                async def call(method, name, body=None):
                    answer = await http.request(method, f"{x.url}/__control/{name}", json=body)
                    return answer.status, await answer.json()

                return await main(x, client, call)

        return virtually(connected)

    return run


def test_posts_are_pushed_as_texts_and_as_whole_messages(control):
    async def main(x, client, call):
        whole = x.posts.original("tea, whole").as_json()
        _, first = await call("POST", "posts", {"text": "tea, a text"})
        _, more = await call("POST", "posts", [{"message": whole}, {"text": "water"}])
        await asyncio.sleep(1)
        _, posts = await call("GET", "posts")
        return client.events, [*first["ids"], *more["ids"]], [(post["id"], post["sent"]) for post in posts]

    events, ids, posts = control(main)
    assert events == ["connect", "tea, a text", "tea, whole"]
    assert posts == [(ids[0], 1), (ids[1], 1), (ids[2], 0)]


def test_faults_are_lined_up_and_named(control):
    async def main(x, client, call):
        _, names = await call("GET", "faults")
        asked = [{"name": "slow_start", "arguments": {"seconds": 15}}, {"name": "eof"}]
        _, lined_up = await call("POST", "faults", asked)
        await asyncio.sleep(60)
        _, connections = await call("GET", "connections")
        return names, lined_up, connections

    names, lined_up, connections = control(main)
    assert names == Fault.names()
    assert lined_up == {"lined_up": ["slow_start", "eof"]}
    assert [one["ended_by"] for one in connections] == ["eof", None]
    assert connections[1]["opened_at"] == "2026-11-22T12:00:15.010000+00:00"


def test_requests_and_deliveries_can_be_read_with_their_times(control):
    async def main(x, client, call):
        await call("POST", "posts", {"text": "tea"})
        await asyncio.sleep(5)
        await call("POST", "faults", {"name": "rst"})
        await asyncio.sleep(5)
        _, requests = await call("GET", "requests")
        _, deliveries = await call("GET", "deliveries")
        return requests, deliveries

    requests, deliveries = control(main)
    assert [(request["at"][17:25], request["status"]) for request in requests] == [("00+00:00", 200), ("05.01000", 200)]
    assert [(one["connection"], one["whole"], one["copy"]) for one in deliveries] == [(1, True, False)]


def test_the_clock_is_advanced_and_nobody_waits(control):
    async def main(x, client, call):
        await call("POST", "clock", {"advance": 3_600})
        await call("POST", "posts", {"text": "tea"})
        await asyncio.sleep(1)
        return x.now().hour, x.published[0].message.data["created_at"], asyncio.get_running_loop().time()

    assert control(main) == (13, "2026-11-22T13:00:00.010Z", 1.01)


def test_limits_and_manners_can_be_changed(control):
    async def main(x, client, call):
        _, limits = await call("PATCH", "limits", {"rules": 5})
        _, manners = await call("PATCH", "manners", {"keep_alive": 1})
        return limits["rules"], manners["keep_alive"], x.limits.rules, x.manners.keep_alive

    assert control(main) == (5, 1, 5, 1)


@pytest.mark.parametrize(
    ("method", "name", "body"),
    [
        ("POST", "faults", {"name": "earthquake"}),
        ("POST", "faults", {"name": "eof", "arguments": {"colour": "red"}}),
        ("POST", "posts", {}),
        ("POST", "clock", {"advance": "soon"}),
        ("PATCH", "limits", {"rulez": 5}),
    ],
)
def test_what_cannot_be_done_says_why(method, name, body, control):
    async def main(x, client, call):
        return await call(method, name, body)

    status, problem = control(main)
    assert status == 400
    assert problem["detail"]
