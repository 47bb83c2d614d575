import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sources.x.collecting import (
    ACTIVE,
    TOPICS,
    Collector,
    Remembered,
    collecting,
    covered,
    longest_window,
    lost,
    seconds,
)
from twitterhandler.cursors import CursorFile
from twitterhandler.errors import SourceRefusedError
from twitterhandler.posts import Gap, Post
from twitterhandler.testing.xserver import Fault, Limits, Manners
from twitterhandler.topics import Topic

STREAM = "/2/tweets/search/stream"


def paths(x):
    return [(request.method, request.path.removeprefix(STREAM)) for request in x.requests]


class TestTopics:
    def test_share_one_connection_and_each_gets_exactly_its_own(self):
        async def story(x, collector):
            said = {"rain": 7, "tea": 5, "snow": 3, "rain and tea": 4, "snow, tea and rain": 2, "sun": 6}
            for number in range(max(said.values())):
                x.push(*(f"{text} {number}" for text, times in said.items() if number < times))
                await asyncio.sleep(1)
            assert len(x.connections) == 1
            assert collector.ingest.status().counts.by_topic == {"rain": 13, "tea": 11, "weather": 16}
            assert collector.texts == [published.message.data["text"] for published in x.published if published.rules]

        collecting(story)

    def test_with_the_same_query_share_a_rule(self):
        async def story(x, collector):
            x.push("tea")
            await asyncio.sleep(1)
            assert [rule.value for rule in x.rules.all()] == ["tea"]
            assert [post.topics for post in collector.of(Post)] == [("chai", "tea")]
            await collector.change(chai="stopped")
            await asyncio.sleep(1)
            x.push("more tea")
            await asyncio.sleep(1)
            assert collector.of(Post)[-1].topics == ("tea",)
            assert len(x.rules) == 1

        collecting(story, topics=[Topic("chai", "tea", state="started"), Topic("tea", "tea", state="started")])

    def test_keep_only_what_they_want_and_pay_for_nothing_else(self):
        async def story(x, collector):
            original = x.posts.original("tea")
            x.push(original, x.posts.original("té, tea", lang="es"), x.posts.repost(original))
            await asyncio.sleep(1)
            assert collector.texts == ["té, tea"]
            assert len(x.deliveries) == 1

        collecting(story, topics=[Topic("tea", "tea", languages=("es",), reposts=False, state="started")])

    def test_are_not_told_of_what_a_rule_brings_and_they_do_not_want(self):
        async def story(x, collector):
            x.push(x.posts.original("tea", lang="en"))
            await asyncio.sleep(1)
            x.rules.add([{"value": "té", "tag": "topic:tea"}], now=x.now(), limits=x.limits)
            x.push(x.posts.original("té", lang="en"), x.posts.original("té", lang="es"))
            await asyncio.sleep(1)
            assert [post.lang for post in collector.of(Post)] == ["es"]
            assert collector.ingest.status().counts.unmatched == 1

        collecting(story, topics=[Topic("tea", "tea", languages=("es",), state="started")])

    def test_of_other_networks_are_not_asked_for(self):
        async def story(x, collector):
            assert len(x.rules) == 1

        collecting(story, topics=[replace(TOPICS[0], sources=("sim",)), replace(TOPICS[1], sources=("x", "sim"))])

    def test_when_none_is_started_there_is_no_connection_and_no_rule(self):
        async def story(x, collector):
            assert ("GET", "") not in paths(x)
            await collector.change(rain="started")
            await asyncio.sleep(ACTIVE)
            x.push("rain")
            await asyncio.sleep(1)
            assert len(x.connections) == 1
            await collector.change(rain="stopped")
            await asyncio.sleep(1)
            x.push("rain again")
            await asyncio.sleep(600)
            assert len(x.rules) == 0
            assert [connection.ended_by for connection in x.connections] == ["client"]
            assert [gap for gap in collector.gaps if gap.end - gap.start > timedelta(seconds=23)] == []
            await collector.change(rain="started")
            await asyncio.sleep(ACTIVE)
            x.push("rain at last")
            await asyncio.sleep(1)
            assert collector.texts == ["rain", "rain at last"]
            assert lost(x, collector) == []

        collecting(story, topics=[replace(TOPICS[0], state="stopped")])

    def test_that_start_have_a_gap_until_their_rule_is_heeded(self):
        async def story(x, collector):
            await collector.change(Topic("snow", "snow", state="started"))
            began = x.now()
            for _ in range(30):
                x.push("snow and rain")
                await asyncio.sleep(1)
            (gap,) = (gap for gap in collector.gaps if gap.topics == ("snow",))
            assert (gap.start, gap.reason) == (began, "its rule is new")
            assert timedelta(seconds=20) < gap.end - gap.start < timedelta(seconds=25)
            unheard = [at for at in range(30) if not covered([gap], "snow", began + timedelta(seconds=at))]
            heard = [post for post in collector.of(Post) if "snow" in post.topics]
            assert len(heard) >= len(unheard)
            assert len(x.connections) == 1, "new rules need no new connection"

        collecting(story)

    def test_that_change_are_heard_by_the_old_rule_until_the_new_one_is_heeded(self):
        async def story(x, collector):
            collector.registry.change("tea", query="tea OR matcha")
            await collector.ingest.announce_changes()
            for _ in range(60):
                x.push("tea")
                await asyncio.sleep(1)
            assert len(collector.texts) == 60
            assert {rule.value for rule in x.rules.all()} == {"rain", "rain OR snow", "tea OR matcha"}
            assert [gap.topics for gap in collector.gaps if gap.start > x.connections[0].opened_at] == [("tea",)]

        collecting(story)


class TestRules:
    def test_that_a_crash_left_are_gone_after_the_restart_and_those_of_others_are_not(self):
        async def story(x, collector):
            collector.task.cancel()  # nothing is tidied up: the rules stay at X
            await asyncio.sleep(1)
            x.rules.add([{"value": "cats", "tag": "cats"}, {"value": "dogs"}], now=x.now(), limits=x.limits)
            collector.registry.change("tea", state="stopped")
            collector.registry.change("rain", query="rain OR drizzle")
            async with Collector(x, collector.registry.path) as again:
                await asyncio.sleep(60)
                x.push("tea", "cats", "drizzle")
                await asyncio.sleep(1)
                assert again.texts == ["drizzle"]
            values = sorted(rule.value for rule in x.rules.all())
            assert values == ["cats", "dogs", "rain OR drizzle", "rain OR snow"]

        collecting(story)

    @pytest.mark.parametrize("tags", ["given", "empty", "null", "absent"])
    @pytest.mark.parametrize("number_ids", [False, True])
    def test_are_known_however_x_writes_them(self, tags, number_ids):
        async def story(x, collector):
            x.push("rain and tea")
            await asyncio.sleep(1)
            assert [post.topics for post in collector.of(Post)] == [("rain", "tea", "weather")]

        collecting(story, manners=Manners(tags=tags, number_ids=number_ids, created_status=200), settle=ACTIVE)

    def test_of_others_with_the_same_value_serve_as_well_and_stay(self):
        async def story(x, collector):
            x.rules.add([{"value": "hail", "tag": "somebody's"}], now=x.now(), limits=x.limits)
            await collector.change(Topic("hail", "hail", state="started"))
            await asyncio.sleep(1)
            x.push("hail")
            await asyncio.sleep(1)
            assert [post.topics for post in collector.of(Post)] == [("hail",)]
            await collector.change(hail="stopped")
            await asyncio.sleep(1)
            assert [rule.tag for rule in x.rules.all() if rule.value == "hail"] == ["somebody's"]

        collecting(story)

    def test_that_do_not_fit_are_told_and_their_time_is_a_gap(self):
        async def story(x, collector):
            assert collector.source.troubles == (
                "topic weather: X takes no more rules; stop a topic, or get a larger limit of rules in X's developer "
                "console",
            )
            await asyncio.sleep(100)
            (gap,) = (gap for gap in collector.gaps if gap.topics == ("weather",))
            assert seconds(gap.start) == 0
            assert gap.end > x.now(), "it lasts until it is told again"
            await collector.change(tea="stopped")
            await asyncio.sleep(1)
            assert collector.source.troubles == ()
            (gap,) = (gap for gap in collector.gaps if gap.topics == ("weather",))
            assert x.now() < gap.end < x.now() + timedelta(seconds=25)

        collecting(story, limits=Limits(rules=2))

    @pytest.mark.parametrize("refuse_invalid", [False, True])
    def test_that_x_refuses_are_told_and_the_others_are_heard(self, refuse_invalid):
        async def story(x, collector):
            (trouble,) = collector.source.troubles
            assert trouble.startswith("topic tea: X does not take its query: ")
            assert "at most 4 characters" in trouble
            x.push("rain")
            await asyncio.sleep(1)
            assert [post.topics for post in collector.of(Post)] == [("rain",)]

        topics = [Topic("rain", "rain", state="started"), Topic("tea", "earl grey", state="started")]
        collecting(story, topics=topics, limits=Limits(rule_length=4), manners=Manners(refuse_invalid=refuse_invalid))

    def test_that_somebody_deleted_are_written_again(self):
        async def story(x, collector):
            x.rules.delete_all(now=x.now())
            x.fail(Fault.eof())
            await asyncio.sleep(60)
            x.push("rain")
            await asyncio.sleep(1)
            assert collector.texts == ["rain"]
            assert 409 in [request.status for request in x.requests]

        collecting(story)

    def test_are_kept_over_pages_of_them(self):
        async def story(x, collector):
            assert len(x.rules) == 1_203
            assert len([path for path in paths(x) if path == ("POST", "/rules")]) == 1

        async def crowded(x, collector):
            entries = [{"value": f"word{number}", "tag": f"other {number}"} for number in range(1_200)]
            x.rules.add(entries, now=x.now(), limits=x.limits)
            await collector.change(rain="started", tea="started", weather="started")
            await asyncio.sleep(ACTIVE)
            await story(x, collector)

        stopped = [replace(topic, state="stopped") for topic in TOPICS]
        collecting(crowded, topics=stopped, limits=Limits(rules=5_000))


class TestGaps:
    def test_the_time_in_which_the_collector_did_not_run_is_one(self, tmp_path):
        async def story(x, collector):
            for _ in range(10):
                x.push("tea")
                await asyncio.sleep(1)
            collector.source.acknowledge(len(collector.queue.records))
            collector.task.cancel()
            await asyncio.sleep(300)
            x.push("tea, unheard")
            await asyncio.sleep(300)
            async with Collector(x, collector.registry.path, collector.queue, cursor=cursor) as again:
                await asyncio.sleep(ACTIVE)
                assert lost(x, again) == []
                (gap,) = (gap for gap in again.gaps if gap.reason == "the collector was not running")
                assert gap.topics == ("rain", "tea", "weather")
                assert 600 <= (gap.end - gap.start).total_seconds() < 603

        cursor = CursorFile(tmp_path / "cursors.db", "x")
        collecting(story, cursor=cursor)

    def test_one_that_lasts_is_told_each_minute_as_the_same_record(self):
        async def story(x, collector):
            x.fail(*[Fault.unavailable()] * 8)
            x.fail(Fault.eof())
            await asyncio.sleep(1_200)
            told = [gap for gap in collector.of(Gap) if gap.reason == "X closed it"]
            assert len({gap.id for gap in told}) == 1
            assert len(told) > 10
            assert [gap.end for gap in told] == sorted(gap.end for gap in told)
            assert collector.source.troubles == ()

        collecting(story)

    def test_a_slow_queue_loses_out_loud_and_never_stops_the_reading(self):
        async def story(x, collector):
            collector.queue.pause = 1.0
            for _ in range(60):
                x.push(*[f"tea {number}" for number in range(5)])
                await asyncio.sleep(1)
            collector.queue.pause = 0.0
            await asyncio.sleep(60)
            assert [connection.ended_by for connection in x.connections] == [None]
            slow = [gap for gap in collector.gaps if gap.reason.startswith("the queue was too slow: ")]
            assert slow
            assert len(slow) < 10
            assert 60 < len(collector.texts) < 300
            assert lost(x, collector) == []

        collecting(story, held_lines=50)

    def test_is_filled_where_somebody_can(self):
        class Filler:
            heard = None

            async def posts(self, gap, topics):
                assert tuple(topic.slug for topic in topics) == gap.topics
                if self.heard and gap.end - gap.start > timedelta(seconds=1):
                    yield self.heard
                    yield replace(self.heard, id="x:2", text="found again")

        async def story(x, collector):
            x.push("tea")
            await asyncio.sleep(61)
            filler.heard = collector.of(Post)[0]
            x.fail(Fault.unavailable(), Fault.eof())
            await asyncio.sleep(1)
            x.push("tea, unheard")
            await asyncio.sleep(120)
            assert collector.texts == ["tea", "found again"]
            gaps = [gap for gap in collector.gaps if gap.reason == "X closed it"]
            assert [gap.filled for gap in gaps] == [True]

        filler = Filler()
        collecting(story, filler=filler)

    def test_stays_unfilled_when_it_would_cost_too_much(self, caplog):
        class Filler:
            async def posts(self, gap, topics):
                raise SourceRefusedError("the budget is spent; raise it")
                yield

        async def story(x, collector):
            x.fail(Fault.eof())
            await asyncio.sleep(120)
            assert not any(gap.filled for gap in collector.gaps)

        collecting(story, filler=Filler())
        assert "the budget is spent" in caplog.text


class TestErrors:
    @pytest.mark.parametrize(
        ("fault", "what_to_do"),
        [
            (Fault.unauthorized(), "set TWITTERHANDLER_X_TOKEN"),
            (Fault.forbidden(), "give the app access"),
            (Fault.usage_capped(), "raise it in X's developer console"),
        ],
    )
    def test_that_waiting_does_not_mend_end_it_and_say_what_to_do(self, fault, what_to_do):
        async def story(x, collector):
            x.push("tea")
            x.fail(fault, Fault.eof())
            await asyncio.sleep(3_600)
            status = collector.ingest.status()
            assert status.state == "failed"
            assert what_to_do in status.failure
            assert len(x.connects) == 2, "it is not asked again"
            assert collector.texts == ["tea"], "what had been heard is on the queue"

        collecting(story)

    def test_what_is_posted_after_such_an_end_lies_in_a_gap_with_which_the_next_run_begins(self):
        async def story(x, collector):
            x.push("tea")
            await asyncio.sleep(5)
            x.fail(Fault.forbidden(), Fault.eof())
            for second in range(300):
                x.push(*["tea, unheard"] * (second % 10 == 0 and second < 240))
                await collector.ingest.attend()
                await asyncio.sleep(1)
            assert collector.source.health().connected is False
            assert lost(x, collector) == []
            (told,) = (gap for gap in collector.gaps if "give the app access" in gap.reason)
            async with Collector(x, collector.registry.path, collector.queue, cursor=cursor) as again:
                await asyncio.sleep(ACTIVE)
                assert lost(x, again) == []
                (gap,) = (gap for gap in again.gaps if gap.reason == "the collector was not running")
                assert (gap.id, gap.start) == (told.id, told.start)

        cursor = Remembered()
        collecting(story, cursor=cursor)

    def test_a_wrong_key_is_told_at_once(self):
        async def story(x, collector):
            assert "set TWITTERHANDLER_X_TOKEN" in collector.ingest.status().failure

        collecting(story, token="AAAA-wrong")

    def test_of_the_rules_routes_are_waited_for(self):
        async def story(x, collector):
            assert [path for _, path in paths(x)][:3] == ["/rules"] * 3
            x.push("tea")
            await asyncio.sleep(1)
            assert collector.texts == ["tea"]

        async def failing(x, collector):
            x.fail(Fault.unavailable(), Fault.rate_limited(30.0), route="rules")
            await collector.change(tea="started")
            await asyncio.sleep(10)
            assert len(collector.source.troubles) == 1
            await asyncio.sleep(60)
            await story(x, collector)

        collecting(failing, topics=[replace(TOPICS[1], state="stopped")], settle=0)

    def test_a_connection_is_not_asked_for_over_and_over(self):
        """200 and then the end, for ever: what made tweepy connect a thousand times a second."""

        async def story(x, collector):
            x.fail(*[Fault.eof()] * 1_000)
            await asyncio.sleep(7_200)
            assert len(x.connects) > 200
            assert longest_window(x.connects) <= 45
            assert lost(x, collector) == []

        collecting(story)

    def test_restarts_over_and_over_keep_the_limit_too(self):
        async def story(x, collector):
            collector.task.cancel()
            for _ in range(120):
                async with Collector(x, collector.registry.path, connects=connects):
                    await asyncio.sleep(9)
            assert longest_window(x.connects) <= 50

        connects = Remembered()
        collecting(story, connects=connects)
