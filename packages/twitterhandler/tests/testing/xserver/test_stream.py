import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from twitterhandler.testing.xserver import Fault, Limits, Manners

STREAM = "https://api.x.com/2/tweets/search/stream"


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="tweepy")


@pytest.mark.parametrize("token", [None, "AAAAwrong"])
def test_without_the_right_token_nothing_is_given(token, virtually, session):
    async def main(x):
        async with session(x) as http:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answers = [await http.get(url, headers=headers) for url in (STREAM, f"{STREAM}/rules")]
            return [(answer.status, (await answer.json())["title"]) for answer in answers]

    assert virtually(main) == [(401, "Unauthorized"), (401, "Unauthorized")]


def test_an_app_that_may_not_is_forbidden_until_it_may(virtually, session):
    async def main(x):
        async with session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            x.forbid()
            refused = await http.get(f"{STREAM}/rules")
            x.forbid(None)
            return (await refused.json())["reason"], refused.status, (await http.get(f"{STREAM}/rules")).status

    assert virtually(main) == ("client-not-enrolled", 403, 200)


def test_an_unknown_path_is_not_found_and_any_host_is_served(virtually, session):
    async def main(x):
        async with session(x) as http:
            answer = await http.get("https://some.example/2/nothing", headers={"authorization": f"Bearer {x.token}"})
            return answer.status, [(request.path, request.status) for request in x.requests]

    assert virtually(main) == (404, [("/2/nothing", 404)])


def test_a_post_comes_once_with_all_the_rules_that_heed_it(virtually, listening):
    async def main(x):
        async with listening(x, rules=("tea", "green", "coffee")) as client:
            x.push("green tea", "tea", "water")
            await asyncio.sleep(1)
            return [[rule.tag for rule in response.matching_rules] for response in client.responses], x

    tags, x = virtually(main)
    assert tags == [["topic:tea", "topic:green"], ["topic:tea"]]
    assert [[rule.value for rule in post.rules] for post in x.published] == [["tea", "green"], ["tea"], []]
    assert [(d.id, d.whole, d.copy, d.connection) for d in x.deliveries] == [
        (x.published[0].id, True, False, 1),
        (x.published[1].id, True, False, 1),
    ]


def test_without_rules_the_stream_is_a_conflict(virtually, listening):
    async def main(x):
        async with listening(x, rules=()) as client:
            return client.events

    assert virtually(main) == ["status 409"]


def test_an_empty_line_comes_whenever_nothing_came_for_twenty_seconds(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            await asyncio.sleep(50 - 0.01)
            x.push("tea")
            await asyncio.sleep(25)
            return client.keep_alives

    assert virtually(main) == [20, 40, 70]


def test_two_days_of_keep_alives_keep_a_stall_timeout_quiet(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            await asyncio.sleep(2 * 86_400)
            return client.events, len(client.keep_alives), len(x.connects)

    assert virtually(main, manners=Manners(keep_alive=20.5)) == (["connect"], 2 * 86_400 / 20.5 // 1, 1)


def test_the_headers_come_before_anything_else(virtually, session):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        headers = {"authorization": f"Bearer {x.token}"}
        async with session(x) as http, asyncio.timeout(0.001), http.get(STREAM, headers=headers) as answer:
            return answer.status, answer.headers

    status, headers = virtually(main)
    assert status == 200
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["date"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    limits = [headers[f"x-rate-limit-{name}"] for name in ("limit", "remaining", "reset")]
    assert limits == ["50", "49", "1795349700"]


def test_the_fifty_first_connection_in_a_quarter_of_an_hour_is_one_too_many(virtually, session):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        async with session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            answers = []
            for number in range(52):
                x.fail(Fault.eof())
                async with http.get(STREAM) as answer:
                    answers.append((answer.status, answer.headers["x-rate-limit-remaining"]))
                    await answer.read()
                await asyncio.sleep(900 - 50 * 10 if number == 50 else 10)
            return answers

    answers = virtually(main)
    assert answers == [(200, str(49 - n)) for n in range(50)] + [(429, "0"), (200, "49")]


def test_a_second_connection_is_too_many_though_requests_are_left(virtually, session, listening):
    async def main(x):
        headers = {"authorization": f"Bearer {x.token}"}
        async with listening(x) as first, session(x) as http, http.get(STREAM, headers=headers) as second:
            body = await second.json()
            return second.status, int(second.headers["x-rate-limit-remaining"]), body, first.events

    status, remaining, body, events = virtually(main)
    assert (status, body["connection_issue"]) == (429, "TooManyConnections")
    assert remaining == 48
    assert events == ["connect"]


def test_an_account_with_two_connections_gets_every_post_on_both(virtually, listening):
    async def main(x):
        async with listening(x) as first, listening(x) as second:
            x.push("tea")
            await asyncio.sleep(1)
            return first.events, second.events, [(d.connection, d.copy) for d in x.deliveries]

    expected = ["connect", "tea"]
    assert virtually(main, limits=Limits(connections=2)) == (expected, expected, [(1, False), (2, True)])


def test_where_x_does_so_a_second_connection_ends_the_first(virtually, listening, first_line):
    async def main(x):
        async with listening(x) as client:
            line = await first_line(x, lambda: x.push("tea"))
            return line["data"]["text"], client.responses[0].errors, x.connections[0].ended_by

    text, errors, ended_by = virtually(main, manners=Manners(kick_older=True))
    assert text == "tea"
    assert errors[0]["disconnect_type"] == "ForceDisconnect"
    assert ended_by == "disconnect"


def test_the_slot_of_a_client_that_went_away_stays_taken_for_a_while(virtually, listening):
    async def main(x):
        async with listening(x):
            pass
        statuses = []
        for _ in range(3):
            async with listening(x, rules=()) as client:
                statuses.append(client.events)
            await asyncio.sleep(20)
        return statuses, [connection.ended_by for connection in x.connections]

    statuses, ended = virtually(main, manners=Manners(slot_linger=30))
    assert statuses == [["status 429"], ["status 429"], ["connect"]]
    assert ended == ["client", "client"]


def test_lingering_and_open_connections_can_be_terminated(virtually, listening, session):
    async def main(x):
        async with session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            async with listening(x) as client:
                active = await (await http.get("https://api.x.com/2/connections")).json()
                killed = await (await http.delete("https://api.x.com/2/connections/all")).json()
                await asyncio.sleep(1)
            await http.delete("https://api.x.com/2/connections/filtered_stream")
            async with listening(x, rules=()) as again:
                uuids = [
                    one["id"] for one in (await (await http.get("https://api.x.com/2/connections")).json())["data"]
                ]
                await http.delete("https://api.x.com/2/connections", json={"uuids": uuids})
                await asyncio.sleep(1)
            past = await (await http.get("https://api.x.com/2/connections", params={"status": "inactive"})).json()
            return active["data"], killed["data"], client.events[:3], again.events[:3], past["meta"]["result_count"]

    active, killed, events, again, past = virtually(main, manners=Manners(slot_linger=1e6))
    assert [one["endpoint_name"] for one in active] == ["filtered_stream"]
    assert killed["successful_kills"] == 1
    assert events == again == ["connect", "no post", "closed"]
    assert past >= 2


@pytest.mark.parametrize("accepted", [True, False])
def test_the_stream_is_compressed_for_who_accepts_it_line_by_line(accepted, virtually, session):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        headers = {"authorization": f"Bearer {x.token}", "accept-encoding": "gzip" if accepted else "identity"}
        async with session(x) as http, http.get(STREAM, headers=headers) as answer:
            lines = []
            for text in ("tea one", "tea two"):
                x.push(text)
                async with asyncio.timeout(0.001):
                    lines.append(await answer.content.readline())
            return answer.headers.get("content-encoding"), [line[-4:] for line in lines]

    encoding, ends = virtually(main, manners=Manners(gzip=True))
    assert encoding == ("gzip" if accepted else None)
    assert ends == [b"}]}\r\n"[-4:]] * 2


def test_a_reader_that_is_too_slow_is_told_so_and_disconnected(virtually, session):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        async with session(x) as http, http.get(STREAM, headers={"authorization": f"Bearer {x.token}"}) as answer:
            for number in range(60):
                x.fail(Fault.long_line(1_000_000))
                x.push(f"tea {number}")
                await asyncio.sleep(1)
            body = await answer.read()
            sent = [delivery.id for delivery in x.deliveries if delivery.whole]
            return body.count(b'"padding"'), len(sent), body.splitlines()[-1], x.connections[0].ended_by

    read, sent, last, ended_by = virtually(main, manners=Manners(send_queue=10))
    assert read == sent < 60
    assert b'"SlowReader"' in last
    assert ended_by == "disconnect"


def test_backfill_repeats_the_last_minutes_oldest_first(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            for number in range(6):
                x.push(f"tea {number}")
                await asyncio.sleep(60)
        await asyncio.sleep(1)
        x.push("tea unheard")
        async with listening(x, rules=(), backfill_minutes=3) as again:
            x.push("tea new")
            await asyncio.sleep(1)
            return client.events, again.events, [delivery.copy for delivery in x.deliveries]

    first, again, copies = virtually(main, limits=Limits(backfill=True))
    assert first == ["connect", *(f"tea {n}" for n in range(6))]
    assert again == ["connect", "tea 4", "tea 5", "tea unheard", "tea new"]
    assert copies == [False] * 6 + [True, True, False, False]


@pytest.mark.parametrize(("backfill", "minutes", "status"), [(True, 5, 200), (True, 6, 400), (False, 1, 400)])
def test_backfill_has_a_limit_and_is_not_for_everybody(backfill, minutes, status, virtually, session):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        headers = {"authorization": f"Bearer {x.token}"}
        async with session(x) as http, http.get(STREAM, params={"backfill_minutes": minutes}, headers=headers) as got:
            return got.status

    assert virtually(main, limits=Limits(backfill=backfill)) == status


def test_recovery_gives_a_past_period_beside_the_stream_and_ends(virtually, listening, session):
    async def main(x):
        async with listening(x), session(x) as http:
            for number in range(5):
                x.push(f"tea {number}")
                await asyncio.sleep(60)
            period = [(x.now() - timedelta(minutes=m)).isoformat() for m in (4, 2)]
            query = dict(zip(("start_time", "end_time"), period, strict=True))
            headers = {"authorization": f"Bearer {x.token}"}
            async with http.get(STREAM, params=query, headers=headers) as answer:
                return (await answer.text()).count('"data"')

    assert virtually(main, limits=Limits(recovery=True)) == 2


def test_recovery_is_not_for_everybody(virtually, session):
    async def main(x):
        query = {"start_time": x.now().isoformat(), "end_time": x.now().isoformat()}
        async with session(x) as http:
            return (await http.get(STREAM, params=query, headers={"authorization": f"Bearer {x.token}"})).status

    assert virtually(main) == 400


def test_a_server_that_is_away_for_a_while_refuses_connections(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            await x.stop()
            await asyncio.sleep(30)
            await x.start()
            await asyncio.sleep(30)
            x.push("tea")
            await asyncio.sleep(1)
            return client.events, x.connections[0].ended_by

    events, ended_by = virtually(main)
    assert events[0] == "connect"
    assert set(events[1:-2]) == {"connection error"}
    assert events[-2:] == ["connect", "tea"]
    assert ended_by == "server"


def test_faults_that_a_connection_does_not_live_to_see_wait_for_the_next(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            x.fail(Fault.duplicate(), Fault.eof(), Fault.rst(), Fault.disorder())
            await asyncio.sleep(1)
            x.push("tea 1", "tea 2", "tea 3")
            await asyncio.sleep(1)
        await asyncio.sleep(0.01)
        return client.events, [connection.ended_by for connection in x.connections]

    events, ended = virtually(main)
    assert events == [
        "connect",
        "closed",
        "connect",
        "connection error",
        "connect",
        *(f"tea {n}" for n in (1, 1, 3, 2)),
    ]
    assert ended == ["eof", "rst", "client"]


def test_its_manners_can_change_while_it_runs(virtually, listening):
    async def main(x):
        async with listening(x) as client:
            x.manners = replace(x.manners, keep_alive=5.0)
            x.push("tea")
            await asyncio.sleep(21)
            return len(client.keep_alives)

    assert virtually(main) == 4


def test_an_exhausted_limit_is_over_when_the_clock_is_moved_on(virtually, session):
    async def main(x):
        x.limits = replace(x.limits, connects=0)
        async with session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            before = (await http.get(STREAM)).status
            x.limits = replace(x.limits, connects=1)
            (await http.get(STREAM)).close()
            spent = (await http.get(STREAM)).status
            x.advance(900)
            return before, spent, (await http.get(STREAM)).status

    assert virtually(main) == (429, 429, 409)


def test_the_same_program_has_the_same_times_in_each_run(virtually, listening):
    async def main(x):
        async with listening(x):
            for number in range(20):
                x.push(f"tea {number}")
                await asyncio.sleep(7)
                x.fail(Fault.rst() if number % 2 else Fault.eof())
        return [request.at for request in x.requests], [(d.at, d.id) for d in x.deliveries]

    assert virtually(main) == virtually(main)


def raw_answer(x, name):
    """What a plain socket gets when a fault ends its connection: all bytes, and the error if there is one."""

    async def read():
        reader, writer = await asyncio.open_connection("127.0.0.1", int(x.url.rpartition(":")[2]))
        request = f"GET /2/tweets/search/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {x.token}\r\n\r\n"
        writer.write(request.encode())
        await asyncio.sleep(1)
        x.fail(Fault.named(name))
        x.push("tea 茶")
        chunks, error = [], None
        try:
            async with asyncio.timeout(5):
                while chunk := await reader.read(65_536):
                    chunks.append(chunk)
        except (ConnectionResetError, TimeoutError) as exc:
            error = type(exc)
        writer.close()
        return b"".join(chunks), error

    return read()


@pytest.mark.parametrize(
    ("name", "error", "end"),
    [
        ("eof", TimeoutError, b"0\r\n\r\n"),  # HTTP's end; the connection may be used again
        ("eof_mid_object", TimeoutError, b"0\r\n\r\n"),
        ("no_last_chunk", None, b"\r\n\r\n"),  # only the header has come
        ("rst", ConnectionResetError, b"\r\n\r\n"),
        ("rst_mid_object", ConnectionResetError, b"\r\n"),
    ],
)
def test_each_end_of_a_connection_is_what_it_is_called_on_the_wire(name, error, end, virtually):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        return await raw_answer(x, name), list(x.sent)

    (data, found), sent = virtually(main)
    assert found is error
    assert data.endswith(end)
    assert (b"\r\n0\r\n\r\n" in data) == name.startswith("eof")
    assert sent == []


def test_a_chunk_ends_inside_a_character_and_inside_of_the_delimiter(virtually):
    async def main(x):
        x.rules.add([{"value": "tea"}], now=x.now(), limits=x.limits)
        return [(await raw_answer(x, name))[0].partition(b"\r\n\r\n")[2] for name in ("split_character", "split_end")]

    character, delimiter = virtually(main, limits=Limits(connections=2))
    assert "茶".encode() not in character
    assert "茶".encode()[:1] + b"\r\n" in character
    assert b"\r\r\n1\r\n\n\r\n" in delimiter
