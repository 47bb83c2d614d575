import asyncio
from dataclasses import replace

import pytest
import tweepy
from tweepy import StreamRule
from twitterhandler.testing.xserver import Limits, Manners

RULES = "https://api.x.com/2/tweets/search/stream/rules"


def test_rules_have_ids_that_are_numbers_and_tags_where_they_were_given(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            added = await client.add_rules([StreamRule("tea", "topic:tea"), StreamRule("coffee")])
            return added, await client.get_rules()

    added, listed = virtually(main)
    assert [(rule.value, rule.tag) for rule in added.data] == [("tea", "topic:tea"), ("coffee", None)]
    assert all(rule.id.isdecimal() for rule in added.data)
    assert added.meta["summary"] == {"created": 2, "not_created": 0, "valid": 2, "invalid": 0}
    assert listed.data == added.data
    assert (listed.meta["result_count"], listed.meta["sent"]) == (2, "2026-11-22T12:00:00.000Z")


def test_without_rules_there_is_no_data(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            return await client.get_rules()

    listed = virtually(main)
    assert listed.data is None
    assert listed.meta["result_count"] == 0


def test_a_duplicate_is_one_by_its_value_and_names_the_rule_that_is_there(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            first = await client.add_rules(StreamRule("tea", "one"))
            return first.data[0].id, await client.add_rules([StreamRule("tea", "two"), StreamRule("coffee")])

    number, second = virtually(main)
    assert [rule.value for rule in second.data] == ["coffee"]
    assert second.errors == [
        {
            "value": "tea",
            "id": number,
            "title": "DuplicateRule",
            "type": "https://api.twitter.com/2/problems/duplicate-rules",
        }
    ]


@pytest.mark.parametrize("value", ["from:", "(tea", "lang:en", "x" * 1_025])
def test_an_invalid_rule_says_why(value, virtually, listener):
    async def main(x):
        async with listener(x) as client:
            return await client.add_rules(StreamRule(value))

    answer = virtually(main)
    assert answer.data is None
    assert answer.errors[0]["title"] == "UnprocessableEntity"
    assert answer.errors[0]["details"]
    assert answer.meta["summary"]["invalid"] == 1


def test_where_x_refuses_invalid_rules_the_status_is_400(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            with pytest.raises(tweepy.BadRequest, match="parameters to your request"):
                await client.add_rules(StreamRule("from:"))

    virtually(main, manners=Manners(refuse_invalid=True))


def test_there_are_at_most_so_many_rules(virtually, listener, session):
    async def main(x):
        async with listener(x) as client, session(x) as http:
            answer = await client.add_rules([StreamRule(f"word{n}") for n in range(4)])
            counts = await http.get(f"{RULES}/counts", headers={"authorization": f"Bearer {x.token}"})
            return answer, (await counts.json())["data"]

    answer, counts = virtually(main, limits=Limits(rules=3))
    assert len(answer.data) == 3
    assert answer.errors[0]["type"].endswith("/rule-cap")
    assert counts["cap_per_client_app"] == counts["cap_per_project"] == "3"
    assert counts["client_app_rules_count"]["rule_count"] == 3
    assert counts["project_rules_count"] == "3"


def test_rules_are_deleted_by_id_and_those_that_are_not_there_are_counted(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            added = await client.add_rules([StreamRule("tea"), StreamRule("coffee")])
            return await client.delete_rules([added.data[0].id, "404"]), await client.get_rules()

    answer, left = virtually(main)
    assert answer.meta["summary"] == {"deleted": 1, "not_deleted": 1}
    assert answer.errors
    assert [rule.value for rule in left.data] == ["coffee"]


def test_rules_are_deleted_by_value_and_all_at_once(virtually, listener, session):
    async def main(x):
        async with listener(x) as client, session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            await client.add_rules([StreamRule(word) for word in ("tea", "coffee", "milk", "juice")])
            by_value = await http.post(RULES, json={"delete": {"values": ["tea", "water"]}})
            summaries = [(await by_value.json())["meta"]["summary"]]
            for query in ({"delete_all": "true", "dry_run": "true"}, {"delete_all": "true"}):
                everything = await http.post(RULES, params=query)
                summaries.append((await everything.json())["meta"]["summary"])
                summaries.append(len(x.rules))
            return summaries

    assert virtually(main) == [
        {"deleted": 1, "not_deleted": 1},
        {"deleted": 3, "not_deleted": 0},
        3,
        {"deleted": 3, "not_deleted": 0},
        0,
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"add": []},
        {"add": [{"value": "tea"}], "delete": {"ids": ["1"]}},
        {"add": [{"rule": "tea"}]},
        {"add": [{"value": "tea", "colour": "green"}]},
        {"delete": {}},
        {"delete": {"ids": ["1"], "values": ["tea"]}},
        [],
    ],
)
def test_exactly_one_well_formed_command_is_taken(body, virtually, session):
    async def main(x):
        async with session(x) as http:
            answer = await http.post(RULES, json=body, headers={"authorization": f"Bearer {x.token}"})
            return answer.status, (await answer.json())["errors"][0]["message"]

    assert virtually(main) == (400, "JSON doesn't match expected schema")


def test_a_body_that_is_no_json_is_refused(virtually, session):
    async def main(x):
        async with session(x) as http:
            answer = await http.post(RULES, data=b"{add", headers={"authorization": f"Bearer {x.token}"})
            return answer.status, (await answer.json())["errors"][0]["message"]

    assert virtually(main) == (400, "Body is not JSON")


def test_a_dry_run_changes_nothing_and_takes_true_in_small_letters_only(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            tried = await client.add_rules(StreamRule("tea"), dry_run="true")
            assert tried.meta["summary"]["created"] == 1
            assert (await client.get_rules()).data is None
            with pytest.raises(tweepy.BadRequest):
                await client.add_rules(StreamRule("tea"), dry_run="True")

    virtually(main)


def test_rules_are_listed_by_page_and_by_id(virtually, session):
    async def main(x):
        x.rules.add([{"value": f"word{n}"} for n in range(5)], now=x.now(), limits=x.limits)
        ids = [rule.id for rule in x.rules.all()]
        async with session(x) as http:
            http.headers["authorization"] = f"Bearer {x.token}"
            pages, token = [], None
            while not pages or token:
                query = {"max_results": "2", **({"pagination_token": token} if token else {})}
                page = await (await http.get(RULES, params=query)).json()
                pages.append([rule["id"] for rule in page["data"]])
                token = page["meta"].get("next_token")
            two = await (await http.get(RULES, params={"ids": f"{ids[0]},{ids[3]}"})).json()
            sizes = [{"max_results": size} for size in ("0", "1001", "many")]
            wrong = [(await http.get(RULES, params=query)).status for query in (*sizes, {"pagination_token": "x"})]
            return ids, pages, [rule["id"] for rule in two["data"]], wrong

    ids, pages, two, wrong = virtually(main)
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert two == [ids[0], ids[3]]
    assert wrong == [400, 400, 400, 400]


@pytest.mark.parametrize("status", [200, 201])
def test_what_is_created_has_the_status_of_today_or_of_former_times(status, virtually, session):
    async def main(x):
        async with session(x) as http:
            headers = {"authorization": f"Bearer {x.token}"}
            return (await http.post(RULES, json={"add": [{"value": "tea"}]}, headers=headers)).status

    assert virtually(main, manners=Manners(created_status=status)) == status


def test_rules_stay_when_connections_and_the_server_itself_come_and_go(virtually, listening, listener):
    async def main(x):
        async with listening(x, rules=("tea",)):
            pass
        await x.stop()
        await x.start()
        async with listener(x) as client:
            return (await client.get_rules()).data

    assert [rule.value for rule in virtually(main)] == ["tea"]


def test_a_new_rule_is_heeded_after_a_while_without_a_new_connection(virtually, listening):
    async def main(x):
        async with listening(x, rules=("tea",)) as client:
            await client.add_rules(StreamRule("coffee", "topic:coffee"))
            for text in ("coffee too early", "coffee in time"):
                x.push(text)
                await asyncio.sleep(20)
            return client.events

    assert virtually(main, manners=Manners(rule_delay=20)) == ["connect", "coffee in time"]


@pytest.mark.parametrize(
    ("manners", "rules"),
    [
        (Manners(), [{"id": "1900000000000000001", "tag": "topic:tea"}, {"id": "1900000000000000002"}]),
        (Manners(tags="empty"), [{"id": "1900000000000000001", "tag": ""}, {"id": "1900000000000000002"}]),
        (Manners(tags="null"), [{"id": "1900000000000000001", "tag": None}, {"id": "1900000000000000002"}]),
        (Manners(tags="absent"), [{"id": "1900000000000000001"}, {"id": "1900000000000000002"}]),
        (Manners(number_ids=True), [{"id": 1900000000000000001, "tag": "topic:tea"}, {"id": 1900000000000000002}]),
    ],
)
def test_matching_rules_are_written_in_every_way_that_was_seen(manners, rules, virtually, first_line):
    async def main(x):
        x.rules.add([{"value": "tea", "tag": "topic:tea"}, {"value": "green"}], now=x.now(), limits=x.limits)
        return await first_line(x, lambda: x.push("green tea"))

    assert virtually(main, manners=manners)["matching_rules"] == rules


def test_what_the_account_may_do_can_change_while_it_runs(virtually, listener):
    async def main(x):
        async with listener(x) as client:
            x.limits = replace(x.limits, rules=0)
            return await client.add_rules(StreamRule("tea"))

    assert virtually(main).errors[0]["type"].endswith("/rule-cap")
