import asyncio

from sources.x.collecting import TOPICS
from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.sources.x.rulebook import Reconciler, RuleBook
from twitterhandler.sources.x.rules import Rule
from twitterhandler.testing import LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX, Fault, Limits
from twitterhandler.topics import Topic


def with_book(story, **options):
    """Runs `story(x, book, reconciler)` in virtual time."""

    async def main():
        async with FakeX(clock=LoopClock(), **options) as x, to(x) as transport:
            book = RuleBook(transport)
            return await story(x, book, Reconciler(book, LoopClock()))

    def to(x):
        return XTransport(BearerToken(x.token), base_url=x.url, clock=LoopClock())

    return run_virtually(main())


def test_a_dry_run_says_what_would_be_done_and_does_nothing():
    async def story(x, book, reconciler):
        old, wrong = Rule("", "old", "topic:old"), Topic("wrong", "far too long a query")
        await book.add([old])
        plan, added = await reconciler.preview([*TOPICS, wrong])
        assert [rule.value for rule in plan.add] == ["rain", "tea", "rain OR snow", "far too long a query"]
        assert len(plan.delete) == 1
        assert list(added.refused) == ["far too long a query"]
        assert [rule.value for rule in x.rules.all()] == ["old"]
        assert [request.query.get("dry_run") for request in x.requests if request.method == "POST"] == [None, "true"]

    with_book(story, limits=Limits(rule_length=12))


def test_nothing_to_do_is_asked_for_by_one_request():
    async def story(x, book, reconciler):
        await reconciler.run(TOPICS)
        before = len(x.requests)
        outcome = await reconciler.run(TOPICS)
        assert len(x.requests) == before + 1
        assert sorted(outcome.known.values()) == [("rain",), ("tea",), ("weather",)]
        assert (outcome.unheard, outcome.again) == ({}, None)

    with_book(story)


def test_the_room_is_the_smaller_of_both_caps_and_unknown_where_x_does_not_say():
    async def story(x, book, reconciler):
        await book.add([Rule("", "tea", "topic:tea")])
        assert await book.room() == 4
        x.fail(Fault.forbidden(), route="rules")
        assert await book.room() is None

    with_book(story, limits=Limits(rules=5))


def test_more_rules_than_one_request_takes_are_added_and_deleted_in_several():
    async def story(x, book, reconciler):
        await reconciler.run([Topic(f"t{number}", f"word{number}") for number in range(250)])
        assert len(x.rules) == 250
        await reconciler.run([])
        assert len(x.rules) == 0

    with_book(story)


def test_a_rule_of_whose_making_no_answer_came_is_taken_for_new():
    """It is not heeded yet, and nobody said so: its topic must not look as if it had been heard all the time."""

    async def story(x, book, reconciler):
        await reconciler.run(TOPICS[:1])
        await asyncio.sleep(100)
        x.rules.add([{"value": "tea", "tag": "topic:tea"}], now=x.now(), limits=x.limits)
        reconciler._sent = frozenset({"tea"})  # as after a request that was cut off
        outcome = await reconciler.run(TOPICS[:2])
        assert outcome.active_at["tea"] > x.now()
        assert outcome.active_at["rain"] < x.now()

    with_book(story)
