from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.sources.x.checkup import check_x
from twitterhandler.testing import FakeClock, LoopClock, run_virtually
from twitterhandler.testing.xserver import FakeX, Fault, Limits
from twitterhandler.topics import Topic

TEA = Topic("tea", "tea")


def checking(prepare=lambda x: None, *, topics=(TEA,), token=None, **options):
    """What a check-up finds, by what it is about; the clocks of a fake X in virtual time never agree."""

    async def main():
        async with FakeX(clock=LoopClock(), **options) as x:
            prepare(x)
            clock = x.platform.clock
            async with XTransport(BearerToken(token or x.token), base_url=x.url, clock=clock) as transport:
                found = [finding async for finding in check_x(transport, topics, clock=clock)]
            assert "POST" not in [request.method for request in x.requests if "dry_run" not in str(request)]
            return {finding.what: (finding.level, finding.message) for finding in found}

    return run_virtually(main())


def rules(*values, tags="topic:"):
    return lambda x: x.rules.add(
        [{"value": value, "tag": f"{tags}{value}"} for value in values], now=x.now(), limits=x.limits
    )


def test_where_all_is_well_each_line_is_ok():
    found = checking(rules("tea"))
    del found["clock"]
    assert found == {
        "key": ("ok", "the key works; 0 of 3,000,000 posts of this period were read"),
        "rules": ("ok", "the rules at X are those of the topics (1)"),
        "room": ("ok", "X takes 999 more rules"),
        "connections": ("ok", "no connection of this app is in use"),
    }


def test_a_key_that_is_wrong_ends_it():
    found = checking(token="wrong")
    assert list(found) == ["key"]
    level, message = found["key"]
    assert (level, "TWITTERHANDLER_X_TOKEN" in message) == ("fail", True)
    assert "wrong" not in message


def test_rules_that_differ_are_told_and_left_alone():
    level, message = checking(rules("coffee", "juice"))["rules"]
    assert (level, message.partition(";")[0]) == ("warn", "rules missing: 1, left over: 2")
    assert checking(rules("coffee", tags="other"), topics=())["rules"][0] == "ok"


def test_a_rule_that_x_does_not_take_is_told():
    level, message = checking(limits=Limits(rule_length=2))["rules"]
    assert (level, "'tea'" in message, "change the query" in message) == ("fail", True, True)


def test_rules_for_which_there_is_no_room_are_told():
    found = checking(rules("coffee", tags="other"), limits=Limits(rules=1))
    assert found["rules"] == ("fail", "X has no room for the rules of tea; stop other topics")
    assert found["room"][0] == "warn"


def test_a_cap_that_is_nearly_reached_is_told():
    def read(x):
        x.platform.read = 95

    assert checking(read, limits=Limits(posts=100))["key"] == (
        "warn",
        "the key works; 95 of 100 posts of this period were read; raise the cap at X",
    )


def test_what_x_cannot_answer_now_is_a_warning():
    def trouble(x):
        x.fail(Fault.unavailable(), route="usage")

    found = checking(trouble)
    assert (found["key"][0], found["rules"][0]) == ("warn", "warn")


@pytest.mark.parametrize(
    ("ahead", "level", "message"),
    [
        (0, "ok", "agree"),
        (-2, "ok", "agree"),
        (3, "warn", "3 s ahead of that of X; let it be set by NTP"),
        (-90, "fail", "90 s behind that of X"),
        (None, "warn", "check by yourself"),
    ],
)
def test_the_clock_is_compared_with_that_of_x(ahead, level, message):
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    async def answer(request):
        date = None if ahead is None else format_datetime(now - timedelta(seconds=ahead), usegmt=True)
        return web.json_response({}, headers={"Date": date or "soon"})

    async def main():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with XTransport(BearerToken("key"), base_url=url, clock=FakeClock(now)) as transport:
                return [finding async for finding in check_x(transport, [], clock=FakeClock(now))]
        finally:
            await runner.cleanup()

    (found,) = [finding for finding in run_virtually(main()) if finding.what == "clock"]
    assert (found.level, message in found.message) == (level, True), found
